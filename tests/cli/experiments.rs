//! Experiments on runs, and the files that they write.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tropex::experiments::EXPERIMENTS;
use tropex::experiments::experiments::Scope;
use tropex::experiments::report::Finding;

use super::weights::edit_weights;
use super::{Workspace, files, train};

/// All experiments, with few points for the slow ones.
const ALL: &str = "experiment all --set boundary.points=20 --set boundary.nearest_points=3 \
                   --set boundary.class_points=3";

/// The numbers of a report by their names.
pub(super) fn values(report: &Value) -> HashMap<String, f64> {
    let values = report["values"].as_array().unwrap().iter();
    let pair = |value: &Value| Some((value["name"].as_str()?.to_owned(), value["value"].as_f64()?));
    values.filter_map(pair).collect()
}

impl Workspace {
    /// Runs an experiment and returns its report.
    pub(super) fn experiment(&self, arguments: &str) -> Value {
        let told = self.run(&format!("experiment {arguments} --json")).json();
        let reports = told["reports"].as_array().unwrap();
        assert_eq!(reports.len(), 1, "{arguments}");
        reports[0].clone()
    }

    fn finding(&self, folder: &str) -> Finding {
        let text = fs::read_to_string(self.path(folder).join("finding.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn every_experiment_writes_its_findings() {
    let workspace = Workspace::with_run();
    workspace.run(&(train("other") + " --seed 1")).succeeded();
    let said = workspace.run(&format!("{ALL} run other")).succeeded();
    for entry in EXPERIMENTS {
        assert!(
            said.contains(&format!("{} of run", entry.name)),
            "{} is not in {said}",
            entry.name
        );
        let finding = workspace.finding(&format!("run/reports/{}", entry.name));
        assert_eq!((&*finding.experiment, &*finding.question), (entry.name, entry.question));
        let subjects = if entry.scope == Scope::Each { 1 } else { 2 };
        assert_eq!(finding.runs.len(), subjects, "{}", entry.name);
        assert!(!finding.answer.text.is_empty() && !finding.answer.values.is_empty());
        let folder = workspace.path("run/reports").join(entry.name);
        let tables = finding.answer.tables.iter().map(|table| &table.name);
        let names = tables.chain(finding.answer.figures.iter().map(|figure| &figure.name));
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{}: {names:?}", entry.name);
        for table in &finding.answer.tables {
            let lines = fs::read_to_string(folder.join(format!("{}.csv", table.name))).unwrap();
            assert!(lines.lines().count() > table.rows.len(), "{} {}", entry.name, table.name);
        }
        for figure in &finding.answer.figures {
            let drawing = fs::read_to_string(folder.join(format!("{}.svg", figure.name))).unwrap();
            assert!(drawing.starts_with("<svg ") && drawing.ends_with("</svg>\n"));
            assert!(drawing.contains("</text>") && !drawing.contains("NaN"), "{}", figure.name);
        }
    }
    assert!(said.contains("generalization: runs side by side"), "{said}");
    let page = fs::read_to_string(workspace.path("run/reports/index.html")).unwrap();
    for entry in EXPERIMENTS {
        assert!(
            page.contains(&format!("</summary>\n<div id=\"{}\">", entry.name)),
            "{}",
            entry.name
        );
    }
    assert!(!page.contains("src=") && !page.contains("https://"), "the page needs other files");
}

#[test]
fn known_findings_are_reused() {
    let workspace = Workspace::with_run();
    workspace.run(&format!("{ALL} run")).succeeded();
    let before = files(&workspace.path("run"));
    let told = workspace.run(&format!("{ALL} run --json")).json();
    let reports = told["reports"].as_array().unwrap();
    assert!(reports.iter().all(|report| report["reused"] == true), "{told}");
    assert!(files(&workspace.path("run")) == before);
    workspace.run(&format!("{ALL} run --again")).succeeded();
    assert!(files(&workspace.path("run")) == before, "the numbers are equal bit by bit");
}

#[test]
fn other_settings_replace_a_finding_and_its_files() {
    let workspace = Workspace::with_run();
    let few = workspace.experiment("subset run --set shares=[0.5] --set draws=2");
    assert_eq!(few["values"].as_array().unwrap().len(), 2);
    for (arguments, reused) in [
        ("subset run --set shares=[0.5] --set draws=2", true),
        ("subset run --set shares=[0.5] --set draws=3", false),
        ("subset run --set subset.draws=3 --set shares=[0.5]", true),
        ("subset run --set draws=3 --set shares=[0.5] --seed 1", false),
        ("subset run --set draws=3 --set shares=[0.5] --seed 1 --points 20", false),
    ] {
        assert_eq!(workspace.experiment(arguments)["reused"], reused, "{arguments}");
    }
    let folder = workspace.path("run/reports/subset");
    fs::write(folder.join("finding.json"), "{").unwrap();
    fs::write(folder.join("old.csv"), "old").unwrap();
    assert_eq!(workspace.experiment("subset run")["reused"], false);
    assert!(folder.join("old.csv").exists(), "no finding names this file");
    workspace.run(&(train("run2") + " --seed 3")).succeeded();
    fs::copy(workspace.path("run2/model.safetensors"), workspace.path("run/model.safetensors"))
        .unwrap();
    workspace.run("experiment subset run").failed(&["run/terms/train-worst-case"]);
}

#[test]
fn generalization_equals_the_evaluation() {
    let workspace = Workspace::with_terms();
    for gauge in ["worst-case", "tight"] {
        let found = values(&workspace.experiment(&format!("generalization run --gauge {gauge}")));
        let evaluated = workspace.run(&format!("evaluate run --gauge {gauge} --json")).json();
        for (name, field) in [
            ("agreement", "agreement"),
            ("accuracy", "accuracy"),
            ("network accuracy", "network_accuracy"),
            ("straight terms", "straight"),
        ] {
            assert_eq!(json!(found[name]), evaluated[field], "{gauge} {name}");
        }
    }
    let [plain, tight] = ["", "-tight"].map(|end| format!("run/reports/generalization{end}"));
    assert_eq!(workspace.finding(&plain).runs[0].gauge, "worst-case");
    assert_eq!(workspace.finding(&tight).runs[0].gauge, "tight");
}

#[test]
fn leave_one_out_takes_the_best_other_term() {
    let workspace = Workspace::with_terms();
    let found = values(&workspace.experiment("leave-one-out run"));
    let told = workspace.run("assign run --split train --top 2 --json").json();
    let images = told["assignments"].as_array().unwrap();
    let class = |image: &Value| {
        let best = image["best"].as_array().unwrap().iter();
        let other = |term: &&Value| term["training_image"] != image["image"];
        best.clone().find(other).unwrap()["class"].clone()
    };
    let share = |field: &str| {
        let same = images.iter().filter(|image| class(image) == image[field]);
        same.count() as f64 / images.len() as f64
    };
    assert_eq!(found["agreement"], share("network"));
    assert_eq!(found["accuracy"], share("label"));
}

#[test]
fn terms_are_exact_at_their_own_images() {
    let workspace = Workspace::with_run();
    let found = values(&workspace.experiment("exactness run --precision f64"));
    assert_eq!((found["agreement"], found["own term is maximal"]), (1.0, 1.0));
    assert!(found["value error"] < 1e-10 && found["smallest coefficient"] >= 0.0);
}

#[test]
fn conditional_frequencies_add_up() {
    let workspace = Workspace::with_run();
    workspace.experiment("implications run");
    let rows = |name: &str| {
        let path = workspace.path("run/reports/implications").join(format!("{name}.csv"));
        let text = fs::read_to_string(path).unwrap();
        let row = |line: &str| -> Vec<f64> {
            line.split(',').skip(1).filter_map(|field| field.parse().ok()).collect()
        };
        text.lines().skip(1).map(row).collect::<Vec<_>>()
    };
    assert_eq!(rows("counts").concat().iter().sum::<f64>(), 60.0);
    assert!((rows("joint").concat().iter().sum::<f64>() - 1.0).abs() < 1e-12);
    for row in [rows("function-given-network"), rows("network-given-function")].concat() {
        assert!(row.is_empty() || (row.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{row:?}");
    }
}

/// All terms, images that are moved by 0 pixels, and terms that are moved by 0 pixels give the
/// numbers of `generalization`.
#[test]
fn experiments_without_change_equal_generalization() {
    let workspace = Workspace::with_run();
    let plain = values(&workspace.experiment("generalization run"));
    let all = values(&workspace.experiment("subset run --set shares=[1.0]"));
    assert_eq!(all["agreement with 100 %"], plain["agreement"]);
    assert_eq!(all["accuracy with 100 %"], plain["accuracy"]);
    let moved = values(&workspace.experiment("shifted-terms run --set shifts=[0]"));
    assert_eq!((moved["agreement"], moved["accuracy"]), (plain["agreement"], plain["accuracy"]));
    let slid = values(&workspace.experiment("slide run --set distances=[0]"));
    for rule in ["maximum", "sum"] {
        assert_eq!(slid[&format!("agreement, {rule}, 0")], plain["agreement"]);
    }
    let still = values(&workspace.experiment("translation run --set shifts=[0]"));
    for fill in ["zero fill", "nearest fill"] {
        assert_eq!(still[&format!("function: label kept, {fill}")], 1.0);
        assert_eq!(still[&format!("network: accuracy, {fill}")], plain["network accuracy"]);
    }
}

#[test]
fn a_network_equals_its_copy() {
    let workspace = Workspace::with_run();
    let found = values(&workspace.experiment("networks run run"));
    assert_eq!((found["same class"], found["distance"]), (1.0, 0.0));
    assert!(found["angle"] < 1e-4 && (found["correlation per point"] - 1.0).abs() < 1e-9);
}

#[test]
fn experiments_use_the_checkpoints() {
    let workspace = Workspace::new();
    let train = train("run").replace("--epochs 1", "--epochs 2 --checkpoints 0,1");
    workspace.run(&train).succeeded();
    let found = workspace.experiment("generalization run --epochs all");
    assert_eq!(found["subjects"][0]["epochs"], json!([0, 1, 2]));
    let table =
        fs::read_to_string(workspace.path("run/reports/generalization/by-epoch.csv")).unwrap();
    let epochs: Vec<_> =
        table.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(epochs, ["0", "1", "2"]);
    for folder in ["epoch-0000/train-worst-case", "epoch-0001/train-worst-case", "train-worst-case"]
    {
        assert!(
            workspace.path("run/terms").join(folder).join("manifest.json").exists(),
            "{folder}"
        );
    }
    let last = workspace.experiment("generalization run");
    assert_eq!(values(&last)["agreement"], values(&found)["agreement"]);
    workspace.run("experiment generalization run --epochs 0,7").failed(&["epoch 7", "run"]);
}

#[test]
fn shuffled_labels_are_part_of_a_run() {
    let workspace = Workspace::with_run();
    workspace.run(&(train("shuffled") + " --shuffle-labels 3")).succeeded();
    let config = fs::read_to_string(workspace.path("shuffled/config.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&config).unwrap()["shuffled_labels"], 3);
    workspace.run(&train("shuffled")).failed(&["shuffled"]);
    workspace.run(&(train("shuffled") + " --shuffle-labels 4")).failed(&["shuffled"]);
    let said = workspace.run(&(train("shuffled") + " --shuffle-labels 3")).succeeded();
    assert!(said.contains("nothing to do"), "{said}");
    workspace.run("extract shuffled").succeeded();
    workspace.run("evaluate shuffled").succeeded();
    let found = workspace.experiment("random-labels run shuffled --set random_points=50");
    let values = values(&found);
    assert!(values.contains_key("agreement, true labels"), "{found}");
    assert!(values.contains_key("agreement at random points, shuffled labels"), "{found}");
    assert_eq!(found["subjects"][1]["shuffled_labels"], true);
}

#[test]
fn several_experiments_run_at_once() {
    let workspace = Workspace::with_run();
    let told = workspace.run("experiment subset,exactness run --set subset.draws=1 --json").json();
    let reports = told["reports"].as_array().unwrap();
    let names: Vec<_> = reports.iter().map(|report| report["experiment"].as_str()).collect();
    assert_eq!(names, [Some("exactness"), Some("subset")]);
    assert_eq!((&told["left_out"], &told["damaged"]), (&json!([]), &json!([])));
}

#[test]
fn all_names_the_experiments_that_it_leaves_out() {
    let workspace = Workspace::with_run();
    let settings = "--set boundary.points=20 --set boundary.nearest_points=3 \
                    --set boundary.class_points=3 --points 20";
    let said = workspace.run(&format!("experiment all run {settings}")).succeeded();
    let line = said.lines().find(|line| line.starts_with("left out")).unwrap();
    assert!(line.contains("networks, random-labels (they compare runs"), "{line}");
    let told = workspace.run(&format!("experiment all run {settings} --json")).json();
    assert_eq!(told["left_out"], json!(["networks", "random-labels"]));
}

#[test]
fn invalid_experiments_are_refused() {
    let workspace = Workspace::with_run();
    let run = |arguments: &str| workspace.run(&format!("experiment {arguments}"));
    run("exactnes run").failed(&["unknown experiment `exactnes`", "exactness"]);
    run("networks run").failed(&["networks compares runs: name two or more"]);
    run("subset none").failed(&["no run in none"]);
    run("run subset").failed(&["run is a folder", "`tropex experiment subset run`"]);
    run("count,,subset run").failed(&["`count,,subset` lacks an experiment"]);
    run("count,subest run").failed(&["unknown experiment `subest` (did you mean subset?)"]);
    run("count run --gauge tight,tight").failed(&["--gauge names tight twice"]);
    run("count run --page run").failed(&["cannot write run: it is a folder"]);
    run("count run --set subset.draws=1")
        .failed(&["subset is not one of the requested experiments"]);
    run("subset run --set draws=x")
        .failed(&["subset: draws: found the text \"x\", expected a whole"]);
    run("count run --epochs x").misused(&["--epochs", "expected last, all, or epochs"]);
    run("subset run --set draw=1").failed(&["subset", "draw", "draws"]);
    run("subset run --set draws=0").failed(&["subset: draws is 0"]);
    run("subset run --set draws=1000000000000").failed(&["subset: draws is"]);
    run("count run --set decimals=16").failed(&["count: decimals is 16, expected at most 15"]);
    run("random-labels run run --set random_points=1000000000000").failed(&["random_points is"]);
    run("generalization run --set random_points=1000000000000").failed(&["random_points is"]);
    run("generalization run --set ranges=[[1,0]]").failed(&["ranges: [1.0, 0.0] is not a range"]);
    run("boundary run --set points=0").failed(&["boundary: points is 0, expected at least 1"]);
    run("boundary run --set ranges=[[-4e38,1]]").failed(&["boundary: ranges"]);
    run("subset run --set shares=[2.0]").failed(&["subset: shares"]);
    run("slide run --set rules=[\"mean\"]").failed(&["slide", "mean", "maximum"]);
    run("translation run --set shifts=[]").failed(&["translation: shifts and fills"]);
    run("all run --set draws=1").failed(&["--set draws", "EXPERIMENT.draws"]);
    run("subset run --set draws").misused(&["PARAMETER=VALUE"]);
    run("subset").misused(&["RUN"]);
    run("subset run --points 0").misused(&["--points"]);
    workspace.run("extract run --limit 30").succeeded();
    run("subset run --limit 40").failed(&["run/terms/train-worst-case", "40"]);
    let report = workspace.experiment("generalization run");
    assert_eq!(report["subjects"][0]["terms"], 30, "the terms that are there");
    run("shifted-terms run --set shifts=[-2147483648]").succeeded();
    fs::create_dir_all(workspace.path("run/reports/count/finding.json")).unwrap();
    run("count run").failed(&["count"]);
    assert!(Path::new(&workspace.path("run/reports/index.html")).exists());
}

/// A network with all units inactive has terms of zeros. A network with all units inactive at half
/// of the images has some terms of zeros.
#[test]
fn dead_networks_are_recognised() {
    let workspace = Workspace::with_run();
    let imported = |bias: f32, out: &str| {
        edit_weights(&workspace, |tensors| {
            let first = tensors.values_mut().find(|(shape, _)| shape.len() == 1).unwrap();
            first.1 = bias.to_le_bytes().repeat(first.0[0]);
        });
        let import = "import fcn4 --weights w.safetensors --dataset file:data.safetensors";
        workspace.run(&format!("{import} --out {out}")).ended(); // warns: near chance
    };
    imported(-1e4, "dead");
    let report = |run: &str, name: &str| {
        let told = workspace.run(&format!("experiment {name} {run} --points 40 --json")).json();
        told["reports"][0].clone()
    };
    let value = |report: &Value, name: &str| {
        let values = report["values"].as_array().unwrap();
        values.iter().find(|value| value["name"] == name).unwrap()["value"].clone()
    };
    let found = report("dead", "coefficients");
    assert!(found["text"].as_str().unwrap().starts_with("All terms are zero: the network is dead"));
    assert_eq!(value(&found, "effective rank"), 0.0);
    assert_eq!(value(&found, "directions for 99 %"), 0.0);
    assert_eq!(value(&found, "terms of zeros"), 40.0);
    let parts = ["all terms are zero: the network is dead at all ", " images"];
    let extracted = workspace.run("extract dead --limit 20 --json").warned(&parts);
    let extracted: Value = serde_json::from_str(&extracted).unwrap();
    let warning = extracted["warnings"][0].as_str().unwrap();
    assert!(warning.contains("at all 20 train images"), "{warning}");
    workspace.run("extract dead --limit 20").ended();
    let inspected = workspace.run("inspect dead --json").warned(&parts);
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    assert!(inspected["warnings"][0].as_str().unwrap().contains("random images"), "{inspected}");
    workspace.run("inspect dead").warned(&parts);
    assert_eq!(workspace.run("inspect run --json").json()["warnings"], json!([]));
    assert_eq!(workspace.run("extract run --limit 20 --json").json()["warnings"], json!([]));
    let found = report("dead", "similarity");
    let text = found["text"].as_str().unwrap();
    assert!(text.contains("0 of 40 test images (the others have terms of zeros)"), "{text}");
    assert_eq!(value(&found, "angle"), Value::Null);
    assert_eq!(value(&found, "pairs with an angle"), 0.0);
    assert_eq!(value(&found, "distance"), 0.0);
    let said = workspace.run("experiment similarity dead --points 40").succeeded();
    assert!(!said.contains("NaN") && said.contains("nothing to measure"), "{said}");
    let measures =
        fs::read_to_string(workspace.path("dead/reports/similarity/measures.csv")).unwrap();
    let lines: Vec<Vec<&str>> = measures.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[1][..5], ["all", "40", "0", "", ""], "{measures}");
    let found = report("dead", "count");
    let text = found["text"].as_str().unwrap();
    assert_eq!(value(&found, "different terms, both"), 1.0, "{text}");
    let page = fs::read_to_string(workspace.path("dead/reports/similarity/finding.json")).unwrap();
    assert!(page.contains("The mean of angle is taken over 0 of 40 pairs"), "{page}");
    assert!(page.contains("stands for a missing number"), "{page}");
}
