//! Several processes in one folder: one of them works, the others are refused.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use serde_json::Value;
use tropex_files::FolderLock;

use super::{ARCHITECTURE, Workspace, files, train};

/// The error of a command in a folder that this test has locked.
fn busy(folder: &str) -> String {
    let process = std::process::id();
    format!("error: another tropex (process {process}) is working in {folder}; wait until it ends")
}

/// Locks a folder and asserts that commands are refused because of the lock.
fn assert_refused(workspace: &Workspace, folder: &str, commands: &[&str]) {
    let _lock = FolderLock::create(&workspace.path(folder)).unwrap();
    for command in commands {
        workspace.run(command).failed(&[&busy(folder)]);
    }
}

fn import(run: &str) -> String {
    format!(
        "import {ARCHITECTURE} --weights run/model.safetensors --dataset file:data.safetensors \
         --out {run}"
    )
}

const STUDY: &str = r#"
title = "Two at once"
seeds = [0]

[[network]]
name = "full"
architecture = "fcn4"
dataset = "file:data.safetensors"
training = { epochs = 0 }
terms = 20

[experiments]
names = ["exactness"]
points = 10
"#;

#[test]
fn a_folder_that_another_process_has_locked_is_refused() {
    let workspace = Workspace::with_terms();
    fs::write(workspace.path("study.toml"), STUDY).unwrap();
    let before = files(&workspace.path("run"));
    assert_refused(&workspace, "new", &[&train("new"), &import("new")]);
    assert!(!workspace.path("new").exists());
    let extract = ["extract run", "extract run --replace --limit 5", "experiment exactness run"];
    assert_refused(&workspace, "run/terms/train-worst-case", &extract);
    assert_refused(&workspace, "run/reports", &["experiment count run"]);
    assert_refused(&workspace, "done", &["study study.toml --out done"]);
    assert!(files(&workspace.path("run")) == before);
    workspace.run("study study.toml --out done").succeeded();
    workspace.run("experiment exactness run").succeeded();
    assert_no_locks(&workspace);
}

#[test]
fn finished_files_are_read_while_another_process_works() {
    let workspace = Workspace::with_terms();
    let folder = workspace.path("run/terms/train-worst-case");
    let lock = FolderLock::create(&folder).unwrap();
    workspace.run("evaluate run").succeeded();
    // The terms of another gauge are in another folder.
    workspace.run("extract run --gauge tight").succeeded();
    let readers = ["evaluate run", "assign run", "regions run --through 0,1,2 --extracted --json"];
    for file in ["shard-00000.safetensors", "manifest.json"] {
        fs::rename(folder.join(file), workspace.path("elsewhere")).unwrap();
        for reader in readers {
            workspace.run(reader).failed(&[&busy("run/terms/train-worst-case")]);
        }
        fs::rename(workspace.path("elsewhere"), folder.join(file)).unwrap();
    }
    drop(lock);
    readers.iter().for_each(|reader| drop(workspace.run(reader).succeeded()));
    assert_no_locks(&workspace);
}

#[test]
fn a_training_in_another_process_is_reported_as_running() {
    let workspace = Workspace::with_run();
    let path = workspace.path("run/config.json");
    let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    config["state"] = "training".into();
    fs::write(&path, serde_json::to_vec(&config).unwrap()).unwrap();
    assert_refused(&workspace, "run", &["extract run", "inspect run", &train("run")]);
    workspace.run("extract run").failed(&["the training in run is not finished"]);
}

#[test]
fn two_extractions_at_once_succeed_or_name_each_other() {
    let workspace = Workspace::with_run();
    for round in 0..4 {
        let start = |flags: &str| {
            let mut command = workspace.command(&format!("extract run -q {flags}"));
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let children = [start("--shard-megabytes 1"), start("--replace --limit 50")];
        let numbers = children.each_ref().map(Child::id);
        let ends = children.map(|child| child.wait_with_output().unwrap());
        assert!(ends.iter().any(|end| end.status.success()), "round {round}");
        for (end, other) in ends.iter().zip([numbers[1], numbers[0]]) {
            let said = String::from_utf8_lossy(&end.stderr);
            let is_refused = said.contains(&format!("another tropex (process {other}) is working"))
                // The other extraction had ended before this one began.
                || said.contains("holds terms of another extraction");
            assert!(end.status.success() || (is_refused && said.lines().count() == 1), "{said}");
        }
        workspace.run("evaluate run").succeeded();
    }
    assert_no_locks(&workspace);
}

#[test]
fn the_same_run_may_be_named_twice() {
    let workspace = Workspace::with_run();
    fs::create_dir(workspace.path("folder")).unwrap();
    workspace.run("experiment exactness run folder/../run --json").succeeded();
    assert_no_locks(&workspace);
}

#[test]
fn leftovers_of_a_killed_precision_table_are_removed() {
    let workspace = Workspace::with_images(2000, 9);
    workspace.run(&train("run")).succeeded();
    let before = names(&workspace.path("run"));
    let mut command = workspace.command("precision run --limit 2000");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while names(&workspace.path("run")) == before && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    workspace.run("precision run --limit 5").succeeded();
    assert_eq!(names(&workspace.path("run")), before);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn assert_no_locks(workspace: &Workspace) {
    let left = files(workspace.folder.path());
    let is_hidden = |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with('.');
    assert!(!left.iter().any(|(path, _)| is_hidden(path)));
}

#[test]
fn the_lock_of_a_killed_process_is_free() {
    let workspace = Workspace::with_terms();
    for folder in ["run", "run/terms/train-worst-case", "run/reports"] {
        fs::create_dir_all(workspace.path(folder)).unwrap();
        fs::write(workspace.path(folder).join(".tropex-lock"), "4000000").unwrap();
    }
    for command in [train("run").as_str(), "extract run", "experiment exactness run"] {
        workspace.run(command).succeeded();
    }
    assert_no_locks(&workspace);
}
