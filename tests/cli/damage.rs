//! Damaged or unfinished runs and terms.

use std::fs;

use serde_json::{Value, json};

use super::{ARCHITECTURE, Workspace, files, train};

/// Some of the commands that read a run.
const READERS: [&str; 3] = ["inspect", "extract", "evaluate"];

#[test]
fn folders_without_run_are_refused() {
    let workspace = Workspace::new();
    fs::create_dir(workspace.path("folder")).unwrap();
    for reader in READERS {
        for (path, reason) in [
            ("none", "there is no such folder"),
            ("folder", "it has no config.json"),
            ("data.safetensors", "it is not a folder"),
        ] {
            let expected = format!("no run in {path}: {reason}; `tropex train`");
            workspace.run(&format!("{reader} {path}")).failed(&[&expected]);
        }
    }
    assert!(!workspace.path("none").exists() && files(&workspace.path("folder")).is_empty());
}

#[test]
fn a_nearby_run_is_suggested() {
    let workspace = Workspace::with_run();
    fs::create_dir_all(workspace.path("study/runs")).unwrap();
    fs::rename(workspace.path("run"), workspace.path("study/runs/net-seed0")).unwrap();
    for (path, reason) in [
        ("study", "it has runs, such as study/runs/net-seed0"),
        ("study/runs", "it has runs, such as study/runs/net-seed0"),
        ("study/runs/net-seed0/model.safetensors", "lies in study/runs/net-seed0, which may be"),
    ] {
        workspace.run(&format!("inspect {path}")).failed(&[path, reason]);
    }
}

#[test]
fn an_unfinished_training_is_refused() {
    let workspace = Workspace::with_run();
    edit_config(&workspace, "/state", json!("training"));
    fs::remove_file(workspace.path("run/model.safetensors")).unwrap();
    for reader in ["inspect", "extract"] {
        let expected = ["the training in run is not finished", "`tropex train`"];
        workspace.run(&format!("{reader} run")).failed(&expected);
    }
}

fn edit_config(workspace: &Workspace, field: &str, value: Value) {
    let path = workspace.path("run/config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    *config.pointer_mut(field).unwrap() = value;
    fs::write(&path, serde_json::to_vec(&config).unwrap()).unwrap();
}

#[test]
fn a_damaged_config_is_refused() {
    let workspace = Workspace::with_run();
    let path = workspace.path("run/config.json");
    let whole = fs::read(&path).unwrap();
    for content in [&whole[..whole.len() / 2], b"", b"[]", b"{}", b"\xff\xfe", b"{\"x\": 1e999}"] {
        fs::write(&path, content).unwrap();
        for reader in READERS {
            workspace.run(&format!("{reader} run")).failed(&["run/config.json"]);
        }
        workspace.run(&train("run")).failed(&["run/config.json"]);
        assert_eq!(fs::read(&path).unwrap(), content, "the file does not change");
    }
}

#[test]
fn impossible_entries_of_a_config_are_refused() {
    for (field, value) in [
        ("/format_version", json!(2)),
        ("/format_version", json!(-1)),
        ("/architecture", json!("fcn99")),
        ("/input_shape", json!([1, 8, 0])),
        ("/input_shape", json!([1, 8, -8])),
        ("/input_shape", json!([u64::MAX, 2, 2])),
        ("/input_shape", json!([1_u64 << 40, 1 << 20, 1 << 20])),
        ("/input_shape", json!([1, 8])),
        ("/input_shape", json!([1, 9000, 9000])),
        ("/classes", json!(0)),
        ("/classes", json!(u64::MAX)),
        ("/classes", json!(4)),
        ("/state", json!("lost")),
    ] {
        let workspace = Workspace::with_run();
        edit_config(&workspace, field, value.clone());
        for reader in READERS {
            workspace.run(&format!("{reader} run")).failed(&["run"]);
        }
    }
}

#[test]
fn damaged_weights_are_refused() {
    let workspace = Workspace::with_run();
    let path = workspace.path("run/model.safetensors");
    let whole = fs::read(&path).unwrap();
    let mut absurd = whole.clone();
    absurd[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let mut nan = whole.clone();
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    for content in [&whole[..whole.len() - 1], &whole[..100], b"", &[7; 5000], &absurd, &nan] {
        fs::write(&path, content).unwrap();
        for reader in ["inspect", "extract"] {
            workspace.run(&format!("{reader} run")).failed(&["run/model.safetensors"]);
        }
    }
    let mut flipped = whole;
    flipped[end - 1002] ^= 0x20;
    fs::write(&path, flipped).unwrap();
    for reader in ["inspect", "extract"] {
        let expected = "run/model.safetensors does not match its checksum; restore it";
        workspace.run(&format!("{reader} run")).failed(&[expected]);
    }
    fs::remove_file(&path).unwrap();
    workspace.run("extract run").failed(&["cannot read weights run/model.safetensors"]);
    assert!(!workspace.path("run/terms").exists(), "no folder is created");
    let expected = ["run/model.safetensors is missing, and the training was finished"];
    workspace.run(&train("run")).failed(&expected);
}

#[test]
fn damaged_terms_are_refused_and_repaired_by_extraction() {
    let workspace = Workspace::with_terms();
    let folder = workspace.path("run/terms/train-worst-case");
    let shard = folder.join("shard-00000.safetensors");
    let (before, content) = (files(&folder), fs::read(&shard).unwrap());
    let mut flipped = content.clone();
    flipped[content.len() / 2] ^= 1;
    for (damaged, reason) in [
        (Some(&content[..content.len() / 2]), "but the manifest says"),
        (Some(flipped.as_slice()), "does not match its checksum"),
        (None, "cannot read"),
    ] {
        match damaged {
            Some(content) => fs::write(&shard, content).unwrap(),
            None => fs::remove_file(&shard).unwrap(),
        }
        workspace.run("evaluate run").failed(&["shard-00000.safetensors", reason]);
        let said = workspace.run("extract run").succeeded();
        assert!(!said.contains("nothing to do"), "{said}");
        assert!(files(&folder) == before);
    }
    fs::write(folder.join("manifest.json"), "{").unwrap();
    for command in ["evaluate run", "extract run"] {
        workspace.run(command).failed(&["train-worst-case/manifest.json", "delete the folder"]);
    }
    workspace.run("extract run --replace").succeeded();
    assert!(files(&folder) == before);
}

#[test]
fn unwritable_paths_are_refused() {
    let workspace = Workspace::with_run();
    fs::write(workspace.path("run/terms"), "a file in the way").unwrap();
    workspace.run("extract run").failed(&["run/terms/train-worst-case"]);
    let import = format!(
        "import {ARCHITECTURE} --weights run/model.safetensors --dataset file:data.safetensors"
    );
    workspace.run(&format!("{import} --out data.safetensors/x")).failed(&["data.safetensors/x"]);
    #[cfg(target_os = "linux")]
    for command in [train("/proc/tropex"), format!("{import} --out /proc/tropex")] {
        workspace.run(&command).failed(&["cannot create folder /proc/tropex"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_failing_standard_output_is_an_error() {
    let workspace = Workspace::new();
    for arguments in ["list", "list --json"] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = workspace.command(arguments).stdout(full).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.starts_with("error: cannot write to standard output: No space"), "{said}");
    }
}
