//! Terms and runs of other settings, weights and images.

use std::fs;

use super::{ARCHITECTURE, Place, files, train};

const MANIFEST: &str = "run/terms/train-worst-case/manifest.json";

#[test]
fn terms_of_other_settings_are_kept_until_told_otherwise() {
    let place = Place::with_terms();
    let before = files(&place.path("run"));
    for (flags, difference) in [
        ("--precision f64", "precision f32 instead of f64"),
        ("--classes all", "classes predicted instead of all"),
        ("--limit 50", "points 200 instead of 50"),
    ] {
        let extract = format!("extract run {flags}");
        place.run(&extract).failed(&[MANIFEST, difference, "delete the folder", "--replace"]);
        assert!(files(&place.path("run")) == before, "{flags}");
    }
    let extracted = place.run("extract run --limit 50 --classes all --replace --json").json();
    assert_eq!((extracted["points"].as_u64(), extracted["shards"].as_u64()), (Some(50), Some(1)));
    assert_eq!(extracted["linear_terms_per_point"], 3);
}

#[test]
fn replacing_removes_no_file_but_the_stores_own() {
    let place = Place::with_terms();
    let notes = place.path("run/terms/train-worst-case/notes.txt");
    fs::write(&notes, "mine").unwrap();
    place.run("extract run --precision f64 --replace").succeeded();
    assert_eq!(fs::read_to_string(notes).unwrap(), "mine");
}

#[test]
fn terms_of_weights_that_were_imported_over_are_stale() {
    let place = Place::with_run();
    let import = format!(
        "import {ARCHITECTURE} --weights w.safetensors --dataset file:data.safetensors --out run2"
    );
    fs::copy(place.path("run/model.safetensors"), place.path("w.safetensors")).unwrap();
    place.run(&import).succeeded();
    place.run("extract run2").succeeded();
    place.run(&(train("other") + " --seed 5")).succeeded();
    fs::copy(place.path("other/model.safetensors"), place.path("w.safetensors")).unwrap();
    place.run(&import).succeeded();
    place.run("evaluate run2").failed(&["run2/terms/train-worst-case", "other weights", "again"]);
    place.run("extract run2").failed(&["run2/terms", "another network", "--replace"]);
    place.run("extract run2 --replace").succeeded();
    place.run("evaluate run2").succeeded();
}

#[test]
fn other_images_than_the_runs_own_are_refused() {
    let place = Place::with_terms();
    place.write_images("data.safetensors", 199, 60);
    for command in ["extract run", "evaluate run"] {
        place.run(command).failed(&["the train images of", "data.safetensors", "--data-dir"]);
    }
    place.write_images("data.safetensors", 200, 59);
    place.run("evaluate run").failed(&["the test images of"]);
}

#[test]
fn an_evaluation_without_terms_says_how_to_make_them() {
    let place = Place::with_run();
    place.run("evaluate run").failed(&["no terms in run/terms", "`tropex extract run`"]);
    place.run("extract run --split test").succeeded();
    place.run("evaluate run").failed(&["no terms in run/terms/train-worst-case"]);
}

#[test]
fn a_folder_with_another_run_is_refused_by_the_setting_that_differs() {
    let place = Place::with_run();
    let before = files(&place.path("run"));
    for (flags, setting) in [
        ("--seed 1", "training.seed 0, not 1"),
        ("--batch-size 10", "training.batch_size 64, not 10"),
        ("--learning-rate 0.5", "training.learning_rate"),
    ] {
        place.run(&format!("{} {flags}", train("run"))).failed(&["run holds a run with", setting]);
    }
    let import = "import fcn2 --weights run/model.safetensors --dataset file:data.safetensors";
    place.run(&format!("{import} --out run")).failed(&["run/model.safetensors", "layers"]);
    assert!(files(&place.path("run")) == before);
    let import = |file: &str, out: &str| {
        format!(
            "import {ARCHITECTURE} --weights {file} --dataset file:data.safetensors --out {out}"
        )
    };
    for file in ["a.safetensors", "b.safetensors"] {
        fs::copy(place.path("run/model.safetensors"), place.path(file)).unwrap();
    }
    place.run(&import("a.safetensors", "imported")).succeeded();
    place.run(&import("b.safetensors", "imported")).failed(&[
        "imported holds weights that were imported from a.safetensors, but b.safetensors was given; \
         choose another folder for b.safetensors, or import a.safetensors again",
    ]);
    place.run(&import("b.safetensors", "run")).failed(&[
        "run holds a trained network, not imported weights; choose another folder for b.safetensors",
    ]);
    place.run(&train("imported")).failed(&[
        "imported holds weights that were imported from a.safetensors, not a trained network; \
         choose another folder to train in",
    ]);
}

#[test]
fn a_folder_with_other_things_is_left_alone() {
    let place = Place::new();
    fs::create_dir(place.path("full")).unwrap();
    fs::write(place.path("full/thesis.tex"), "text").unwrap();
    place.run(&train("full")).failed(&["full is no run and not empty", "thesis.tex"]);
    place.run(&train("data.safetensors")).failed(&["data.safetensors"]);
    place.run(&train("data.safetensors/run")).failed(&["data.safetensors/run"]);
    assert_eq!(files(&place.path("full")).len(), 1);
}

#[test]
fn a_training_that_came_to_nothing_leaves_its_folder_free() {
    let place = Place::new();
    let diverging = train("run") + " --learning-rate 1e30";
    place.run(&diverging).failed(&["the loss became", "learning rate 1e30", "try a lower"]);
    assert!(!place.path("run").exists());
    place.run(&train("run")).succeeded();
}
