//! Tests of the command `tropex`.

mod activations; // experiments on regions, compared with plain loops
mod arguments; // invalid commands, flags and numbers
mod assignment; // images and their maximal terms
mod bounds; // bounds on the number of linear regions
mod browser; // a browser that shows pages
mod brute_force; // experiments, term by term
#[cfg(feature = "flex")]
mod cookbook; // the commands of the cookbook
#[cfg(unix)]
mod ctrl_c; // interrupted commands
mod damage; // damaged runs and terms
mod datasets; // subsets, and unusual datasets
mod devices; // several devices for one command
#[cfg(unix)]
mod disk; // full disks
#[cfg(feature = "flex")]
mod documents; // the commands of README and chapters
mod experiments; // experiments
mod explorer; // pages of linear regions
#[cfg(target_os = "linux")]
mod faults; // failing disks
mod foreign; // runs of other programs
mod image_parts; // work on images in parts, and studies in tasks
mod images; // invalid datasets
#[cfg(unix)]
mod interruption; // commands killed at any moment
mod layers; // architectures that are layers in a line
#[cfg(target_os = "linux")]
mod memory; // too large networks and files
#[cfg(feature = "flex")]
mod onnx; // ONNX files as runs
#[cfg(unix)]
mod outputs; // output files
mod page; // the page of a study in a browser
#[cfg(unix)]
mod parts; // extraction in parts, and the engines that run it
mod precision; // precision of terms
mod processes; // several processes in one folder
mod python; // terms and findings read by Python
mod regions; // pictures of linear regions
#[cfg(unix)]
mod running; // running commands
mod settings; // terms of other settings, weights and images
mod study; // whole studies
#[cfg(unix)]
mod terminal; // progress
mod tight; // the tight gauge, and terms under the shifts of others
mod weights; // imports
mod workflow; // all commands, one after another

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize_to_file};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::chosen_device;

/// A network that trains quickly on images of 8 x 8, on every device.
const ARCHITECTURE: &str = "fcn4";

/// A network for tests that need convolutions or more layers.
const CONVOLUTIONAL: &str = "vgg-narrow-strides";

/// The commands that compute.
const COMPUTING: [&str; 14] = [
    "train",
    "import",
    "inspect",
    "extract",
    "merge",
    "plan",
    "submit",
    "evaluate",
    "assign",
    "precision",
    "region",
    "experiment",
    "study",
    "regions",
];

/// A working directory with a small dataset in `data.safetensors`.
struct Workspace {
    folder: TempDir,
}

impl Workspace {
    fn new() -> Self {
        Self::with_images(200, 60)
    }

    fn with_images(train: usize, test: usize) -> Self {
        let workspace = Self { folder: tempfile::tempdir().unwrap() };
        workspace.write_images("data.safetensors", train, test);
        workspace
    }

    /// A workspace with a finished run in `run`.
    fn with_run() -> Self {
        let workspace = Self::new();
        workspace.run(&train("run")).succeeded();
        workspace
    }

    /// A workspace with a finished run and its terms.
    fn with_terms() -> Self {
        let workspace = Self::with_run();
        workspace.run("extract run").succeeded();
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_images(&self, name: &str, train: usize, test: usize) {
        let splits = [("train", train, 1), ("test", test, 2)];
        let splits = splits.map(|(split, count, seed)| (split, images(count, seed), labels(count)));
        self.write_splits(name, &splits);
    }

    /// Writes splits with their images and labels.
    fn write_splits(&self, name: &str, splits: &[(&str, Vec<u8>, Vec<u8>)]) {
        let tensors = splits.iter().flat_map(|(split, images, labels)| {
            let count = labels.len() / 8;
            [
                (format!("{split}.images"), Dtype::U8, vec![count, 1, 8, 8], images),
                (format!("{split}.labels"), Dtype::I64, vec![count], labels),
            ]
        });
        write_tensors(&self.path(name), tensors);
    }

    /// Runs `tropex` with arguments that are separated by spaces.
    fn run(&self, arguments: &str) -> CommandOutcome {
        CommandOutcome::of(&mut self.command(arguments))
    }

    /// The command, on the device of `TROPEX_TEST_DEVICE` unless the arguments name one.
    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tropex"));
        command
            .args(arguments.split_whitespace())
            .args(device_arguments(arguments))
            .current_dir(self.folder.path())
            .env("TROPEX_OFFLINE", "1")
            .env("TROPEX_DATA", self.path("cache"))
            .stdin(Stdio::null());
        command
    }
}

fn device_arguments(arguments: &str) -> Vec<String> {
    let computes = arguments.split_whitespace().any(|word| COMPUTING.contains(&word));
    // Without the command that it hands over, `submit` takes no device.
    let is_cut_short = arguments.starts_with("submit") && !arguments.contains("-- ");
    let chosen = arguments.contains("--device") || arguments.starts_with("help") || is_cut_short;
    match chosen_device() {
        Some(device) if computes && !chosen => vec!["--device".into(), device],
        _ => Vec::new(),
    }
}

/// The command that trains a run in a folder.
fn train(folder: &str) -> String {
    format!("train {ARCHITECTURE} --dataset file:data.safetensors --epochs 1 --out {folder}")
}

/// Images of three classes: class k is bright in the k-th third and dim elsewhere, with noise.
fn images(count: usize, seed: usize) -> Vec<u8> {
    let pixel = |image: usize, pixel: usize| {
        let noise = (image * 64 + pixel).wrapping_mul(2_654_435_761).wrapping_add(seed << 7) >> 9;
        let bright = pixel * 3 / 64 == image % 3;
        (noise % 100) as u8 + if bright { 150 } else { 0 }
    };
    (0..count).flat_map(|image| (0..64).map(move |at| pixel(image, at))).collect()
}

fn labels(count: usize) -> Vec<u8> {
    (0..count).flat_map(|image| (image as i64 % 3).to_le_bytes()).collect()
}

fn write_tensors<'a>(
    path: &Path,
    tensors: impl IntoIterator<Item = (String, Dtype, Vec<usize>, &'a Vec<u8>)>,
) {
    let views = tensors
        .into_iter()
        .map(|(name, dtype, shape, bytes)| (name, TensorView::new(dtype, shape, bytes).unwrap()));
    serialize_to_file(views.collect::<Vec<_>>(), None, path).unwrap();
}

/// The result of a command.
struct CommandOutcome {
    command: String,
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl CommandOutcome {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let arguments = command.get_args().map(|argument| argument.to_string_lossy());
        Self {
            command: format!("tropex {}", arguments.collect::<Vec<_>>().join(" ")),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts success without standard error, and returns standard output.
    fn succeeded(self) -> String {
        let Self { command, code, stdout, stderr } = self;
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{command}");
        stdout
    }

    /// Asserts success, with or without warnings, and returns standard output.
    fn ended(self) -> String {
        let Self { command, code, stdout, stderr } = self;
        assert_eq!(code, Some(0), "{command}: {stderr}");
        let others = stderr.lines().find(|line| !line.starts_with("warning: "));
        assert_eq!(others, None, "{command}");
        stdout
    }

    /// Asserts success, and parses standard output as JSON.
    fn json(self) -> Value {
        let text = self.succeeded();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
    }

    /// Asserts success with one warning that contains all `parts`, and returns standard output.
    fn warned(self, parts: &[&str]) -> String {
        let Self { command, code, stdout, stderr } = self;
        assert_eq!(code, Some(0), "{command}: {stderr}");
        let warning = stderr.strip_prefix("warning: ").unwrap_or_else(|| panic!("{stderr:?}"));
        assert_eq!(warning.lines().count(), 1, "{command}: {stderr}");
        for part in parts {
            assert!(warning.contains(part), "{command}: no {part:?} in {warning:?}");
        }
        stdout
    }

    /// Asserts exit code 1 and one line of error that contains all `parts`.
    fn failed(self, parts: &[&str]) {
        let Self { command, code, stderr, .. } = self;
        assert_eq!(code, Some(1), "{command}: {stderr}");
        let line = stderr.strip_suffix('\n').unwrap_or_else(|| panic!("{command}: {stderr:?}"));
        assert!(line.starts_with("error: ") && !line.contains('\n'), "{command}: {stderr}");
        for word in ["panicked", "stopped unexpectedly", "unwrap", "RUST_BACKTRACE"] {
            assert!(!line.contains(word), "{command}: {line}");
        }
        assert!(line.matches("(os error").count() <= 1, "{command}: says it twice: {line}");
        for part in parts {
            assert!(line.contains(part), "{command}: no {part:?} in {line:?}");
        }
    }

    /// Asserts exit code 2 and an explanation that contains all `parts`.
    fn misused(self, parts: &[&str]) {
        let Self { command, code, stdout, stderr } = self;
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{command}: {stderr}");
        for part in parts {
            assert!(stderr.contains(part), "{command}: no {part:?} in {stderr}");
        }
    }
}

/// All files in a folder and below, with their contents, sorted by path.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push((entry.path(), fs::read(entry.path()).unwrap())),
        }
    }
    found.sort();
    found
}
