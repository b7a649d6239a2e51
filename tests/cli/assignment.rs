//! Images, and the training images whose terms are maximal there.

use std::fs;

use serde_json::{Value, json};

use super::{Workspace, files};

#[test]
fn the_table_has_the_first_images_and_the_work() {
    let workspace = Workspace::with_terms();
    let said = workspace.run("assign run --limit 30 --top 2").succeeded();
    let rows: Vec<_> = said.lines().filter(|line| line.starts_with("│")).collect();
    assert_eq!(rows.len(), 1 + 2 * 10, "{said}");
    for name in ["image", "label", "network", "rank", "training image", "class", "value", "gap"] {
        assert!(rows[0].contains(name), "{said}");
    }
    assert!(
        said.contains("30 of 60 test images, every class in its share")
            && said.contains("computed again"),
        "{said}"
    );
    assert!(said.contains("10 of 30 images; --out FILE writes all"), "{said}");
    let said = workspace.run("assign run --limit 10").succeeded();
    assert!(!said.contains("--out"), "the table has all images: {said}");
}

#[test]
fn the_csv_file_equals_the_json() {
    let workspace = Workspace::with_terms();
    let told = workspace.run("assign run --top 3 --json").json();
    assert_eq!((&told["images"], &told["out"]), (&json!(60), &Value::Null));
    assert_eq!(told["effort"]["pairs"], json!(60 * 200 * 2));
    let summary = workspace.run("assign run --top 3 --out all.csv --json").json();
    assert_eq!((&summary["out"], &summary["assignments"]), (&json!("all.csv"), &Value::Null));
    let text = fs::read_to_string(workspace.path("all.csv")).unwrap();
    let mut lines = text.lines();
    let heading = "image,label,network,rank,training_image,class,value,gap,negative";
    assert_eq!(lines.next(), Some(heading));
    for image in told["assignments"].as_array().unwrap() {
        for (rank, term) in image["best"].as_array().unwrap().iter().enumerate() {
            let fields: Vec<f64> =
                lines.next().unwrap().split(',').map(|field| field.parse().unwrap()).collect();
            let number = |value: &Value| value.as_f64().unwrap();
            let expected = [
                number(&image["image"]),
                number(&image["label"]),
                number(&image["network"]),
                (rank + 1) as f64,
                number(&term["training_image"]),
                number(&term["class"]),
                number(&term["value"]),
                number(&term["gap"]),
                number(&image["negative"]),
            ];
            assert_eq!(fields, expected);
        }
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn assignments_agree_with_the_evaluation() {
    let workspace = Workspace::with_terms();
    let told = workspace.run("assign run --json").json();
    let evaluated = workspace.run("evaluate run --json").json();
    let images = told["assignments"].as_array().unwrap();
    let share = |field: &str| {
        let same = images.iter().filter(|image| image["best"][0]["class"] == image[field]);
        same.count() as f64 / images.len() as f64
    };
    assert_eq!(evaluated["agreement"], json!(share("network")));
    assert_eq!(evaluated["accuracy"], json!(share("label")));
    let straight = images
        .iter()
        .filter(|image| image["best"][0]["training_image"] == image["negative"])
        .count();
    assert_eq!(evaluated["straight"], json!(straight as f64 / images.len() as f64));
}

#[test]
fn training_images_have_their_own_terms() {
    let workspace = Workspace::with_terms();
    let told = workspace.run("assign run --split train --limit 20 --json").json();
    for image in told["assignments"].as_array().unwrap() {
        assert_eq!(image["best"][0]["class"], image["network"], "{image}");
    }
}

#[test]
fn invalid_assignments_and_files_are_refused() {
    let workspace = Workspace::with_run();
    workspace
        .run("assign run")
        .failed(&["no terms in run/terms/train-worst-case", "tropex extract"]);
    workspace.run("extract run").succeeded();
    for path in ["none/all.csv", "run", "."] {
        workspace
            .run(&format!("assign run --out {path}"))
            .failed(&[&format!("cannot write {path}")]);
    }
    for arguments in ["assign", "assign run --top 0", "assign run --top few"] {
        workspace.run(arguments).misused(&["error: "]);
    }
    fs::write(workspace.path("all.csv"), "before").unwrap();
    fs::write(workspace.path("run/terms/train-worst-case/shard-00000.safetensors"), "").unwrap();
    workspace.run("assign run --out all.csv").failed(&["shard-00000.safetensors"]);
    assert_eq!(fs::read(workspace.path("all.csv")).unwrap(), b"before");
    let left = files(workspace.folder.path());
    assert!(!left.iter().any(|(path, _)| path.to_string_lossy().ends_with(".tmp")));
}
