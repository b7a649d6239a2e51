//! Whole studies.

use std::fs;

use safetensors::Dtype;
use serde_json::{Value, json};

use super::{Workspace, files, write_tensors};

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

fn workspace() -> Workspace {
    let workspace = Workspace::new();
    fs::write(workspace.path("study.toml"), STUDY).unwrap();
    workspace
}

#[test]
fn a_study_writes_one_report_and_resumes() {
    let workspace = workspace();
    let told = workspace.run("study study.toml --out done --json").json();
    assert_eq!(told["report"], "done/index.html");
    let rows = told["summary"]["table"]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "a network with two gauges: {told}");
    let report = fs::read_to_string(workspace.path("done/index.html")).unwrap();
    for part in ["Two networks", "Small.", "full, calibrated", "means over 2 seeds"] {
        assert!(report.contains(part), "{part}");
    }
    let runs = ["full-seed3", "full-seed4", "full-shuffled"];
    assert!(
        runs.iter().all(|run| workspace.path(&format!("done/runs/{run}/config.json")).exists())
    );
    let before = files(&workspace.path("done"));
    // Missing files are made again, temporary files are removed, and all other files stay.
    let reports = workspace.path("done/runs/full-seed4/reports");
    fs::remove_dir_all(&reports).unwrap();
    fs::remove_file(workspace.path("done/index.html")).unwrap();
    fs::create_dir_all(reports.join("exactness")).unwrap();
    for name in ["exactness/.tropex-0123456789abcdef.tmp", "../../../.tropex-fedcba9876543210.tmp"]
    {
        fs::write(reports.join(name), "half").unwrap();
    }
    workspace.run("study study.toml --out done --jobs 2").succeeded();
    assert!(files(&workspace.path("done")) == before);
}

#[test]
fn numbers_of_another_study_are_compared() {
    let workspace = workspace();
    let study = "study study.toml --out done";
    workspace.run(&format!("{study} --compare none.jsonl")).failed(&["cannot read none.jsonl"]);
    workspace.run(&format!("{study} --compare study.toml")).failed(&["study.toml, line 1: "]);
    workspace.run(&format!("{study} --tolerance 2")).misused(&["--compare"]);
    workspace.run(&format!("{study} --compare x --tolerance=-1")).misused(&["--tolerance", "-1"]);
    assert!(!workspace.path("done").exists(), "no folder is created");
    workspace.run(study).succeeded();
    let numbers = fs::read_to_string(workspace.path("done/numbers.jsonl")).unwrap();
    let same = format!("{study} --compare done/numbers.jsonl --tolerance 0");
    let comparison = &workspace.run(&format!("{same} --json")).json()["comparison"];
    assert_eq!(comparison["numbers"], numbers.lines().count());
    assert_eq!(comparison["differences"], json!([]));
    assert!(workspace.run(&same).succeeded().contains("numbers are as expected"));

    // One accuracy differs by 20 points, one exact number by 1e-9, and one number is missing.
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
    fs::write(workspace.path("other.jsonl"), lines.join("\n")).unwrap();
    let other = format!("{study} --compare other.jsonl");
    let told = workspace.run(&other);
    for part in ["network accuracy", "\u{b1} 3.00 %", "exact", "\u{2013}"] {
        assert!(told.stdout.contains(part), "{part} is not in {}", told.stdout);
    }
    told.failed(&["3 of ", " numbers differ from other.jsonl", "--tolerance"]);
    workspace.run(&format!("{other} --tolerance 8")).failed(&["2 of "]);
}

#[test]
fn invalid_studies_are_refused() {
    let workspace = workspace();
    workspace.run("study other.toml").failed(&["cannot read the study other.toml", "quick"]);
    fs::write(workspace.path("bad.toml"), STUDY.replace("fcn4", "fcn9")).unwrap();
    workspace.run("study bad.toml").failed(&["bad.toml: network `full`", "fcn9"]);
    workspace.run("study study.toml --out done").succeeded();
    let other = STUDY.replace("seeds = [3, 4]", "seeds = [3, 5]");
    fs::write(workspace.path("study.toml"), other).unwrap();
    workspace.run("study study.toml --out done").failed(&["done: the folder holds another study"]);
}

#[test]
fn a_study_is_continued_with_further_seeds_and_gauges() {
    let workspace = workspace();
    workspace.run("study study.toml --out done").succeeded();
    let weights = workspace.path("done/runs/full-seed3/model.safetensors");
    let modified = || fs::metadata(&weights).unwrap().modified().unwrap();
    let before = modified();
    let more = STUDY
        .replace("seeds = [3, 4]", "seeds = [3, 4, 5]")
        .replace("\"calibrated\"]", "\"calibrated\", \"tight\"]");
    fs::write(workspace.path("study.toml"), &more).unwrap();
    workspace.run("study study.toml --out done").succeeded();
    assert_eq!(modified(), before, "the first runs are not trained again");
    workspace.run("study study.toml --out fresh").succeeded();
    let numbers = |folder: &str| fs::read(workspace.path(folder).join("numbers.jsonl")).unwrap();
    assert!(numbers("done") == numbers("fresh"));
    // No seed and no gauge is left out, and the first gauge stays the first.
    let reversed = more.replace("\"worst-case\", \"calibrated\"", "\"calibrated\", \"worst-case\"");
    for plan in [STUDY, &reversed] {
        fs::write(workspace.path("study.toml"), plan).unwrap();
        workspace
            .run("study study.toml --out done")
            .failed(&["done: the folder holds another study", "further seeds"]);
    }
}

/// A study of the images only: the numbers of points and terms are arbitrary.
fn small(dataset: &str) -> String {
    let asked = "names = [\"count\"]\npoints = 5";
    format!(
        "title = \"T\"\nseeds = [0]\n[[network]]\nname = \"net\"\narchitecture = \"fcn4\"\n\
         dataset = \"{dataset}\"\ntraining = {{ epochs = 0 }}\nterms = 5\n[experiments]\n{asked}\n"
    )
}

#[test]
fn paths_in_a_study_are_relative_to_its_file() {
    let workspace = Workspace::new();
    fs::create_dir_all(workspace.path("p")).unwrap();
    workspace.write_images("p/data.safetensors", 30, 10);
    fs::write(workspace.path("p/mine.toml"), small("file:data.safetensors")).unwrap();
    workspace.run("study p/mine.toml --out out").succeeded();
    let config = fs::read_to_string(workspace.path("out/runs/net-seed0/config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    let expected = format!("file:{}", workspace.path("p/data.safetensors").display());
    assert_eq!(config["dataset"], json!(expected), "the path is relative to the plan");
    // A call in the folder of the plan gives an equal study. Its runs can be read from any folder.
    let mut inside = workspace.command("study mine.toml --out ../out");
    super::CommandOutcome::of(inside.current_dir(workspace.path("p"))).succeeded();
    let mut elsewhere = workspace.command("evaluate ../out/runs/net-seed0");
    super::CommandOutcome::of(elsewhere.current_dir(workspace.path("p"))).succeeded();
    fs::write(workspace.path("p/bad.toml"), small("file:none.safetensors")).unwrap();
    workspace.run("study p/bad.toml --out x").failed(&["cannot read", "/p/none.safetensors"]);
    assert!(!workspace.path("x").exists(), "no folder is created");
}

#[test]
fn a_study_chooses_the_layout_of_a_file() {
    let workspace = Workspace::new();
    let pixels: Vec<u8> = (0..40 * 192).map(|at| (at * 7 % 251) as u8).collect();
    let labels: Vec<u8> = (0..40_i64).flat_map(|image| (image % 2).to_le_bytes()).collect();
    let tensors = [
        ("images".to_owned(), Dtype::U8, vec![40, 8, 8, 3], &pixels),
        ("labels".to_owned(), Dtype::I64, vec![40], &labels),
    ];
    write_tensors(&workspace.path("last.safetensors"), tensors);
    let study = small("file:last.safetensors");
    fs::write(workspace.path("mine.toml"), &study).unwrap();
    let choice = "layout = \"nhwc\" or layout = \"nchw\" below its dataset";
    workspace.run("study mine.toml --out out").failed(&["looks like channels last", choice]);
    let chosen = study.replace("training =", "layout = \"nhwc\"\ntraining =");
    fs::write(workspace.path("mine.toml"), &chosen).unwrap();
    workspace.run("study mine.toml --out out").succeeded();
    let config = fs::read_to_string(workspace.path("out/runs/net-seed0/config.json")).unwrap();
    let config: Value = serde_json::from_str(&config).unwrap();
    assert_eq!(config["reading"]["layout"], "nhwc");
    assert_eq!(config["input_shape"], json!([3, 8, 8]));
    fs::write(workspace.path("mine.toml"), chosen.replace("nhwc", "hwcn")).unwrap();
    workspace.run("study mine.toml --out x").failed(&["mine.toml: line ", "hwcn", "nhwc"]);
}

#[test]
fn a_run_with_a_relative_path_names_the_missing_file() {
    let workspace = Workspace::with_run();
    let path = workspace.path("run/config.json");
    let config = fs::read_to_string(&path).unwrap();
    let absolute = format!("file:{}", workspace.path("data.safetensors").display());
    fs::write(&path, config.replace(&absolute, "file:data.safetensors")).unwrap();
    workspace.run("extract run").succeeded();
    fs::create_dir(workspace.path("elsewhere")).unwrap();
    let mut command = workspace.command("extract ../run --replace");
    let tried = workspace.path("elsewhere/data.safetensors").display().to_string();
    let parts = ["the dataset file:data.safetensors of ../run is a path", "--data-dir", &tried];
    super::CommandOutcome::of(command.current_dir(workspace.path("elsewhere"))).failed(&parts);
    workspace.run(&super::train("run")).succeeded();
}

#[test]
fn a_study_needs_a_folder_of_its_own() {
    let workspace = Workspace::new();
    for name in ["...toml", ".toml"] {
        fs::write(workspace.path(name), small("embedded")).unwrap();
        workspace.run(&format!("study {name}")).failed(&[name, "choose one with --out"]);
    }
    fs::create_dir(workspace.path("site")).unwrap();
    fs::write(workspace.path("site/index.html"), "mine").unwrap();
    workspace
        .run("study ...toml --out site")
        .failed(&["site: the folder holds no study", "index.html is in it"]);
    assert_eq!(fs::read(workspace.path("site/index.html")).unwrap(), b"mine");
    fs::write(workspace.path("none.toml"), small("embedded").replace("points = 5", "points = 0"))
        .unwrap();
    workspace.run("study none.toml").failed(&["none.toml: points = 0, expected at least 1"]);
    workspace.run("study quik").failed(&["cannot read the study quik (did you mean quick?)"]);
    fs::write(workspace.path("bytes.toml"), [0xff, 0xfe]).unwrap();
    workspace.run("study bytes.toml").failed(&["bytes.toml is not a text"]);
    assert!(!workspace.path("studies-done").exists(), "no folder is created");
}

#[test]
fn a_study_of_the_program_can_be_printed_and_changed() {
    let workspace = workspace();
    let said = workspace.run("study quick --print").succeeded();
    assert!(said.starts_with("# A study") && said.contains("[[network]]"), "{said}");
}
