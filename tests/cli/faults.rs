//! Failing disks: each operation of a command on files of a run fails once, or the disk is full
//! from that operation on. The command ends with one line of error, and a second call ends as
//! without the failure.
//!
//! A preloaded C library makes operations fail. Without a C compiler the test is skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use super::{ARCHITECTURE, CommandOutcome, Workspace, files};

/// Largest number of file operations of a command.
const MOST: usize = 1000;

/// The library, compiled once.
fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<(TempDir, PathBuf)>> = OnceLock::new();
    let compiled = LIBRARY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("faults.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/faults.c");
        let mut compiler = Command::new("cc");
        let status = compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).status();
        match status {
            Err(error) => {
                println!("skipped: cc does not run: {error}");
                None
            }
            Ok(status) => {
                assert!(status.success(), "{source} does not compile");
                Some((folder, library))
            }
        }
    });
    compiled.as_ref().map(|(_, library)| library.as_path())
}

/// A workspace with a run. The library makes only operations on paths with the name of this run
/// fail.
fn place_with_run() -> Workspace {
    let workspace = Workspace::with_images(24, 9);
    workspace.run(&training("faulty", "--epochs 0")).succeeded();
    workspace
}

fn training(run: &str, flags: &str) -> String {
    format!("train {ARCHITECTURE} --dataset file:data.safetensors {flags} --out {run}")
}

/// Repeats a command. Each time, one of its file operations fails, and the next call must end with
/// the expected files. `folder` is the folder that the command writes.
fn assert_recovers(workspace: Workspace, command: &str, folder: &str) {
    let Some(library) = library() else { return };
    let (made, mark) = (workspace.path(folder), workspace.path("mark"));
    workspace.run(command).ended();
    let expected = files(&made);
    let mut failures = 0;
    for number in 1..MOST {
        fs::remove_dir_all(&made).unwrap();
        let _ = fs::remove_file(&mark);
        let mut faulty = workspace.command(command);
        faulty.env("LD_PRELOAD", library).env("FAULT_AT", number.to_string());
        let outcome = CommandOutcome::of(faulty.env("FAULT_MARK", &mark));
        if !mark.exists() {
            outcome.ended();
            assert!(failures > 10, "{command}: {failures} of {number} operations failed it");
            return;
        }
        if outcome.code == Some(0) {
            outcome.ended(); // the operation was not necessary
        } else {
            outcome.failed(&["faulty"]);
            failures += 1;
        }
        workspace.run(command).ended();
        assert_alike(&files(&made), &expected, &format!("{command}, operation {number}"));
    }
    panic!("{command} takes more than {MOST} operations");
}

/// Asserts that files are equal, except for `config.json` and the state of a training, which
/// contain the seconds of epochs.
fn assert_alike(found: &[(PathBuf, Vec<u8>)], expected: &[(PathBuf, Vec<u8>)], what: &str) {
    let names = |files: &[(PathBuf, Vec<u8>)]| -> Vec<_> {
        files.iter().map(|(path, _)| path.clone()).collect()
    };
    assert_eq!(names(found), names(expected), "{what}");
    for ((path, found), (_, expected)) in found.iter().zip(expected) {
        let has_seconds = path.ends_with("config.json") || path.ends_with("resume.safetensors");
        assert!(found == expected || has_seconds, "{what}: {}", path.display());
    }
}

#[test]
fn a_training_survives_every_fault() {
    let workspace = Workspace::with_images(24, 9);
    assert_recovers(workspace, &training("faulty", "--epochs 1 --checkpoints all"), "faulty");
}

#[test]
fn an_import_survives_every_fault() {
    let workspace = Workspace::with_images(24, 9);
    workspace.run(&training("good", "--epochs 0")).succeeded();
    let import = format!(
        "import {ARCHITECTURE} --weights good/model.safetensors --dataset file:data.safetensors \
         --out faulty"
    );
    assert_recovers(workspace, &import, "faulty");
}

#[test]
fn an_extraction_survives_every_fault() {
    assert_recovers(place_with_run(), "extract faulty", "faulty/terms");
}

#[test]
fn a_tight_extraction_survives_every_fault() {
    let command = "extract faulty --gauge tight --memory 0MB";
    assert_recovers(place_with_run(), command, "faulty/terms");
}

#[test]
fn an_experiment_survives_every_fault() {
    let workspace = place_with_run();
    workspace.run("extract faulty").succeeded();
    assert_recovers(workspace, "experiment exactness faulty", "faulty/reports");
}
