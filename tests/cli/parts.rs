//! Extraction in parts: the tasks of a plan, their merge, and engines that run them. Stubs stand
//! for the commands of the engines: that of Slurm runs the jobs, that of HyperQueue records its
//! arguments.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::{ARCHITECTURE, CommandOutcome, Workspace, files};

/// Options under which the terms of 1,200 images are two shards and 13 batches.
const OPTIONS: &str = "--classes all --batch 100 --shard-megabytes 1 --check 20";

const GAUGES: [&str; 2] = ["worst-case", "tight"];

/// A workspace with two equal runs, `whole` and `parts`.
fn workspace() -> Workspace {
    let workspace = Workspace::with_images(1200, 10);
    for run in ["whole", "parts"] {
        let train =
            format!("train {ARCHITECTURE} --dataset file:data.safetensors --epochs 0 --out {run}");
        workspace.run(&train).succeeded();
    }
    workspace
}

/// The files below the terms of a run, by relative paths.
fn terms(workspace: &Workspace, run: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = workspace.path(run).join("terms");
    let relative = |path: PathBuf| path.strip_prefix(&folder).unwrap().to_owned();
    files(&folder).into_iter().map(|(path, content)| (relative(path), content)).collect()
}

/// The terms that one process extracts.
fn expected(workspace: &Workspace, gauge: &str) -> Vec<(PathBuf, Vec<u8>)> {
    workspace.run(&format!("extract whole --gauge {gauge} {OPTIONS}")).succeeded();
    let expected = terms(workspace, "whole");
    fs::remove_dir_all(workspace.path("whole/terms")).unwrap();
    expected
}

fn plan(workspace: &Workspace, gauge: &str, parts: usize) -> Value {
    let plan = format!("plan parts --gauge {gauge} {OPTIONS} --parts {parts} --json");
    workspace.run(&plan).json()
}

/// The words of a JSON list.
fn words(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

#[test]
fn the_tasks_of_a_plan_extract_the_terms_of_one_process() {
    let workspace = workspace();
    for gauge in GAUGES {
        let expected = expected(&workspace, gauge);
        let plan = plan(&workspace, gauge, 3);
        let tasks = plan["tasks"].as_array().unwrap();
        let stages = plan["stages"].as_u64().unwrap() as usize;
        assert_eq!((stages > 0, tasks.len()), (gauge == "tight", 4 * (stages + 1)));
        for (task, id) in tasks.iter().zip(1..) {
            assert_eq!(task["id"], json!(id));
            let is_before = |other: &Value| other.as_u64().unwrap() < id;
            assert!(task["after"].as_array().unwrap().iter().all(is_before), "{task}");
            let exists = |file: &&str| workspace.path(file).exists();
            assert!(words(&task["inputs"]).iter().all(exists), "{task}");
            let command = words(&task["command"]);
            assert_eq!(command[0], "tropex");
            // A task may be repeated.
            for _ in 0..2 {
                workspace.run(&command[1..].join(" ")).succeeded();
                assert!(words(&task["outputs"]).iter().all(exists), "{task}");
            }
        }
        assert!(terms(&workspace, "parts") == expected, "{gauge}");
        fs::remove_dir_all(workspace.path("parts/terms")).unwrap();
    }
}

#[test]
fn the_calibrated_gauge_is_searched_in_stages() {
    let workspace = workspace();
    // Scales are tried at all images, so that the check refutes none.
    let options = OPTIONS.replace("--check 20", "--check 1200");
    workspace.run(&format!("extract whole --gauge calibrated {options}")).succeeded();
    let plan = format!("plan parts --gauge calibrated {options} --parts 2 --json");
    let plan = workspace.run(&plan).json();
    let tasks = plan["tasks"].as_array().unwrap();
    // Six trials of four stages and a comparison, four stages under the full scale, terms and
    // check.
    assert_eq!((plan["stages"].as_u64(), tasks.len()), (Some(36), 36 * 2 + 35 + 1));
    for task in tasks {
        workspace.run(&words(&task["command"])[1..].join(" ")).succeeded();
    }
    assert!(terms(&workspace, "parts") == terms(&workspace, "whole"));
}

#[test]
fn a_plan_counts_what_an_extraction_takes() {
    let workspace = workspace();
    let extracted = workspace.run(&format!("extract whole {OPTIONS} --json")).json();
    let plan = plan(&workspace, "worst-case", 5);
    assert_eq!(plan["points_per_part"], json!([200, 300]));
    let numbers = ["points", "batch", "batches", "shards", "stages", "parts"];
    assert_eq!(numbers.map(|number| plan[number].as_u64().unwrap()), [1200, 100, 13, 2, 0, 5]);
    // A shard has a header of at most 2 KB.
    let [planned, stored] = [&plan, &extracted].map(|of| of["bytes"].as_u64().unwrap());
    assert!((planned..planned + 2 * 2048).contains(&stored), "{planned} and {stored} bytes");
    // One replay and four rows, one per class and the negative term, use every parameter once.
    let inspected = workspace.run("inspect whole --json").json();
    let operations = 2.0 * 5.0 * inspected["parameters"].as_f64().unwrap() * 1200.0;
    assert_eq!(plan["operations"].as_f64().unwrap(), operations);
    assert!(plan["memory_per_part"].as_u64().unwrap() > 1_000_000);
    let said = workspace.run("plan parts --gauge tight --parts 2 --batch 80").succeeded();
    for line in
        ["points      1,200 points in ", "parts       2 of 560 to 640 points", "rows        up to "]
    {
        assert!(said.contains(line), "no {line:?} in {said}");
    }
    assert!(!workspace.path("parts/terms").exists(), "a plan writes nothing");
}

#[test]
fn unfinished_parts_are_named_with_their_command() {
    let workspace = workspace();
    let parts = |task: &str| workspace.run(&format!("extract parts {OPTIONS} {task}"));
    parts("--part 1/3").succeeded();
    let command = "`tropex extract parts --classes all --check 20 --shard-megabytes 1";
    let merge = format!("merge parts {}", OPTIONS.replace("--batch 100 ", ""));
    workspace.run(&merge).failed(&["parts 2-3 of 3 are not finished", command, "--part 2/3`"]);
    let said = parts("--part 1/3").succeeded();
    assert!(said.contains("this part is already done; nothing to do"), "{said}");
    let stage = parts("--gauge tight --part 1/3 --stage 2");
    stage.failed(&[
        "parts 2-3 of 3 are not finished (stage 1)",
        "--batch 100 --part 2/3 --stage 1`",
    ]);
    let reduce = format!("{merge} --gauge tight --stage 1 --parts 3");
    workspace.run(&reduce).failed(&["parts 2-3 of 3 are not finished", "--part 2/3"]);
}

/// Writes an executable script into the folder `bin`.
fn stub(workspace: &Workspace, name: &str, script: &str) {
    let path = workspace.path("bin").join(name);
    fs::create_dir_all(workspace.path("bin")).unwrap();
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs `tropex` with the stubs on the path.
fn run_with_stubs(workspace: &Workspace, arguments: &str) -> CommandOutcome {
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", workspace.path("bin").display());
    let calls = workspace.path("calls");
    CommandOutcome::of(workspace.command(arguments).env("PATH", path).env("CALLS", calls))
}

/// An `sbatch` that runs the jobs at once, the parts in descending order, and records its
/// arguments.
const SBATCH: &str = r#"#!/bin/bash
set -e
echo "$*" >> "$CALLS"
job=$(cat)
last=1
while [ $# -gt 0 ]; do
    case $1 in --array) last=${2#1-};; esac
    shift
done
for ((part = last; part >= 1; part--)); do
    SLURM_ARRAY_TASK_ID=$part bash -c "$job" > /dev/null
done
echo "$(wc -l < "$CALLS");cluster"
"#;

fn submit(engine: &str, gauge: &str) -> String {
    format!(
        "submit --engine {engine} --parts 4 --cpus 2 -- extract parts --gauge {gauge} {OPTIONS}"
    )
}

#[test]
fn slurm_runs_arrays_that_depend_on_each_other() {
    let workspace = workspace();
    stub(&workspace, "sbatch", SBATCH);
    for gauge in GAUGES {
        let expected = expected(&workspace, gauge);
        let _ = fs::remove_file(workspace.path("calls"));
        let said = run_with_stubs(&workspace, &submit("slurm", gauge)).succeeded();
        let file = format!("parts/jobs/train-{gauge}/slurm.sh");
        assert!(said.contains(&file), "{said}");
        assert!(terms(&workspace, "parts") == expected, "{gauge}");
        fs::remove_dir_all(workspace.path("parts/terms")).unwrap();
        let calls = fs::read_to_string(workspace.path("calls")).unwrap();
        let steps = if gauge == "tight" { 10 } else { 2 };
        assert_eq!(calls.lines().count(), steps, "four stages with reductions, terms and merge");
        for (call, step) in calls.lines().zip(1..) {
            let is_array = step % 2 == 1;
            assert_eq!(call.contains(" --array 1-4"), is_array, "{call}");
            let after = format!(" --dependency afterok:{}", step - 1);
            assert_eq!(call.ends_with(&after), step > 1, "{call}");
            assert!(call.contains("--parsable --requeue") && call.contains("--cpus-per-task 2"));
        }
        let dry = submit("slurm", gauge).replace("submit", "submit --dry-run");
        let script = workspace.run(&dry).succeeded();
        assert_eq!(script, fs::read_to_string(workspace.path(&file)).unwrap());
    }
}

#[test]
fn hyperqueue_receives_a_file_of_tasks_with_dependencies() {
    let workspace = workspace();
    stub(&workspace, "hq", "#!/bin/sh\necho \"$*\" >> \"$CALLS\"\necho submitted");
    let submit =
        submit("hyperqueue", "tight").replace("-- extract", "--gpus 1 --option=--job=3 -- extract");
    let answered = run_with_stubs(&workspace, &submit).succeeded();
    assert!(answered.contains("submitted"), "{answered}");
    let file = "parts/jobs/train-tight/hyperqueue.toml";
    let calls = fs::read_to_string(workspace.path("calls")).unwrap();
    assert_eq!(calls, format!("job submit-file --job=3 {file}\n"));
    let job: toml::Value =
        toml::from_str(&fs::read_to_string(workspace.path(file)).unwrap()).unwrap();
    let (tasks, plan) = (job["task"].as_array().unwrap(), plan(&workspace, "tight", 4));
    let planned = plan["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), planned.len());
    for (task, planned) in tasks.iter().zip(planned) {
        let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
        let command: Vec<String> = task["command"].as_array().unwrap().iter().map(text).collect();
        assert_eq!(command[0], env!("CARGO_BIN_EXE_tropex"));
        assert_eq!(command[1..], words(&planned["command"])[1..]);
        let deps = task.get("deps").map_or(json!([]), |deps| json!(deps));
        assert_eq!((&json!(task["id"]), &deps), (&planned["id"], &planned["after"]));
        let resources = json!({ "resources": { "cpus": 2, "gpus/nvidia": 1 } });
        assert_eq!(json!(task["request"]), json!([resources]));
        assert!(text(&task["stdout"]).starts_with(workspace.path("parts").to_str().unwrap()));
    }
    assert!(!workspace.path("parts/terms").exists(), "nothing is extracted here");
}

#[test]
fn a_submission_follows_its_tasks_to_their_end() {
    let workspace = workspace();
    stub(&workspace, "sbatch", SBATCH);
    // The first question finds tasks that wait and run, the second one none; then Slurm forgets.
    let squeue = r#"#!/bin/bash
echo "$*" >> "$CALLS.asked"
case $(wc -l < "$CALLS.asked") in
    1) printf 'COMPLETED\nRUNNING\nPENDING\nNODE_FAIL\n';;
    2) printf 'COMPLETED\nCOMPLETED\n';;
    *) echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1;;
esac
"#;
    stub(&workspace, "squeue", squeue);
    let waiting = submit("slurm", "worst-case").replace("submit", "submit --wait");
    run_with_stubs(&workspace, &waiting).succeeded();
    let asked = fs::read_to_string(workspace.path("calls.asked")).unwrap();
    assert_eq!(asked.lines().count(), 2);
    assert!(asked.lines().all(|line| line.ends_with("--format %T --jobs 1,2")), "{asked}");
    run_with_stubs(&workspace, &waiting).succeeded();
    stub(&workspace, "squeue", "#!/bin/bash\nprintf 'COMPLETED\\nFAILED\\nCANCELLED\\n'");
    let failed = run_with_stubs(&workspace, &waiting);
    failed.failed(&["2 of 5 tasks failed or were cancelled", "the outputs of the tasks are in"]);
    stub(&workspace, "squeue", "#!/bin/bash\necho 'cannot reach the controller' >&2; exit 1");
    run_with_stubs(&workspace, &waiting).failed(&["cannot reach the controller"]);
    let hq = r#"#!/bin/bash
[ "$2" = submit-file ] && echo 'Job submitted successfully, job ID: 7' && exit
echo '[{"info": {"task_stats": {"waiting": 0, "running": 0, "failed": 0, "canceled": 0}}}]'
"#;
    stub(&workspace, "hq", hq);
    let waiting = submit("hyperqueue", "tight").replace("submit", "submit --wait");
    let said = run_with_stubs(&workspace, &waiting).succeeded();
    assert!(said.contains("job ID: 7"), "{said}");
}

#[test]
fn engines_that_are_missing_or_fail_are_named() {
    let workspace = workspace();
    fs::create_dir(workspace.path("bin")).unwrap();
    for (engine, command) in [("slurm", "sbatch"), ("hyperqueue", "hq")] {
        let arguments = submit(engine, "tight");
        let path = workspace.path("bin");
        let missing = CommandOutcome::of(workspace.command(&arguments).env("PATH", path));
        let said = format!("the command {command} of {engine} is not installed here");
        missing.failed(&[&said, "or print the file with --dry-run"]);
    }
    assert!(!workspace.path("parts/jobs").exists());
    let fails = "#!/bin/bash\necho 'sbatch: error: invalid partition' >&2\nexit 3";
    stub(&workspace, "sbatch", fails);
    let failed = run_with_stubs(&workspace, &submit("slurm", "tight"));
    failed.failed(&["parts/jobs/train-tight/slurm.sh` failed", "sbatch: error: invalid partition"]);
}

#[test]
fn a_failed_submission_cancels_the_jobs_before() {
    let workspace = workspace();
    stub(
        &workspace,
        "sbatch",
        "#!/bin/bash\necho \"$*\" >> \"$CALLS\"\n[ \"$(wc -l < \"$CALLS\")\" -lt 3 ] && echo 7",
    );
    stub(&workspace, "scancel", "#!/bin/bash\necho \"cancelled $*\" >> \"$CALLS\"");
    let failed = run_with_stubs(&workspace, &submit("slurm", "tight"));
    failed.failed(&["slurm.sh` failed"]);
    let calls = fs::read_to_string(workspace.path("calls")).unwrap();
    assert_eq!(calls.lines().last(), Some("cancelled 7 7"), "{calls}");
}

#[test]
fn what_cannot_be_cut_into_parts_is_refused() {
    let workspace = workspace();
    let submit = |rest: &str| workspace.run(&format!("submit --engine slurm --dry-run {rest}"));
    submit("--parts 2 -- train fcn4").misused(&["unrecognized subcommand 'train'"]);
    submit("--parts 2").misused(&["<COMMAND>"]);
    submit("--parts 0 -- extract parts").misused(&["expected a whole number of 1 or more"]);
    let engine = workspace.run("submit --engine pbs --parts 2 -- extract parts");
    engine.misused(&["slurm, hyperqueue"]);
    submit("--parts 2 -- extract parts --part 1/2").failed(&["--part", "leave it out"]);
    submit("--parts 2 -- extract parts --memory 1GB").failed(&["--memory does not work in parts"]);
    let many = workspace.run(&format!("plan parts {OPTIONS} --parts 14"));
    many.failed(&["14 parts are too many: the points make 13 batches", "--batch"]);
    let merge = workspace.run("merge parts --gauge tight --stage 1");
    merge.misused(&["--parts <N>"]);
}
