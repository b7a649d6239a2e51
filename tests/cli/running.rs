//! Running commands. A test stops or kills them at defined moments: when files appear.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::yield_now;

use rustix::process::{Pid, Signal, WaitId, WaitidOptions, kill_process, waitid};
use safetensors::SafeTensors;
use serde_json::Value;

use super::{CommandOutcome, Workspace};

/// A running command, and the folder into which it writes.
pub(super) struct Running {
    child: Child,
    arguments: String,
    folder: PathBuf,
    /// All files and folders that have been seen in the folder.
    known: BTreeSet<Entry>,
}

/// The path and inode of a file or folder. A replaced file has another inode.
type Entry = (PathBuf, u64);

impl Running {
    /// Starts a command that writes into a folder.
    pub(super) fn start(workspace: &Workspace, arguments: &str, folder: &str) -> Self {
        let mut command = workspace.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::spawn(&mut command, arguments, workspace.path(folder))
    }

    pub(super) fn spawn(command: &mut Command, arguments: &str, folder: PathBuf) -> Self {
        let known = entries(&folder);
        let child = command.spawn().unwrap();
        Self { child, arguments: arguments.into(), folder, known }
    }

    /// Waits until `count` files or folders have appeared since the start. False if the command
    /// ended before.
    pub(super) fn wait_for_files(&mut self, count: usize) -> bool {
        let before = self.known.len();
        self.wait_until(|running| {
            running.known.extend(entries(&running.folder));
            running.known.len() >= before + count
        })
    }

    /// Waits for an event. False if the command ended before.
    pub(super) fn wait_until(&mut self, mut event: impl FnMut(&mut Self) -> bool) -> bool {
        loop {
            let ended = self.child.try_wait().unwrap().is_some();
            if event(self) {
                return !ended;
            }
            if ended {
                return false;
            }
            yield_now();
        }
    }

    /// Stops the command until it is [continued](Self::go_on) or killed. False if the command ended
    /// before.
    pub(super) fn stop(&mut self) -> bool {
        self.signal(Signal::Stop);
        let events = WaitidOptions::STOPPED | WaitidOptions::EXITED | WaitidOptions::NOWAIT;
        waitid(WaitId::Pid(self.pid()), events).unwrap().is_some_and(|status| status.stopped())
    }

    pub(super) fn go_on(&self) {
        self.signal(Signal::Cont);
    }

    pub(super) fn signal(&self, signal: Signal) {
        // The process has not been waited for, so no other process has its number.
        let _ = kill_process(self.pid(), signal);
    }

    pub(super) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Kills the command without a chance to clean up, like a power cut.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end of the command.
    pub(super) fn end(self) -> CommandOutcome {
        let output = self.child.wait_with_output().unwrap();
        CommandOutcome {
            command: format!("tropex {}", self.arguments),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn entries(folder: &Path) -> BTreeSet<Entry> {
    let mut found = BTreeSet::new();
    // Files appear and disappear during the walk, so errors are left out.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            found.extend(entries(&entry.path()));
        }
        found.insert((entry.path(), metadata.ino()));
    }
    found
}

/// Starts a command and kills it when `files` files have appeared. Before that, stops the command
/// and checks the files. False if the command succeeded before it could be killed.
pub(super) fn kill_at(workspace: &Workspace, arguments: &str, folder: &str, files: usize) -> bool {
    let mut running = Running::start(workspace, arguments, folder);
    if running.wait_for_files(files) && running.stop() {
        assert_whole(&workspace.path(folder));
        running.kill();
        return true;
    }
    running.end().succeeded();
    false
}

/// Asserts that every file in a folder can be read, except for temporary files.
pub(super) fn assert_whole(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        if path.is_dir() {
            assert_whole(&path);
        } else if !name.starts_with('.') {
            let content = fs::read(&path).unwrap();
            let is_whole = match path.extension().and_then(|end| end.to_str()) {
                Some("safetensors") => SafeTensors::deserialize(&content).is_ok(),
                Some("json") => serde_json::from_slice::<Value>(&content).is_ok(),
                _ => !content.is_empty(),
            };
            assert!(is_whole, "{} is a part of a file", path.display());
        }
    }
}
