//! Architectures that are layers in a line.

use std::fs;

use serde_json::{Value, json};

use super::{Workspace, files};

const LAYERS: &str = "C4p1,BN,P,DO0.2,C6k2,D8";

fn train(layers: &str, folder: &str) -> String {
    format!("train --layers {layers} --dataset file:data.safetensors --epochs 1 --out {folder}")
}

fn config(workspace: &Workspace, run: &str) -> Value {
    let text = fs::read_to_string(workspace.path(&format!("{run}/config.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn every_command_works_on_a_run_of_layers() {
    let workspace = Workspace::new();
    // Numbers that are the default are left out.
    let said = workspace.run(&train("C4k3s1p1,BN,Pk2,DO0.2,C6k2,D8", "run")).succeeded();
    assert!(said.starts_with(&format!("{LAYERS} on 200 images of file:")), "{said}");
    assert_eq!(config(&workspace, "run")["architecture"], LAYERS);
    assert_eq!(config(&workspace, "run")["format_version"], 1);
    let said = workspace.run("inspect run").succeeded();
    assert!(said.starts_with(&format!("{LAYERS} on file:")), "{said}");
    let shapes = |said: &Value| {
        let nodes = said["nodes"].as_array().unwrap().iter();
        nodes.map(|node| node["shape"].clone()).collect::<Vec<_>>()
    };
    let nodes = shapes(&workspace.run("inspect run --json").json());
    assert_eq!(nodes.first(), Some(&json!([4, 8, 8])));
    assert_eq!(nodes.last(), Some(&json!([3])));
    for command in [
        "extract run",
        "extract run --gauge calibrated",
        "evaluate run",
        "assign run",
        "precision run --limit 10",
        "region run --of 3",
        "regions run --out picture.svg",
        "bounds run",
        "experiment exactness run --points 20",
    ] {
        workspace.run(command).ended();
    }
    let said = workspace.run(&train(LAYERS, "run")).succeeded();
    assert!(said.contains("already finished"), "{said}");
    let further = train(LAYERS, "run").replace("--epochs 1", "--epochs 2");
    let said = workspace.run(&further).succeeded();
    assert!(said.contains("continuing after epoch 1"), "{said}");
    let other = train("C5p1,BN,P,DO0.2,C6k2,D8", "run");
    workspace.run(&other).failed(&["architecture", LAYERS, "C5p1", "another folder"]);
}

#[test]
fn weights_are_imported_into_layers() {
    let workspace = Workspace::new();
    let trained = workspace.run(&(train(LAYERS, "run") + " --json")).json();
    let import = |layers: &str| {
        format!(
            "import --layers {layers} --weights run/model.safetensors \
             --dataset file:data.safetensors --out imported"
        )
    };
    workspace.run(&import("C4p1,P,C6k2,D8")).failed(&["5 layers with parameters", "expected 4"]);
    let imported = workspace.run(&(import(LAYERS) + " --json")).json();
    assert_eq!(imported["parameters"], trained["parameters"]);
    assert_eq!(imported["test_accuracy"], trained["epochs"][0]["test"]["accuracy"]);
    let model = |run: &str| fs::read(workspace.path(&format!("{run}/model.safetensors"))).unwrap();
    assert!(model("imported") == model("run"));
    workspace.run("extract imported").succeeded();
}

#[test]
fn layers_that_cannot_be_are_refused_in_one_line_before_anything_is_written() {
    let workspace = Workspace::new();
    let before = files(&workspace.path(""));
    workspace
        .run(&train("C4,C4z", "run"))
        .misused(&["--layers", "layer 2 (`C4z`): expected C and"]);
    workspace.run(&train("D4,P", "run")).misused(&["layer 2 (`P`)", "flattened"]);
    workspace.run(&train("C4,C4k30", "run")).failed(&[
        "layer 2 (`C4k30`) does not fit its input of 4x6x6 (images of 1x8x8)",
        "30x30",
        "at most 6x6",
    ]);
    // The images of a named dataset are not needed to see that.
    let offline = "--dataset cifar10 --data-dir none --out run";
    for command in ["train --layers Pk33", "import --layers Pk33 --weights none"] {
        let line = "layer 1 (`Pk33`) does not fit its input of 3x32x32";
        workspace.run(&format!("{command} {offline}")).failed(&[line]);
    }
    workspace
        .run("train C4,P --dataset file:data.safetensors --out run")
        .failed(&["unknown architecture `C4,P`", "layers in a line are given as --layers C4,P"]);
    workspace.run(&(train("C4", "run") + " fcn4")).misused(&["cannot be used with"]);
    workspace.run("train --dataset file:data.safetensors --out run").misused(&["ARCHITECTURE"]);
    workspace
        .run("import --layers D4 --dataset file:data.safetensors --out run")
        .misused(&["the weights of D4 are missing", "--weights"]);
    assert_eq!(files(&workspace.path("")), before);
}

#[test]
fn a_last_layer_of_as_many_units_as_classes_is_a_warning() {
    let workspace = Workspace::new();
    workspace.run(&train("D4,D3", "run")).warned(&["D3 at the end", "the 3 classes is added"]);
}

#[test]
fn a_damaged_line_is_named() {
    let workspace = Workspace::new();
    workspace.run(&train(LAYERS, "run")).succeeded();
    let path = workspace.path("run/config.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(LAYERS, "C4p1,BNN,P")).unwrap();
    workspace.run("extract run").failed(&["config.json is damaged: layer 2 (`BNN`)"]);
    fs::write(&path, text.replace(LAYERS, "C4p1,BN,Pk99")).unwrap();
    workspace.run("extract run").failed(&["layer 3 (`Pk99`) does not fit"]);
}

const STUDY: &str = r#"
title = "Layers"
seeds = [1]

[[network]]
name = "line"
layers = "C4p1, BN, P, D8"
dataset = "file:data.safetensors"
training = { epochs = 1 }

[experiments]
names = ["exactness"]
points = 20
"#;

#[test]
fn a_study_trains_layers() {
    let workspace = Workspace::new();
    let write = |text: &str| fs::write(workspace.path("study.toml"), text).unwrap();
    write(STUDY);
    workspace.run("study study.toml --out done").ended();
    assert_eq!(config(&workspace, "done/runs/line-seed1")["architecture"], "C4p1,BN,P,D8");
    for (from, to, expected) in [
        ("layers =", "architecture = \"fcn4\"\nlayers =", "it has an architecture and layers"),
        ("layers = \"C4p1, BN, P, D8\"", "", "it needs an architecture, layers or a model"),
        ("BN,", "BN4,", "line 7, column 10: layer 2 (`BN4`): expected BN without numbers"),
        ("P,", "Pk9,", "network `line`: layer 3 (`Pk9`) does not fit its input of 4x8x8"),
    ] {
        let text = STUDY.replacen(from, to, 1);
        assert_ne!(text, STUDY);
        write(&text);
        workspace.run("study study.toml --out other").failed(&[expected]);
        assert!(!workspace.path("other").exists(), "{expected}");
    }
    // Before a dataset is downloaded.
    write(&STUDY.replacen("P,", "Pk99,", 1).replace("file:data.safetensors", "cifar10"));
    workspace.run("study study.toml --data-dir none --out other").failed(&["3x32x32", "Pk99"]);
}
