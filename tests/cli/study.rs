//! Whole studies.

use std::fs;

use super::{Place, files};

const STUDY: &str = r#"
title = "Two networks"
about = "Small."
seeds = [3, 4]
gauges = ["worst-case", "calibrated"]

[[network]]
name = "full"
architecture = "fcn4"
dataset = "file:data.safetensors"
training = { epochs = 1, batch_size = 32, checkpoints = "all" }
terms = 20
shuffled-labels = true

[experiments]
names = ["exactness", "generalization", "networks", "random-labels"]
points = 20
epochs = "all"
parameters = { random-labels = { random_points = 20 } }
"#;

fn place() -> Place {
    let place = Place::new();
    fs::write(place.path("study.toml"), STUDY).unwrap();
    place
}

#[test]
fn a_study_ends_in_one_report_and_goes_on_where_it_was() {
    let place = place();
    let told = place.run("study study.toml --out done --json").json();
    assert_eq!(told["report"], "done/index.html");
    let rows = told["summary"]["table"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "a network with two gauges: {told}");
    let report = fs::read_to_string(place.path("done/index.html")).unwrap();
    for part in ["Two networks", "Small.", "full, calibrated", "means over 2 seeds"] {
        assert!(report.contains(part), "{part}");
    }
    let runs = ["full-seed3", "full-seed4", "full-shuffled"];
    assert!(runs.iter().all(|run| place.path(&format!("done/runs/{run}/config.json")).exists()));
    let before = files(&place.path("done"));
    // What is missing is made again, and nothing else changes.
    fs::remove_dir_all(place.path("done/runs/full-seed4/reports")).unwrap();
    fs::remove_file(place.path("done/index.html")).unwrap();
    place.run("study study.toml --out done --jobs 2").succeeded();
    assert!(files(&place.path("done")) == before);
}

#[test]
fn studies_that_cannot_be_are_named() {
    let place = place();
    place.run("study other.toml").failed(&["cannot read the study other.toml", "quick"]);
    fs::write(place.path("bad.toml"), STUDY.replace("fcn4", "fcn9")).unwrap();
    place.run("study bad.toml").failed(&["bad.toml: network `full`", "fcn9"]);
    place.run("study study.toml --out done").succeeded();
    let other = STUDY.replace("seeds = [3, 4]", "seeds = [3, 5]");
    fs::write(place.path("study.toml"), other).unwrap();
    place.run("study study.toml --out done").failed(&["done: the folder holds another study"]);
}

#[test]
fn a_study_that_comes_with_the_program_can_be_changed() {
    let place = place();
    let said = place.run("study quick --print").succeeded();
    assert!(said.starts_with("# A study") && said.contains("[[network]]"), "{said}");
}
