//! Networks and files that are too large for the memory.

use std::fs::{self, File};
use std::process::Command;

use safetensors::Dtype;

use super::{CommandOutcome, Workspace, write_tensors};
use crate::common::device_name;

impl Workspace {
    /// Runs `tropex` with an address space of the given size.
    pub(super) fn run_within(&self, gibibytes: usize, arguments: &str) -> CommandOutcome {
        let inner = self.command(arguments);
        let mut command = Command::new("sh");
        let script = format!("ulimit -c 0; ulimit -v {}; exec \"$0\" \"$@\"", gibibytes << 20);
        command.args(["-c", &script]).arg(inner.get_program()).args(inner.get_args());
        command.current_dir(self.folder.path());
        command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        CommandOutcome::of(&mut command)
    }
}

/// Whether the device uses the memory of the process. GPUs have an address space of their own.
pub(super) fn is_limited() -> bool {
    !["cuda", "wgpu"].iter().any(|gpu| device_name().contains(gpu))
}

/// Images of a million values each. `fcn4` has 784 parameters for each value.
fn write_wide_images(workspace: &Workspace) {
    let (images, labels) = (vec![0; 4_000_000], vec![0, 1, 0, 1]);
    let tensors = [
        ("images".to_owned(), Dtype::U8, vec![4, 1, 1, 1_000_000], &images),
        ("labels".to_owned(), Dtype::U8, vec![4], &labels),
    ];
    write_tensors(&workspace.path("wide.safetensors"), tensors);
}

#[test]
fn a_network_beyond_the_memory_is_refused_at_once() {
    if !is_limited() {
        return;
    }
    let workspace = Workspace::new();
    write_wide_images(&workspace);
    let train = "train fcn4 --dataset file:wide.safetensors --out run --quiet";
    workspace.run_within(4, train).failed(&[
        "fcn4 on images of 1x1x1000000 has 784 M parameters, 9.4 GB with the optimizer and 3.1 GB",
        "of memory are free: take smaller images",
    ]);
    workspace.run_within(3, &format!("{train} --epochs 0")).failed(&["784 M parameters, 3.1 GB;"]);
    assert!(!workspace.path("run").exists(), "no folder is left");
}

#[test]
fn a_failed_allocation_is_one_line() {
    if !is_limited() {
        return;
    }
    let workspace = Workspace::new();
    // A file of 64 GB that takes no space on the disk.
    File::create(workspace.path("numbers.jsonl")).unwrap().set_len(64_000_000_000).unwrap();
    workspace
        .run_within(4, "study quick --compare numbers.jsonl")
        .failed(&["error: out of memory: "]);
    fs::remove_file(workspace.path("numbers.jsonl")).unwrap();
}
