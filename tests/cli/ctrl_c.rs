//! Ctrl-C: the command prints what is saved and how to continue, and the printed command continues.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::thread::yield_now;

use rustix::process::Signal;
use serde_json::Value;

use super::running::{Running, assert_whole};
use super::{ARCHITECTURE, CommandOutcome, Workspace, files};

/// Bounds of a network for which some formulas do not finish.
#[cfg(target_os = "linux")]
const ENDLESS: &str = "bounds --widths 500000,2000000,2000000,2 --time-limit 1000000";

impl CommandOutcome {
    /// The parts of the line that an interrupt prints: what is saved, whether the printed command
    /// continues or starts again, and the command.
    fn interrupted(self, code: i32) -> [String; 3] {
        let Self { command, code: found, stdout, stderr } = self;
        assert_eq!((found, stdout.as_str()), (Some(code), ""), "{command}: {stderr}");
        let line = stderr.strip_suffix('\n').unwrap_or_else(|| panic!("{command}: {stderr:?}"));
        assert!(!line.contains('\n'), "{command}: {stderr}");
        let line = line.strip_prefix("interrupted: ").unwrap_or_else(|| panic!("{line}"));
        let (kept, rest) = line.split_once("; the same command ").unwrap();
        let (how, again) = rest.split_once(": ").unwrap();
        [kept, how, again].map(str::to_owned)
    }
}

/// Runs a command that writes into a folder, stops it at an event, and interrupts it. `None` if the
/// command ended before the event.
fn interrupt_at(
    workspace: &Workspace,
    arguments: &str,
    folder: &str,
    signal: Signal,
    event: impl FnMut(&mut Running) -> bool,
) -> Option<CommandOutcome> {
    let mut running = Running::start(workspace, arguments, folder);
    if running.wait_until(event) && running.stop() {
        running.signal(signal);
        running.go_on();
    }
    let outcome = running.end();
    if outcome.code == Some(0) { None } else { Some(outcome) }
}

/// Number of epochs that a run has recorded.
fn epochs(run: &Path) -> usize {
    let config = fs::read(run.join("config.json")).unwrap_or_default();
    let config: Value = serde_json::from_slice(&config).unwrap_or_default();
    config["metrics"].as_array().map_or(0, Vec::len)
}

/// Runs a printed command line in a shell.
fn run_printed(workspace: &Workspace, line: &str) {
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(workspace.folder.path());
    command.env("TROPEX_OFFLINE", "1").env("TROPEX_DATA", workspace.path("cache"));
    assert_eq!(CommandOutcome::of(&mut command).code, Some(0), "{line}");
}

/// Asserts that no temporary file and no lock of an ended process is left.
fn assert_clean(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().into_string().unwrap();
        assert!(!name.starts_with(".tropex-") && name != ".lock", "{name} is left");
        if entry.path().is_dir() {
            assert_clean(&entry.path());
        }
    }
}

#[test]
fn an_interrupted_training_prints_its_epochs_and_continues() {
    let train = |run: &str| {
        format!(
            "train {ARCHITECTURE} --dataset file:data.safetensors --epochs 20 --checkpoints 0,20 \
             --out {run}"
        )
    };
    for (signal, code) in [(Signal::Int, 130), (Signal::Term, 143)] {
        // The test starts again if the training ends before the interrupt.
        let (workspace, outcome) = loop {
            let workspace = Workspace::new();
            // Shells need the apostrophe quoted.
            let run = workspace.path("it's");
            let event = |_: &mut Running| epochs(&run) >= 2;
            if let Some(outcome) = interrupt_at(&workspace, &train("it's"), "it's", signal, event) {
                break (workspace, outcome);
            }
        };
        let outcome = CommandOutcome { stdout: String::new(), ..outcome }; // no lines of epochs
        let [kept, how, command] = outcome.interrupted(code);
        let done = epochs(&workspace.path("it's"));
        assert_eq!(kept, format!("{done} of 20 epochs are kept in it's"));
        assert!(how == "continues" && command.contains("--out \"it's\""), "{how}: {command}");
        assert_whole(workspace.folder.path());
        assert_clean(workspace.folder.path());
        run_printed(&workspace, &command);
        workspace.run(&train("whole")).succeeded();
        let weights = |run: &str| fs::read(workspace.path(run).join("model.safetensors")).unwrap();
        assert!(weights("it's") == weights("whole"));
    }
}

/// Interrupts an extraction as soon as a file exists, and continues it with the printed command.
fn interrupt_extraction(images: usize, gauge: &str, file: &str) -> String {
    let workspace = Workspace::with_images(images, 10);
    let extract = |run: &str| {
        format!("extract {run} --classes all --check 20 --shard-megabytes 1 --gauge {gauge}")
    };
    for run in ["run", "whole"] {
        let train = format!("train {ARCHITECTURE} --dataset file:data.safetensors --epochs 0");
        workspace.run(&format!("{train} --out {run}")).succeeded();
    }
    let terms = workspace.path(&format!("run/terms/train-{gauge}"));
    let outcome = loop {
        let _ = fs::remove_dir_all(workspace.path("run/terms"));
        let event = |_: &mut Running| terms.join(file).exists();
        let outcome = interrupt_at(&workspace, &extract("run"), "run", Signal::Int, event);
        if let Some(outcome) = outcome {
            break outcome;
        }
    };
    let [kept, how, command] = outcome.interrupted(130);
    assert_eq!(how, "continues");
    assert_clean(&terms);
    run_printed(&workspace, &command);
    workspace.run(&extract("whole")).succeeded();
    let found = |run: &str| {
        let files = files(&workspace.path(&format!("{run}/terms/train-{gauge}")));
        files.into_iter().map(|(_, content)| content).collect::<Vec<_>>()
    };
    assert!(found("run") == found("whole"), "{kept}");
    kept
}

#[test]
fn an_interrupted_extraction_keeps_its_shards() {
    let kept = interrupt_extraction(3000, "worst-case", "manifest.json");
    let points = kept.strip_prefix("terms of ").unwrap_or_else(|| panic!("{kept}"));
    let points = points.strip_suffix(" of 3,000 points are kept in run/terms/train-worst-case");
    assert!(points.is_some(), "{kept}");
}

#[test]
fn an_interrupted_calibration_keeps_its_trials() {
    let kept = interrupt_extraction(300, "calibrated", "search.json");
    assert!(kept.contains(" kept in run/terms/train-calibrated"), "{kept}");
}

/// Whether a process has installed a handler for SIGINT.
#[cfg(target_os = "linux")]
fn catches_interrupts(running: &Running) -> bool {
    let status = format!("/proc/{}/status", running.pid().as_raw_nonzero());
    let status = fs::read_to_string(status).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & 1 << (Signal::Int as u32 - 1) != 0)
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_without_saved_state_starts_again() {
    let workspace = Workspace::new();
    // The bounds do not finish before the interrupt.
    for flags in ["", " --json", " --quiet"] {
        let bounds = format!("{ENDLESS}{flags}");
        let event = |running: &mut Running| catches_interrupts(running);
        let outcome = interrupt_at(&workspace, &bounds, ".", Signal::Int, event).unwrap();
        let [kept, how, command] = outcome.interrupted(130);
        assert_eq!(kept, "this command saves nothing before its end");
        assert!(how == "starts again" && command.contains(" bounds --widths "), "{how}: {command}");
    }
}

/// A command whose result is many times larger than the buffer of a pipe.
const LONG: &str = "assign run --split train --top 40 --json";

#[test]
fn an_interrupt_waits_for_the_end_of_a_result() {
    let workspace = Workspace::with_terms();
    let mut running = Running::start(&workspace, LONG, ".");
    let mut begin = [0];
    running.child().stdout.as_mut().unwrap().read_exact(&mut begin).unwrap();
    running.signal(Signal::Int);
    let outcome = running.end();
    assert!([Some(0), Some(130)].contains(&outcome.code), "{:?}", outcome.code);
    let text = format!("{}{}", begin[0] as char, outcome.stdout);
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(told["images"], 200);
    assert!(text.len() > 1 << 20, "the result is larger than a pipe");
}

#[test]
fn a_second_interrupt_ends_a_command_that_waits() {
    let workspace = Workspace::with_terms();
    let mut running = Running::start(&workspace, LONG, ".");
    let mut begin = [0];
    running.child().stdout.as_mut().unwrap().read_exact(&mut begin).unwrap();
    // The test stops reading, so the command waits with its result after the first interrupt.
    let status = loop {
        running.signal(Signal::Int);
        if let Some(status) = running.child().try_wait().unwrap() {
            break status;
        }
        yield_now();
    };
    assert_eq!(status.code(), Some(130));
}
