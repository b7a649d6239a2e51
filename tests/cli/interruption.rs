//! Commands that are killed at any moment, and run again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::json;

use super::{ARCHITECTURE, Place, files};
use crate::common::device_name;

/// Runs a command and kills it after a time, as SIGKILL does: without a chance to clean up.
/// Whether it was killed before its end.
fn kill_after(place: &Place, arguments: &str, time: Duration) -> bool {
    let mut command = place.command(arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    sleep(time);
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

/// Moments between the start of a command and its end, different each time. Early ones first: on a
/// busy machine the next run may take less time than the one that was timed.
fn moments(whole: Duration, count: u32) -> Vec<Duration> {
    let mut random = ChaCha8Rng::seed_from_u64(whole.as_nanos() as u64);
    let mut moment = || whole.mul_f64(f64::from(random.next_u32()) / f64::from(u32::MAX));
    let mut moments: Vec<_> = (0..count).map(|_| moment()).collect();
    moments.sort();
    moments
}

/// Runs a command to its end and says how long that took.
fn timed(place: &Place, arguments: &str) -> Duration {
    let start = Instant::now();
    place.run(arguments).succeeded();
    start.elapsed()
}

/// Files below a folder by their relative paths.
fn below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let relative = |path: PathBuf| path.strip_prefix(folder).unwrap().to_path_buf();
    files(folder).into_iter().map(|(path, content)| (relative(path), content)).collect()
}

#[test]
fn an_extraction_killed_again_and_again_ends_with_the_same_files() {
    kill_extraction("--gauge worst-case", 5, "");
}

#[test]
fn a_tight_extraction_killed_again_and_again_ends_with_the_same_files() {
    // Rows wait on disk, of which nothing may be left.
    kill_extraction("--gauge tight --memory 1MB", 6, "");
}

#[test]
fn an_extraction_killed_on_several_devices_ends_with_the_same_files_on_one() {
    let device = device_name();
    kill_extraction("--gauge worst-case", 5, &format!(" --device {device},{device}"));
}

/// Kills an extraction with some more flags again and again, and goes on without these.
fn kill_extraction(gauge: &str, expected_files: usize, flags: &str) {
    let place = Place::with_images(3000, 10);
    let train = |run: &str| {
        format!("train {ARCHITECTURE} --dataset file:data.safetensors --epochs 0 --out {run}")
    };
    // 1 KB a point in shards of 1 MB: several shards, each in a fraction of a second.
    let extract = |run: &str| {
        format!("extract {run} --classes all --batch 100 --check 20 --shard-megabytes 1 {gauge}")
    };
    for run in ["whole", "killed"] {
        place.run(&train(run)).succeeded();
    }
    let whole = timed(&place, &extract("whole"));
    let killed = moments(whole, 8);
    let command = extract("killed") + flags;
    let killed = killed.into_iter().filter(|&time| kill_after(&place, &command, time));
    assert!(killed.count() > 0, "the extraction was over before it could be killed");
    let extracted = place.run(&(extract("killed") + " --json")).json();
    assert_eq!((&extracted["points"], &extracted["shards"]), (&json!(3000), &json!(4)));
    let [expected, found] = ["whole", "killed"].map(|run| below(&place.path(run).join("terms")));
    assert_eq!(names(&found), names(&expected));
    assert_eq!(found.len(), expected_files);
    assert!(found == expected, "the files of terms differ");
}

#[test]
fn a_training_killed_again_and_again_ends_with_the_same_weights() {
    let place = Place::new();
    let train = |run: &str| {
        format!(
            "train {ARCHITECTURE} --dataset file:data.safetensors --epochs 6 --checkpoints all \
             --out {run}"
        )
    };
    let whole = timed(&place, &train("whole"));
    let killed = moments(whole, 6);
    let killed = killed.into_iter().filter(|&time| kill_after(&place, &train("killed"), time));
    assert!(killed.count() > 0, "the training was over before it could be killed");
    let trained = place.run(&(train("killed") + " --json")).json();
    assert_eq!(trained["epochs"].as_array().unwrap().len(), 6);
    let [expected, found] = ["whole", "killed"].map(|run| below(&place.path(run)));
    assert_alike(&expected, &found);
}

/// Everything that a study can be in the middle of: two networks with terms of two gauges, findings
/// at two epochs, comparisons, and the report.
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
    let [whole, killed] = [0; 2].map(|_| Place::new());
    let study = "study study.toml --out done";
    for place in [&whole, &killed] {
        fs::write(place.path("study.toml"), STUDY).unwrap();
    }
    let time = timed(&whole, study);
    // What is done is done: later moments come sooner after each start.
    let times = moments(time, 6).into_iter().map(|moment| moment / 2);
    let times = times.filter(|&time| kill_after(&killed, study, time));
    assert!(times.count() > 0, "the study was over before it could be killed");
    killed.run(study).succeeded();
    let [expected, found] = [&whole, &killed].map(|place| below(&place.path("done")));
    assert_alike(&expected, &found);
    assert!(expected.len() > 100, "every finding has files: {:?}", names(&expected));
}

/// The same files with the same content. Only what `config.json` says may differ: how long the
/// epochs of a training took.
fn assert_alike(expected: &[(PathBuf, Vec<u8>)], found: &[(PathBuf, Vec<u8>)]) {
    assert_eq!(names(found), names(expected));
    for ((name, expected), (_, found)) in expected.iter().zip(found) {
        assert!(expected == found || name.ends_with("config.json"), "{} differs", name.display());
    }
}

fn names(files: &[(PathBuf, Vec<u8>)]) -> Vec<&PathBuf> {
    files.iter().map(|(name, _)| name).collect()
}
