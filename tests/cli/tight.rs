//! The tight gauge, and terms under the shifts of other images.

use serde_json::json;

use super::{Workspace, files};

const SHIFTS: &str = "run/terms/train-tight/shifts.safetensors";

#[test]
fn function_and_network_agree_at_training_points() {
    let workspace = Workspace::with_run();
    let extracted = workspace.run("extract run --gauge tight --precision f64 --json").json();
    assert_eq!(extracted["gauge"], "tight");
    assert_eq!(extracted["folder"], "run/terms/train-tight");
    assert_eq!(extracted["check"]["dominance"]["dominant"], 200);
    assert!(workspace.path(SHIFTS).exists());
    let evaluate = "evaluate run --gauge tight --split train --limit 50 --json";
    let evaluated = workspace.run(evaluate).json();
    assert_eq!((&evaluated["agreement"], &evaluated["straight"]), (&json!(1.0), &json!(1.0)));
    let worst = workspace.run("extract run --precision f64 --json").json();
    let largest = |of: &serde_json::Value| of["check"]["largest_coefficient"].as_f64().unwrap();
    assert!(largest(&extracted) < 0.1 * largest(&worst), "{extracted} {worst}");
}

#[test]
fn the_memory_limit_does_not_change_the_files() {
    let workspace = Workspace::with_run();
    let files_with = |memory: &str| {
        let extract = format!("extract run --gauge tight --batch 30 --memory {memory}");
        workspace.run(&extract).succeeded();
        let found = files(&workspace.path("run/terms"));
        std::fs::remove_dir_all(workspace.path("run/terms")).unwrap();
        found
    };
    let expected = files_with("1GB");
    assert_eq!(expected.len(), 3, "manifest, shifts and a shard");
    assert!(files_with("0MB") == expected && files_with("300KB") == expected);
}

#[test]
fn test_images_are_extracted_under_the_shifts_of_the_training_images() {
    let workspace = Workspace::with_run();
    let extract = "extract run --split test --gauge tight --shifts-of train";
    workspace
        .run(extract)
        .failed(&["no terms in run/terms/train-tight", "`tropex extract run --gauge tight`"]);
    workspace.run("extract run --gauge tight").succeeded();
    let said = workspace.run(extract).succeeded();
    assert!(said.contains("folder            run/terms/test-tight\n"), "{said}");
    assert!(
        said.contains("violated shifts   at ") && said.contains(" of 60 points, by "),
        "{said}"
    );
    let extracted = workspace.run(&(extract.to_owned() + " --json")).json();
    let violated = extracted["check"]["violations"]["points"].as_u64().unwrap();
    assert!((1..=60).contains(&violated), "{extracted}");
    let shifts = |split: &str| {
        std::fs::read(workspace.path(&format!("run/terms/{split}-tight/shifts.safetensors")))
            .unwrap()
    };
    assert_eq!(shifts("test"), shifts("train"));
    workspace.run("extract run --split test --gauge tight").failed(&["shifts of other points"]);
}

#[test]
fn calibrated_shifts_suffice_at_training_points() {
    let workspace = Workspace::with_run();
    let extract = "extract run --gauge calibrated --precision f64 --limit 10";
    let extracted = workspace.run(&format!("{extract} --json")).json();
    assert_eq!(extracted["folder"], "run/terms/train-calibrated");
    assert_eq!(extracted["check"]["dominance"]["dominant"], 10);
    let scale = extracted["scale"].as_f64().unwrap();
    assert!((1e-3..1.0).contains(&scale), "{extracted}");
    let said = workspace.run(extract).succeeded();
    assert!(said.contains(&format!("calibrated, {scale:.4} of the tight shifts")), "{said}");
    let evaluate = "evaluate run --gauge calibrated --split train --limit 10 --json";
    assert_eq!(workspace.run(evaluate).json()["agreement"], 1.0);
}
