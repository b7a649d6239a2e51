//! Disks that are full: files may not grow beyond a limit, as under `ulimit -f`.

use std::process::{Command, Stdio};

use super::{ARCHITECTURE, Outcome, Place, device_arguments, files, train};

/// Runs `tropex` with files of 64 KB at most, less than weights or terms take.
fn run_on_full_disk(place: &Place, arguments: &str) -> Outcome {
    let script = "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command
        .args(["-c", script, env!("CARGO_BIN_EXE_tropex")])
        .args(arguments.split_whitespace())
        .args(device_arguments(arguments))
        .current_dir(place.folder.path())
        .stdin(Stdio::null());
    Outcome::of(&mut command)
}

#[test]
fn a_training_without_room_leaves_nothing() {
    let place = Place::new();
    for flags in ["--epochs 0", "--epochs 1", "--epochs 1 --checkpoints all"] {
        let train = format!("train {ARCHITECTURE} --dataset file:data.safetensors --out run");
        let outcome = run_on_full_disk(&place, &format!("{train} {flags}"));
        outcome.failed(&["cannot write weights run/"]);
        assert!(!place.path("run").exists(), "{flags}");
    }
    place.run(&train("run")).succeeded();
}

#[test]
fn an_import_without_room_leaves_nothing_new() {
    let place = Place::with_run();
    let import = format!(
        "import {ARCHITECTURE} --weights run/model.safetensors --dataset file:data.safetensors \
         --out imported"
    );
    let expected = ["cannot write weights imported/model.safetensors"];
    run_on_full_disk(&place, &import).failed(&expected);
    assert!(!place.path("imported").exists());
    place.run(&import).succeeded();
    let before = files(&place.path("imported"));
    run_on_full_disk(&place, &import).failed(&expected);
    assert!(files(&place.path("imported")) == before, "the weights of before are kept");
}

#[test]
fn an_extraction_without_room_leaves_no_part_and_goes_on_later() {
    let place = Place::with_run();
    let expected = ["cannot write run/terms/train-worst-case/shard-00000.safetensors: "];
    run_on_full_disk(&place, "extract run").failed(&expected);
    assert!(files(&place.path("run/terms")).is_empty());
    place.run("extract run").succeeded();
    place.run("evaluate run").succeeded();
}

#[test]
fn a_tight_extraction_without_room_for_its_rows_leaves_nothing() {
    let place = Place::with_run();
    let expected = ["cannot put rows aside in run/terms/train-tight: "];
    run_on_full_disk(&place, "extract run --gauge tight --memory 0MB").failed(&expected);
    assert!(files(&place.path("run/terms")).is_empty());
    place.run("extract run --gauge tight --memory 0MB").succeeded();
    place.run("evaluate run --gauge tight").succeeded();
}
