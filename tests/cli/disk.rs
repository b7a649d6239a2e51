//! Full disks: files cannot grow beyond a limit, as under `ulimit -f`.

use std::process::{Command, Stdio};

use super::{ARCHITECTURE, CommandOutcome, Workspace, device_arguments, files, train};

/// Runs `tropex` with files of at most 64 KB. Weights and terms are larger.
fn run_on_full_disk(workspace: &Workspace, arguments: &str) -> CommandOutcome {
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_tropex")])
        .args(arguments.split_whitespace())
        .args(device_arguments(arguments))
        .current_dir(workspace.folder.path())
        .stdin(Stdio::null());
    CommandOutcome::of(&mut command)
}

#[test]
fn a_training_on_a_full_disk_leaves_nothing() {
    let workspace = Workspace::new();
    for flags in ["--epochs 0", "--epochs 1", "--epochs 1 --checkpoints all"] {
        let train = format!("train {ARCHITECTURE} --dataset file:data.safetensors --out run");
        let outcome = run_on_full_disk(&workspace, &format!("{train} {flags}"));
        outcome.failed(&["cannot write weights run/"]);
        assert!(!workspace.path("run").exists(), "{flags}");
    }
    workspace.run(&train("run")).succeeded();
}

#[test]
fn an_import_on_a_full_disk_leaves_nothing_new() {
    let workspace = Workspace::with_run();
    let import = format!(
        "import {ARCHITECTURE} --weights run/model.safetensors --dataset file:data.safetensors \
         --out imported"
    );
    let expected = ["cannot write weights imported/model.safetensors"];
    run_on_full_disk(&workspace, &import).failed(&expected);
    assert!(!workspace.path("imported").exists());
    workspace.run(&import).succeeded();
    let before = files(&workspace.path("imported"));
    run_on_full_disk(&workspace, &import).failed(&expected);
    assert!(files(&workspace.path("imported")) == before, "the weights of before are kept");
}

#[test]
fn an_extraction_on_a_full_disk_leaves_no_part_and_continues_later() {
    let workspace = Workspace::with_run();
    let expected = ["cannot write run/terms/train-worst-case/shard-00000.safetensors: "];
    run_on_full_disk(&workspace, "extract run").failed(&expected);
    assert!(files(&workspace.path("run/terms")).is_empty());
    workspace.run("extract run").succeeded();
    workspace.run("evaluate run").succeeded();
}

#[test]
fn a_tight_extraction_on_a_full_disk_leaves_nothing() {
    let workspace = Workspace::with_run();
    let expected = ["cannot write rows to a file in run/terms/train-tight: "];
    run_on_full_disk(&workspace, "extract run --gauge tight --memory 0MB").failed(&expected);
    assert!(files(&workspace.path("run/terms")).is_empty());
    workspace.run("extract run --gauge tight --memory 0MB").succeeded();
    workspace.run("evaluate run --gauge tight").succeeded();
}
