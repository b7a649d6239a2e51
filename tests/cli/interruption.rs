//! Commands that are killed at any moment, and then called again.
//!
//! A moment is a number of new files. If a command ends before the moment, the test starts again,
//! so that its result does not depend on speed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::running::kill_at;
use super::{ARCHITECTURE, Workspace, files};
use crate::common::device_name;

/// Files below a folder by their relative paths.
fn below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let relative = |path: PathBuf| path.strip_prefix(folder).unwrap().to_path_buf();
    files(folder).into_iter().map(|(path, content)| (relative(path), content)).collect()
}

/// Numbers of new files at which a command is killed, one call after the other.
const MOMENTS: [usize; 9] = [1, 2, 3, 5, 8, 13, 29, 120, 240];

/// Kills a command at one moment after the other, until it ends by itself. Returns the number of
/// kills.
fn kill_again_and_again(workspace: &Workspace, arguments: &str, folder: &str) -> usize {
    let killed = |files: &usize| kill_at(workspace, arguments, folder, *files);
    MOMENTS.into_iter().take_while(killed).count()
}

#[test]
fn an_extraction_killed_again_and_again_ends_with_the_same_files() {
    kill_extraction("--gauge worst-case", 5, "");
}

#[test]
fn a_tight_extraction_killed_again_and_again_ends_with_the_same_files() {
    // Rows are spilled to files, and none of these files may be left.
    kill_extraction("--gauge tight --memory 1MB", 6, "");
}

#[test]
fn a_calibrated_extraction_killed_again_and_again_ends_with_the_same_files() {
    // Scales are tried on a few points, so that the check of all points may refute a scale.
    kill_extraction("--gauge calibrated --limit 300", 3, "");
}

#[test]
fn an_extraction_killed_on_several_devices_ends_with_the_same_files_on_one() {
    let device = device_name();
    kill_extraction("--gauge worst-case", 5, &format!(" --device {device},{device}"));
}

/// Kills an extraction with additional `flags` again and again, and finishes it without them.
fn kill_extraction(gauge: &str, expected_files: usize, flags: &str) {
    let workspace = Workspace::with_images(3000, 10);
    let train = |run: &str| {
        format!("train {ARCHITECTURE} --dataset file:data.safetensors --epochs 0 --out {run}")
    };
    // A point takes 1 KB and a shard 1 MB, so there are several shards.
    let extract = |run: &str| {
        format!("extract {run} --classes all --batch 100 --check 20 --shard-megabytes 1 {gauge}")
    };
    for run in ["whole", "killed"] {
        workspace.run(&train(run)).succeeded();
    }
    workspace.run(&extract("whole")).succeeded();
    let expected = below(&workspace.path("whole/terms"));
    assert_eq!(expected.len(), expected_files);
    let command = extract("killed") + flags;
    let mut kills = 0;
    while kills < 3 {
        let _ = fs::remove_dir_all(workspace.path("killed/terms"));
        kills += kill_again_and_again(&workspace, &command, "killed");
        let extracted = workspace.run(&(extract("killed") + " --json")).json();
        assert_eq!(extracted["shards"], json!(expected_files - 1 - shifts(&expected)));
        let found = below(&workspace.path("killed/terms"));
        assert_eq!(names(&found), names(&expected));
        assert!(found == expected, "the files of terms differ");
    }
}

fn shifts(files: &[(PathBuf, Vec<u8>)]) -> usize {
    files.iter().filter(|(path, _)| path.ends_with("shifts.safetensors")).count()
}

#[test]
fn a_training_killed_again_and_again_ends_with_the_same_weights() {
    let workspace = Workspace::new();
    let train = |run: &str, epochs: usize| {
        format!(
            "train {ARCHITECTURE} --dataset file:data.safetensors --epochs {epochs} \
             --checkpoints all --out {run}"
        )
    };
    // A million epochs do not end before the kill.
    for files in [1, 2, 3, 4, 5, 6, 7, 9, 14] {
        assert!(kill_at(&workspace, &train("killed", 1_000_000), "killed", files));
    }
    let config: Value =
        serde_json::from_slice(&fs::read(workspace.path("killed/config.json")).unwrap()).unwrap();
    // The state of an epoch is written before its record.
    let epochs = config["metrics"].as_array().unwrap().len() + 1;
    assert!(epochs > 2, "every epoch leaves three files, and 14 were waited for");
    let trained = workspace.run(&(train("killed", epochs) + " --json")).json();
    assert_eq!(trained["epochs"].as_array().unwrap().len(), epochs);
    workspace.run(&train("whole", epochs)).succeeded();
    let [expected, found] = ["whole", "killed"].map(|run| below(&workspace.path(run)));
    assert_alike(&expected, &found);
}

/// All parts of a study: two networks with terms of two gauges, findings at two epochs,
/// comparisons, and the report.
const STUDY: &str = r#"
title = "Killed"
seeds = [0, 1]
gauges = ["worst-case", "tight"]

[[network]]
name = "full"
architecture = "fcn4"
dataset = "file:data.safetensors"
training = { epochs = 1, batch_size = 32, checkpoints = "all" }
terms = 40

[experiments]
names = ["all"]
points = 20
epochs = "all"
"#;

#[test]
fn a_study_killed_again_and_again_ends_with_the_same_files() {
    // Both studies run in one workspace, because reports contain the paths of image files.
    let (workspace, study) = (Workspace::new(), "study study.toml --out done");
    fs::write(workspace.path("study.toml"), STUDY).unwrap();
    workspace.run(study).succeeded();
    let expected = below(&workspace.path("done"));
    assert!(expected.len() > 100, "every finding has files: {:?}", names(&expected));
    let mut kills = 0;
    while kills < 3 {
        fs::remove_dir_all(workspace.path("done")).unwrap();
        kills += kill_again_and_again(&workspace, study, "done");
        workspace.run(study).succeeded();
    }
    assert_alike(&expected, &below(&workspace.path("done")));
}

/// Asserts that the files are equal, except for the times in reports: metrics in `config.json` and
/// in the state of a training contain times.
fn assert_alike(expected: &[(PathBuf, Vec<u8>)], found: &[(PathBuf, Vec<u8>)]) {
    assert_eq!(names(found), names(expected));
    for ((name, expected), (_, found)) in expected.iter().zip(found) {
        let has_times = name.ends_with("config.json") || name.ends_with("resume.safetensors");
        assert!(expected == found || has_times, "{} differs", name.display());
    }
}

fn names(files: &[(PathBuf, Vec<u8>)]) -> Vec<&PathBuf> {
    files.iter().map(|(name, _)| name).collect()
}
