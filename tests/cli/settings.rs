//! Terms and runs of other settings, weights and images.

use std::fs;

use super::{ARCHITECTURE, Workspace, files, train};

const MANIFEST: &str = "run/terms/train-worst-case/manifest.json";

#[test]
fn terms_of_other_settings_are_replaced_on_request_only() {
    let workspace = Workspace::with_terms();
    let before = files(&workspace.path("run"));
    for (flags, difference) in [
        ("--precision f64", "precision f32 instead of f64"),
        ("--classes all", "classes predicted instead of all"),
        ("--limit 50", "points 200 instead of 50"),
    ] {
        let extract = format!("extract run {flags}");
        workspace.run(&extract).failed(&[MANIFEST, difference, "delete the folder", "--replace"]);
        assert!(files(&workspace.path("run")) == before, "{flags}");
    }
    let extracted = workspace.run("extract run --limit 50 --classes all --replace --json").json();
    assert_eq!((extracted["points"].as_u64(), extracted["shards"].as_u64()), (Some(50), Some(1)));
    assert_eq!(extracted["linear_terms_per_point"], 3);
}

#[test]
fn replacing_removes_only_files_of_the_store() {
    let workspace = Workspace::with_terms();
    let notes = workspace.path("run/terms/train-worst-case/notes.txt");
    fs::write(&notes, "mine").unwrap();
    workspace.run("extract run --precision f64 --replace").succeeded();
    assert_eq!(fs::read_to_string(notes).unwrap(), "mine");
}

#[test]
fn terms_of_replaced_weights_are_stale() {
    let workspace = Workspace::with_run();
    let import = format!(
        "import {ARCHITECTURE} --weights w.safetensors --dataset file:data.safetensors --out run2"
    );
    fs::copy(workspace.path("run/model.safetensors"), workspace.path("w.safetensors")).unwrap();
    workspace.run(&import).succeeded();
    workspace.run("extract run2").succeeded();
    workspace.run(&(train("other") + " --seed 5")).succeeded();
    fs::copy(workspace.path("other/model.safetensors"), workspace.path("w.safetensors")).unwrap();
    workspace.run(&import).succeeded();
    workspace.run("evaluate run2").failed(&[
        "run2/terms/train-worst-case",
        "other weights",
        "again",
    ]);
    workspace.run("extract run2").failed(&["run2/terms", "another network", "--replace"]);
    workspace.run("extract run2 --replace").succeeded();
    workspace.run("evaluate run2").succeeded();
}

#[test]
fn images_other_than_those_of_the_run_are_refused() {
    let workspace = Workspace::with_terms();
    workspace.write_images("data.safetensors", 199, 60);
    for command in ["extract run", "evaluate run"] {
        workspace.run(command).failed(&["the train images of", "data.safetensors", "--data-dir"]);
    }
    workspace.write_images("data.safetensors", 200, 59);
    workspace.run("evaluate run").failed(&["the test images of"]);
}

#[test]
fn an_evaluation_without_terms_names_the_missing_command() {
    let workspace = Workspace::with_run();
    workspace.run("evaluate run").failed(&["no terms in run/terms", "`tropex extract run`"]);
    workspace.run("extract run --split test").succeeded();
    workspace.run("evaluate run").failed(&["no terms in run/terms/train-worst-case"]);
}

#[test]
fn a_folder_with_another_run_is_refused_with_the_difference() {
    let workspace = Workspace::with_run();
    let before = files(&workspace.path("run"));
    for (flags, setting) in [
        ("--seed 1", "training.seed 0, not 1"),
        ("--batch-size 10", "training.batch_size 64, not 10"),
        ("--learning-rate 0.5", "training.learning_rate"),
    ] {
        workspace
            .run(&format!("{} {flags}", train("run")))
            .failed(&["run holds a run with", setting]);
    }
    let import = "import fcn2 --weights run/model.safetensors --dataset file:data.safetensors";
    workspace.run(&format!("{import} --out run")).failed(&["run/model.safetensors", "layers"]);
    assert!(files(&workspace.path("run")) == before);
    let import = |file: &str, out: &str| {
        format!(
            "import {ARCHITECTURE} --weights {file} --dataset file:data.safetensors --out {out}"
        )
    };
    for file in ["a.safetensors", "b.safetensors"] {
        fs::copy(workspace.path("run/model.safetensors"), workspace.path(file)).unwrap();
    }
    workspace.run(&import("a.safetensors", "imported")).succeeded();
    workspace.run(&import("b.safetensors", "imported")).failed(&[
        "imported holds weights that were imported from a.safetensors, but b.safetensors was given; \
         choose another folder for b.safetensors, or import a.safetensors again",
    ]);
    workspace.run(&import("b.safetensors", "run")).failed(&[
        "run holds a trained network, not imported weights; choose another folder for b.safetensors",
    ]);
    workspace.run(&train("imported")).failed(&[
        "imported holds weights that were imported from a.safetensors, not a trained network; \
         choose another folder to train in",
    ]);
}

#[test]
fn a_folder_with_other_content_is_refused() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("full")).unwrap();
    fs::write(workspace.path("full/thesis.tex"), "text").unwrap();
    workspace.run(&train("full")).failed(&["full is not a run and not empty", "thesis.tex"]);
    workspace.run(&train("data.safetensors")).failed(&["data.safetensors"]);
    workspace.run(&train("data.safetensors/run")).failed(&["data.safetensors/run"]);
    assert_eq!(files(&workspace.path("full")).len(), 1);
}

#[test]
fn a_failed_training_leaves_its_folder_free() {
    let workspace = Workspace::new();
    let diverging = train("run") + " --learning-rate 1e30";
    workspace.run(&diverging).failed(&["the loss became", "learning rate 1e30", "try a lower"]);
    assert!(!workspace.path("run").exists());
    workspace.run(&train("run")).succeeded();
}
