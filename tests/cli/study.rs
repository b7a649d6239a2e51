//! Whole studies.

use std::fs;

use safetensors::Dtype;
use serde_json::{Value, json};

use super::{Place, files, write_tensors};

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
    // What is missing is made again, what was being written is gone, and nothing else changes.
    let reports = place.path("done/runs/full-seed4/reports");
    fs::remove_dir_all(&reports).unwrap();
    fs::remove_file(place.path("done/index.html")).unwrap();
    fs::create_dir_all(reports.join("exactness")).unwrap();
    for name in ["exactness/.tropex-0123456789abcdef.tmp", "../../../.tropex-fedcba9876543210.tmp"]
    {
        fs::write(reports.join(name), "half").unwrap();
    }
    place.run("study study.toml --out done --jobs 2").succeeded();
    assert!(files(&place.path("done")) == before);
}

#[test]
fn numbers_of_another_study_are_compared() {
    let place = place();
    let study = "study study.toml --out done";
    place.run(&format!("{study} --compare none.jsonl")).failed(&["cannot read none.jsonl"]);
    place.run(&format!("{study} --compare study.toml")).failed(&["study.toml, line 1: "]);
    place.run(&format!("{study} --tolerance 2")).misused(&["--compare"]);
    place.run(&format!("{study} --compare x --tolerance=-1")).misused(&["--tolerance", "-1"]);
    assert!(!place.path("done").exists(), "nothing was begun");
    place.run(study).succeeded();
    let numbers = fs::read_to_string(place.path("done/numbers.jsonl")).unwrap();
    let same = format!("{study} --compare done/numbers.jsonl --tolerance 0");
    let comparison = &place.run(&format!("{same} --json")).json()["comparison"];
    assert_eq!(comparison["numbers"], numbers.lines().count());
    assert_eq!(comparison["differences"], json!([]));
    assert!(place.run(&same).succeeded().contains("numbers are as expected"));

    // One accuracy is off by 20 points, one of what must hold by nearly nothing, one is not there.
    let mut lines: Vec<_> = numbers.lines().map(String::from).collect();
    let position = |name: &str| lines.iter().position(|line| line.contains(name)).unwrap();
    let [accuracy, certain] = [r#""network accuracy""#, r#""agreement","value":1.0"#].map(position);
    let off = |line: &str, by: f64| {
        let mut number: Value = serde_json::from_str(line).unwrap();
        number["value"] = json!(number["value"].as_f64().unwrap() - by);
        number.to_string()
    };
    lines[accuracy] = off(&lines[accuracy], 0.2);
    lines[certain] = off(&lines[certain], 1e-9);
    lines.pop();
    fs::write(place.path("other.jsonl"), lines.join("\n")).unwrap();
    let other = format!("{study} --compare other.jsonl");
    let told = place.run(&other);
    for part in ["network accuracy", "\u{b1} 3.00 %", "exact", "\u{2013}"] {
        assert!(told.stdout.contains(part), "{part} is not in {}", told.stdout);
    }
    told.failed(&["3 of ", " numbers differ from other.jsonl", "--tolerance"]);
    place.run(&format!("{other} --tolerance 8")).failed(&["2 of "]);
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

/// What is asked of runs is of no matter where only their images are looked at.
fn small(dataset: &str) -> String {
    let asked = "names = [\"count\"]\npoints = 5";
    format!(
        "title = \"T\"\nseeds = [0]\n[[network]]\nname = \"net\"\narchitecture = \"fcn4\"\n\
         dataset = \"{dataset}\"\ntraining = {{ epochs = 0 }}\nterms = 5\n[experiments]\n{asked}\n"
    )
}

#[test]
fn paths_in_a_study_are_relative_to_its_file() {
    let place = Place::new();
    fs::create_dir_all(place.path("p")).unwrap();
    place.write_images("p/data.safetensors", 30, 10);
    fs::write(place.path("p/mine.toml"), small("file:data.safetensors")).unwrap();
    place.run("study p/mine.toml --out out").succeeded();
    let config = fs::read_to_string(place.path("out/runs/net-seed0/config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    let expected = format!("file:{}", place.path("p/data.safetensors").display());
    assert_eq!(config["dataset"], json!(expected), "not the file of that name in this folder");
    // From its own folder it is the same study, and its runs are read from anywhere.
    let mut inside = place.command("study mine.toml --out ../out");
    super::Outcome::of(inside.current_dir(place.path("p"))).succeeded();
    let mut elsewhere = place.command("evaluate ../out/runs/net-seed0");
    super::Outcome::of(elsewhere.current_dir(place.path("p"))).succeeded();
    fs::write(place.path("p/bad.toml"), small("file:none.safetensors")).unwrap();
    place.run("study p/bad.toml --out x").failed(&["cannot read", "/p/none.safetensors"]);
    assert!(!place.path("x").exists(), "nothing was begun");
}

#[test]
fn a_study_chooses_the_layout_of_a_file() {
    let place = Place::new();
    let pixels: Vec<u8> = (0..40 * 192).map(|at| (at * 7 % 251) as u8).collect();
    let labels: Vec<u8> = (0..40_i64).flat_map(|image| (image % 2).to_le_bytes()).collect();
    let tensors = [
        ("images".to_owned(), Dtype::U8, vec![40, 8, 8, 3], &pixels),
        ("labels".to_owned(), Dtype::I64, vec![40], &labels),
    ];
    write_tensors(&place.path("last.safetensors"), tensors);
    let study = small("file:last.safetensors");
    fs::write(place.path("mine.toml"), &study).unwrap();
    let choice = "layout = \"nhwc\" or layout = \"nchw\" below its dataset";
    place.run("study mine.toml --out out").failed(&["looks like channels last", choice]);
    let chosen = study.replace("training =", "layout = \"nhwc\"\ntraining =");
    fs::write(place.path("mine.toml"), &chosen).unwrap();
    place.run("study mine.toml --out out").succeeded();
    let config = fs::read_to_string(place.path("out/runs/net-seed0/config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["reading"]["layout"], "nhwc");
    assert_eq!(config["input_shape"], json!([3, 8, 8]));
    fs::write(place.path("mine.toml"), chosen.replace("nhwc", "hwcn")).unwrap();
    place.run("study mine.toml --out x").failed(&["mine.toml: line ", "hwcn", "nhwc"]);
}

#[test]
fn a_run_with_a_relative_path_says_which_file_was_looked_for() {
    let place = Place::with_run();
    let path = place.path("run/config.json");
    let config = fs::read_to_string(&path).unwrap();
    let absolute = format!("file:{}", place.path("data.safetensors").display());
    fs::write(&path, config.replace(&absolute, "file:data.safetensors")).unwrap();
    place.run("extract run").succeeded();
    fs::create_dir(place.path("elsewhere")).unwrap();
    let mut command = place.command("extract ../run --replace");
    let tried = place.path("elsewhere/data.safetensors").display().to_string();
    let parts = ["../run names its dataset file:data.safetensors", "--data-dir", &tried];
    super::Outcome::of(command.current_dir(place.path("elsewhere"))).failed(&parts);
    place.run(&super::train("run")).succeeded();
}

#[test]
fn a_study_needs_a_folder_that_is_its_own() {
    let place = Place::new();
    for name in ["...toml", ".toml"] {
        fs::write(place.path(name), small("embedded")).unwrap();
        place.run(&format!("study {name}")).failed(&[name, "choose one with --out"]);
    }
    fs::create_dir(place.path("site")).unwrap();
    fs::write(place.path("site/index.html"), "mine").unwrap();
    place
        .run("study ...toml --out site")
        .failed(&["site: the folder holds no study", "index.html is in it"]);
    assert_eq!(fs::read(place.path("site/index.html")).unwrap(), b"mine");
    fs::write(place.path("none.toml"), small("embedded").replace("points = 5", "points = 0"))
        .unwrap();
    place.run("study none.toml").failed(&["none.toml: points = 0, expected at least 1"]);
    place.run("study quik").failed(&["cannot read the study quik (did you mean quick?)"]);
    fs::write(place.path("bytes.toml"), [0xff, 0xfe]).unwrap();
    place.run("study bytes.toml").failed(&["bytes.toml is no text"]);
    assert!(!place.path("studies-done").exists(), "nothing was begun");
}

#[test]
fn a_study_that_comes_with_the_program_can_be_changed() {
    let place = place();
    let said = place.run("study quick --print").succeeded();
    assert!(said.starts_with("# A study") && said.contains("[[network]]"), "{said}");
}
