//! Evaluations, assignments and experiments in parts, and studies in tasks: the results are those
//! of one process.

use std::fs;

use serde_json::{Value, json};

use super::{ARCHITECTURE, Workspace, files};

/// A workspace with a run that has terms, and with more images than one batch of a part.
fn workspace() -> Workspace {
    let workspace = Workspace::with_images(1200, 600);
    let train =
        format!("train {ARCHITECTURE} --dataset file:data.safetensors --epochs 1 --out run");
    workspace.run(&train).succeeded();
    workspace.run("extract run --gauge tight").succeeded();
    workspace
}

/// The result of a command without its time.
fn told(workspace: &Workspace, command: &str) -> Value {
    let mut told = workspace.run(&format!("{command} --json")).json();
    told.as_object_mut().unwrap().remove("seconds");
    told
}

/// Does all parts of a command, the last one first.
fn do_parts(workspace: &Workspace, command: &str, parts: usize) {
    for part in (1..=parts).rev() {
        workspace.run(&format!("{command} --part {part}/{parts}")).succeeded();
    }
}

/// Does all tasks that a submission would hand over.
fn do_tasks(workspace: &Workspace, submission: &str) -> usize {
    let dry = format!("submit --engine hyperqueue --dry-run --json {submission}");
    let told = workspace.run(&dry).json();
    let tasks = told["plan"].as_array().unwrap();
    assert_eq!(told["tasks"], json!(tasks.len()));
    for (task, id) in tasks.iter().zip(1..) {
        assert_eq!(task["id"], json!(id));
        assert!(task["after"].as_array().unwrap().iter().all(|other| other.as_u64().unwrap() < id));
        let words = task["command"].as_array().unwrap();
        let words: Vec<_> = words.iter().map(|word| word.as_str().unwrap()).collect();
        workspace.run(&words[1..].join(" ")).succeeded();
    }
    tasks.len()
}

#[test]
fn parts_of_evaluations_and_assignments_find_what_one_process_finds() {
    let workspace = workspace();
    for command in ["evaluate run --gauge tight", "assign run --gauge tight --top 3"] {
        let expected = told(&workspace, command);
        for parts in [1, 3, 7] {
            do_parts(&workspace, command, parts);
            assert_eq!(told(&workspace, &format!("{command} --parts {parts}")), expected);
        }
    }
    let said = workspace.run("evaluate run --gauge tight --part 2/3").succeeded();
    assert!(said.contains("this part is already done; nothing to do"), "{said}");
    assert!(said.contains("part     2 of 3, 256 images"), "{said}");
    let train = "assign run --gauge tight --split train --limit 700";
    workspace.run(&format!("{train} --out whole.csv")).succeeded();
    let tasks = do_tasks(&workspace, &format!("--parts 2 -- {train} --out parts.csv"));
    assert_eq!(tasks, 3);
    let read = |name: &str| fs::read(workspace.path(name)).unwrap();
    assert!(read("parts.csv") == read("whole.csv"));
}

#[test]
fn unfinished_and_damaged_parts_are_named() {
    let workspace = workspace();
    let evaluate = "evaluate run --gauge tight --split train";
    workspace.run(&format!("{evaluate} --parts 3")).failed(&[
        "parts 1-3 of 3 are not finished",
        "the command is this one with --part 1/3 instead of --parts 3, and the others likewise",
    ]);
    do_parts(&workspace, evaluate, 3);
    let expected = told(&workspace, &format!("{evaluate} --parts 3"));
    let files = files(&workspace.path("run/partial"));
    assert_eq!(files.len(), 3);
    let (path, content) = &files[1];
    fs::write(path, &content[..content.len() - 1]).unwrap();
    workspace.run(&format!("{evaluate} --parts 3")).failed(&["part 2 of 3 is not finished"]);
    do_parts(&workspace, evaluate, 3);
    assert!(&fs::read(path).unwrap() == content);
    assert_eq!(told(&workspace, &format!("{evaluate} --parts 3")), expected);
    // Other terms are other work.
    workspace.run("extract run --gauge tight --replace --limit 300").succeeded();
    workspace.run(&format!("{evaluate} --parts 3")).failed(&["parts 1-3 of 3 are not finished"]);
    workspace.run("evaluate run --part 1/3").failed(&["no terms in"]);
    workspace.run("evaluate run --part 1/3 --parts 3").misused(&["cannot be used with"]);
    workspace.run("assign run --part 4/3").misused(&["expected I/N"]);
}

const EXPERIMENTS: &str =
    "exactness,generalization,implications,leave-one-out,nearest-terms,count,patterns";

#[test]
fn parts_of_experiments_find_what_one_process_finds() {
    let workspace = workspace();
    let options = "run --gauge tight --set generalization.random_points=300";
    let command = format!("experiment {EXPERIMENTS} {options}");
    do_parts(&workspace, &command, 3);
    workspace.run(&format!("{command} --parts 3")).succeeded();
    let joined = files(&workspace.path("run/reports"));
    workspace.run(&format!("{command} --again")).succeeded();
    let whole = files(&workspace.path("run/reports"));
    assert_eq!(joined.len(), whole.len());
    for ((path, joined), (_, whole)) in joined.iter().zip(&whole) {
        assert!(joined == whole, "{}", path.display());
    }
    let tasks = do_tasks(&workspace, &format!("--parts 2 -- {command} --again"));
    assert_eq!(tasks, 3);
    assert!(files(&workspace.path("run/reports")) == whole);
}

#[test]
fn experiments_that_are_not_done_in_parts_are_refused() {
    let workspace = workspace();
    for command in ["experiment boundary run --part 1/2", "experiment boundary run --parts 2"] {
        workspace.run(command).failed(&[
            "boundary is not done in parts; these are: exactness, generalization, implications",
            "count, patterns",
        ]);
    }
    let submit = |rest: &str| workspace.run(&format!("submit --engine slurm --dry-run {rest}"));
    submit("--parts 2 -- experiment subset run").failed(&["subset is not done in parts"]);
    submit("-- evaluate run").failed(&["--parts is missing"]);
    submit("--parts 2 -- evaluate run --part 1/2").failed(&["leave them out"]);
    submit("--parts 2 -- study quick").failed(&["--parts does not belong to a study"]);
    workspace.run("experiment count run --part 1/2").failed(&["no terms in"]);
    workspace
        .run("experiment count run --gauge tight --parts 2")
        .failed(&["parts 1-2 of 2 are not finished", "--part 1/2 instead of --parts 2"]);
}

const STUDY: &str = r#"
title = "Tasks"
seeds = [3, 4]
gauges = ["worst-case", "tight"]

[[network]]
name = "full"
architecture = "fcn4"
dataset = "file:data.safetensors"
training = { epochs = 1, batch_size = 32 }
terms = 20
shuffled-labels = true

[experiments]
names = ["generalization", "networks", "random-labels"]
points = 20
parameters = { random-labels = { random_points = 20 } }
"#;

#[test]
fn a_study_in_tasks_is_the_study_of_one_process() {
    let workspace = Workspace::new();
    fs::write(workspace.path("study.toml"), STUDY).unwrap();
    workspace.run("study study.toml --out whole").succeeded();
    let tasks = do_tasks(&workspace, "-- study study.toml --out tasks");
    assert_eq!(tasks, 3 + 2 + 1, "three trainings, the experiments of two runs, and the report");
    let numbers = |folder: &str| fs::read(workspace.path(folder).join("numbers.jsonl")).unwrap();
    assert!(numbers("tasks") == numbers("whole"));
    let experiments = "study study.toml --out alone --task experiments:full-seed4";
    workspace.run(experiments).succeeded();
    assert!(workspace.path("alone/runs/full-seed4/reports/generalization").exists());
    assert!(!workspace.path("alone/runs/full-seed3").exists());
    workspace.run("study study.toml --out alone --task train:full-seed5").failed(&[
        "there is no task train:full-seed5",
        "train:full-seed3, train:full-seed4, train:full-shuffled, experiments:full-seed3",
    ]);
    let script = workspace.run("submit --engine slurm --dry-run -- study study.toml").succeeded();
    assert!(
        script.contains("words=(train:full-seed3 train:full-seed4 train:full-shuffled)"),
        "{script}"
    );
    assert!(script.contains("--task \"${words[SLURM_ARRAY_TASK_ID - 1]}\""), "{script}");
}
