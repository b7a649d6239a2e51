//! The commands of the README and of all chapters. The cookbook has a test of its own.

use std::fs;
use std::path::{Path, PathBuf};

use super::onnx::Case;
use super::{ARCHITECTURE, CONVOLUTIONAL, CommandOutcome, Workspace};
use crate::docs::{chapters, root};

/// Words of the documents, and what the test calls instead: a small dataset, a small network, no
/// engine. A command keeps all its other words.
const REPLACED: [(&str, &str); 14] = [
    ("--dataset fashion-mnist-32", "--dataset file:data.safetensors"),
    ("--dataset fashion-mnist", "--dataset file:data.safetensors"),
    ("--dataset embedded", "--dataset file:data.safetensors"),
    ("--dataset cifar10", "--dataset file:data.safetensors"),
    ("train vgg-narrow ", "train vgg-narrow-strides "),
    ("train vgg ", "train vgg-narrow-strides "),
    ("import vgg ", "import vgg-narrow-strides "),
    ("extract vgg ", "extract runs/vgg "),
    ("evaluate vgg ", "evaluate runs/vgg "),
    (
        "import resnet18.onnx --dataset file:data.safetensors",
        "import m.onnx --dataset file:points.safetensors",
    ),
    ("submit --engine slurm", "submit --engine slurm --dry-run"),
    ("--parts 100", "--parts 3"),
    ("experiment all", "experiment all --points 10"),
    ("--time-limit 60", "--time-limit 1"),
];

/// Commands that take minutes or several processes, and the file that runs them.
const ELSEWHERE: [(&str, &str); 15] = [
    ("study quick", ".ci/run"),
    ("study mine.toml --out mine", ".ci/run"),
    ("study fashion", ".ci/run"),
    ("study studies/digits-and-clothes.toml --out digits-and-clothes", ".ci/run"),
    ("study fashion --task train:fcn4-seed0", "tests/cli/image_parts.rs"),
    ("study fashion --task experiments:fcn4-seed0", "tests/cli/image_parts.rs"),
    ("submit --engine slurm -- study fashion", "tests/cli/parts.rs"),
    ("extract runs/fcn4 --gauge tight --part 1/4", "tests/cli/parts.rs"),
    ("merge runs/fcn4 --gauge tight", "tests/cli/parts.rs"),
    ("evaluate runs/fcn4 --gauge tight --part 1/4", "tests/cli/image_parts.rs"),
    ("evaluate runs/fcn4 --gauge tight --parts 4", "tests/cli/image_parts.rs"),
    ("train fcn4 --out s3://bucket/runs/fcn4", ".ci/object_store_tests.py"),
    ("extract s3://bucket/runs/fcn4 --gauge tight --part 1/4", ".ci/object_store_tests.py"),
    ("merge s3://bucket/runs/fcn4 --gauge tight", ".ci/object_store_tests.py"),
    ("evaluate s3://bucket/runs/fcn4 --gauge tight", ".ci/object_store_tests.py"),
];

/// Subcommands of `cargo` and scripts are not run here; their names have to exist.
const NAMED_FILES: [(&str, &str); 2] =
    [("--example ", "examples/{}.rs"), ("--bench ", "crates/tropex/benches/{}.rs")];

/// README and chapters, in the order of their names.
fn pages() -> Vec<PathBuf> {
    let chapters = chapters().into_iter().filter(|path| !path.ends_with("cookbook.md"));
    let mut pages: Vec<_> = chapters.chain([root().join("README.md")]).collect();
    pages.sort();
    pages
}

/// The commands in the shell blocks of a page, without comments.
pub(super) fn commands(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap().replace("\\\n", "");
    let blocks = text.split("\n```").filter_map(|block| block.strip_prefix("sh\n"));
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.split(" #").next());
    let commands = lines.flat_map(|line| line.split("&&"));
    let words = |command: &str| command.split_whitespace().collect::<Vec<_>>().join(" ");
    commands.map(words).filter(|command| !command.is_empty()).collect()
}

/// A folder with the runs, weights and models that the documents name.
fn workspace() -> Workspace {
    let workspace = Case::new("mlp", "points").workspace;
    let train = |network: &str, options: &str| {
        let command = format!("train {network} --dataset file:data.safetensors {options}");
        workspace.run(&command).succeeded();
    };
    train(ARCHITECTURE, "--epochs 2 --checkpoints all --out runs/fcn4");
    train("--layers C4p1,BN,P,D8", "--epochs 1 --out runs/vgg");
    for (network, file) in [(CONVOLUTIONAL, "vgg.pt"), ("--layers C32p1,BN,P", "sequential.pt")] {
        train(network, "--epochs 0 --out weights");
        fs::rename(workspace.path("weights/model.safetensors"), workspace.path(file)).unwrap();
        fs::remove_dir_all(workspace.path("weights")).unwrap();
    }
    workspace
}

/// Replaces the terms that the commands of another page extracted.
fn extract_again(workspace: &Workspace) {
    for (run, gauge) in [("fcn4", "worst-case"), ("fcn4", "tight"), ("vgg", "calibrated")] {
        let terms = workspace.path("runs").join(run).join("terms");
        if terms.exists() && gauge != "tight" {
            fs::remove_dir_all(terms).unwrap();
        }
        workspace.run(&format!("extract runs/{run} --gauge {gauge}")).succeeded();
    }
}

/// The command that the test runs for a documented one.
fn replaced(command: &str) -> String {
    REPLACED.iter().fold(command.to_owned(), |command, (from, to)| command.replace(from, to))
}

/// Runs a documented command. Trainings and imports leave the runs that are there alone.
fn run(workspace: &Workspace, command: &str) -> CommandOutcome {
    let command = replaced(command);
    let command = command.split(['|', '>']).next().unwrap();
    let is_new = command.starts_with("train") || command.starts_with("import");
    match command.split_once(" --out ") {
        Some((start, run)) if is_new && workspace.path(run).exists() => {
            let outcome = workspace.run(&format!("{start} --out new"));
            let _ = fs::remove_dir_all(workspace.path("new"));
            outcome
        }
        _ => workspace.run(command),
    }
}

#[test]
fn all_commands_of_the_documents_work() {
    let workspace = workspace();
    let mut elsewhere = Vec::new();
    let (mut commands_run, mut failed) = (0, Vec::new());
    for page in pages() {
        extract_again(&workspace);
        for command in commands(&page) {
            let Some(arguments) = command.strip_prefix("tropex ") else { continue };
            match ELSEWHERE.iter().find(|(listed, _)| *listed == arguments) {
                Some((listed, _)) => elsewhere.push(*listed),
                None => {
                    let CommandOutcome { command, code, stderr, .. } = run(&workspace, arguments);
                    if code != Some(0) {
                        failed.push(format!("{}: {command}: {stderr}", page.display()));
                    }
                    commands_run += 1;
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join(""));
    assert!(commands_run >= 50, "{commands_run}");
    for (listed, file) in ELSEWHERE {
        assert!(elsewhere.contains(&listed), "no document has {listed}");
        assert!(root().join(file).exists(), "{file}");
    }
}

#[test]
fn examples_benchmarks_and_scripts_of_the_documents_exist() {
    for page in pages() {
        for command in commands(&page) {
            for (option, file) in NAMED_FILES {
                let name = command.split(option).nth(1).and_then(|rest| rest.split(' ').next());
                let exists = |name: &str| root().join(file.replace("{}", name)).exists();
                assert!(name.is_none_or(exists), "{}: {command}", page.display());
            }
            let is_script = command.starts_with(".ci/");
            assert!(!is_script || root().join(&command).exists(), "{}: {command}", page.display());
        }
    }
}
