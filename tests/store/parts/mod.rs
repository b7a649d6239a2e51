//! Stores that parts extract together: byte for byte those of one process.

mod at_once;
mod calibrated;
mod damage;
mod equality;
mod mirrored;
mod plan;
mod repetition;
mod settings;
mod thousand;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tropex::extract::job::{PartNumber, PartOutcome, PartTask, Progress, StepWork};
use tropex::{Classes, Error, Extractor, Gauge, TermStore};

use super::{Fixture, files};

/// Stages of the test network: one maximum, and the way to the input.
const STAGES: usize = 2;

/// 70 points, 20 a shard, batches of 6 points: 14 batches, with a short one at the end of every
/// shard.
fn fixture(gauge: Gauge) -> Fixture {
    let mut fixture = Fixture::new();
    let network = fixture.extractor.network();
    fixture.extractor = Extractor::new(network, gauge, Classes::Predicted).unwrap();
    fixture.options.batch = Some(6);
    fixture
}

fn part(number: usize, of: usize) -> PartNumber {
    PartNumber::new(number, of).unwrap()
}

impl Fixture {
    fn run_part(&self, task: PartTask) -> Result<PartOutcome, Error> {
        self.run_part_watched(task, &|_| ControlFlow::Continue(()))
    }

    fn run_part_watched(
        &self,
        task: PartTask,
        progress: &dyn Fn(Progress) -> ControlFlow<()>,
    ) -> Result<PartOutcome, Error> {
        let (folder, extractor, cloud) = (self.folder(), &self.extractor, &self.cloud);
        TermStore::extract_part(&folder, extractor, cloud, task, &self.options, progress)
    }

    /// The tasks of all parts in an order that needs no waiting.
    fn tasks(&self, of: usize) -> Vec<PartTask> {
        let stages = if self.extractor.shifts().is_some() { 0 } else { STAGES };
        let parts = || PartNumber::all(of).map(PartTask::of);
        let stages = (1..=stages).flat_map(|stage| parts().map(move |t| t.with_stage(stage)));
        stages.chain(parts()).collect()
    }

    fn run_parts(&self, of: usize) {
        for task in self.tasks(of) {
            self.run_part(task).unwrap();
        }
    }

    fn merge(&self) -> Result<TermStore, Error> {
        let (folder, extractor, cloud) = (self.folder(), &self.extractor, &self.cloud);
        TermStore::merge(&folder, extractor, cloud, &self.options, &|_| ControlFlow::Continue(()))
    }

    fn reduce(&self, stage: usize, of: usize) -> Result<(), Error> {
        let (folder, extractor, cloud) = (self.folder(), &self.extractor, &self.cloud);
        TermStore::reduce_stage(&folder, extractor, cloud, (stage, of), &self.options)
    }

    /// Runs a task of a plan.
    fn run_task(&self, work: StepWork, part: Option<PartNumber>, of: usize) {
        let task = || PartTask::of(part.unwrap());
        match work {
            StepWork::Reduce(stage) => self.reduce(stage, of).unwrap(),
            StepWork::Stage(stage) => _ = self.run_part(task().with_stage(stage)).unwrap(),
            StepWork::Terms => _ = self.run_part(task()).unwrap(),
            _ => _ = self.merge().unwrap(),
        }
    }

    /// The error of a merge, which publishes nothing.
    fn merge_error(&self) -> String {
        let error = self.merge().unwrap_err().to_string();
        assert!(!self.file("manifest.json").exists());
        error
    }

    fn part_folder(&self, part: PartNumber) -> PathBuf {
        self.file(&format!("parts-of-{}/part-{}", part.of(), part.number()))
    }
}

/// The files of the store that one process extracts.
fn expected(gauge: Gauge) -> Vec<(String, Vec<u8>)> {
    let whole = fixture(gauge);
    whole.extract().unwrap();
    files(&whole.folder())
}

const GAUGES: [Gauge; 2] = [Gauge::WorstCase, Gauge::Tight];

/// Numbers of parts: one, some that cut shards, and more than there are batches.
const PARTS: [usize; 4] = [1, 4, 7, 30];

/// The files in a folder, without the folders in it.
fn files_only(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    files.sort();
    files
}
