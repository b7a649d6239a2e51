//! Stores that parts extract together: byte for byte those of one process.

use std::cell::Cell;
use std::fs;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;

use tropex::extract::job::{PartNumber, PartOutcome, PartPlan, PartTask, Progress, StepWork};
use tropex::{Classes, Error, Extractor, Gauge, Precision, TermStore};

use super::{Cloud, Fixture, extractor, files, names};

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
        self.run_part_watched(task, &|_| {})
    }

    fn run_part_watched(
        &self,
        task: PartTask,
        progress: &dyn Fn(Progress),
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
        TermStore::merge(&folder, extractor, cloud, &self.options, &|_| {})
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

#[test]
fn merged_parts_equal_the_store_of_one_process() {
    for gauge in GAUGES {
        let expected = expected(gauge);
        assert_eq!(expected.len(), if gauge == Gauge::Tight { 6 } else { 5 });
        for of in PARTS {
            let fixture = fixture(gauge);
            fixture.run_parts(of);
            assert!(files_only(&fixture.folder()).is_empty(), "parts write to their own folders");
            fixture.merge().unwrap();
            assert!(files(&fixture.folder()) == expected, "{gauge}, {of} parts");
        }
    }
}

#[test]
fn the_order_of_parts_does_not_matter() {
    for gauge in GAUGES {
        let (fixture, of) = (fixture(gauge), 5);
        let mut tasks = fixture.tasks(of);
        // Within a stage, the parts come in another order.
        tasks.chunks_mut(of).enumerate().for_each(|(stage, tasks)| {
            tasks.reverse();
            tasks.rotate_left(stage + 1);
        });
        for task in tasks {
            let outcome = fixture.run_part(task).unwrap();
            let points = match outcome {
                PartOutcome::Stage { points, .. } | PartOutcome::Terms { points, .. } => points,
                outcome => panic!("{outcome:?}"),
            };
            assert!((12..=20).contains(&points), "{points}");
        }
        fixture.merge().unwrap();
        assert!(files(&fixture.folder()) == expected(gauge));
    }
}

#[test]
fn all_precisions_classes_and_shifts_of_other_points_can_be_divided() {
    let (precision, classes) = (crate::common::finest(), Classes::All);
    let first = fixture(Gauge::Tight);
    let store = first.extract().unwrap();
    let shifts = store.shifts(first.extractor.network()).unwrap();
    let under = Extractor::with_shifts(first.extractor.network(), &shifts, classes).unwrap();
    for extractor in [extractor(precision, classes), under] {
        let new = || {
            let mut fixture = Fixture::with(Cloud::new(70, 4), Precision::F32, classes, 20);
            fixture.extractor = extractor.clone();
            fixture
        };
        let (whole, divided) = (new(), new());
        whole.extract().unwrap();
        divided.run_parts(3);
        divided.merge().unwrap();
        assert!(files(&divided.folder()) == files(&whole.folder()));
    }
}

#[test]
fn reduced_stages_take_the_place_of_those_of_all_parts() {
    let (fixture, of) = (fixture(Gauge::Tight), 4);
    for stage in 1..=STAGES {
        let error = fixture.reduce(stage, of).unwrap_err().to_string();
        assert!(error.contains("1-4 of 4 are not finished"), "{error}");
        for part in PartNumber::all(of) {
            fixture.run_part(PartTask::of(part).with_stage(stage)).unwrap();
        }
        fixture.reduce(stage, of).unwrap();
        fixture.reduce(stage, of).unwrap();
    }
    // With the reduction, a part does not read the files of the others.
    for stage in 1..=STAGES {
        fs::write(fixture.part_folder(part(2, of)).join(format!("stage-{stage}.part")), "")
            .unwrap();
    }
    for number in [1, 3, 4] {
        fixture.run_part(PartTask::of(part(number, of))).unwrap();
    }
    // A damaged reduction is made again from the parts, and the second part repairs its stages.
    let reduced = fixture.file("parts-of-4/stage-1.part");
    let intact = fs::read(&reduced).unwrap();
    fs::write(&reduced, &intact[1..]).unwrap();
    let error = fixture.reduce(1, of).unwrap_err().to_string();
    assert!(error.contains("part-2/stage-1.part is damaged; run part 2/4 again"), "{error}");
    fixture.run_part(PartTask::of(part(2, of))).unwrap();
    fixture.reduce(1, of).unwrap();
    assert!(fs::read(&reduced).unwrap() == intact);
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::Tight));
    fixture.reduce(1, of).unwrap();
    let error = fixture.reduce(STAGES + 1, of).unwrap_err();
    assert!(matches!(error, Error::NoStage { .. }), "{error}");
}

#[test]
fn the_tasks_of_a_plan_read_and_write_the_files_that_it_lists() {
    for gauge in GAUGES {
        for of in [1, 3, 14] {
            let (fixture, parts) = (fixture(gauge), NonZeroUsize::new(of).unwrap());
            let (folder, extractor) = (fixture.folder(), &fixture.extractor);
            let plan =
                PartPlan::of(&folder, extractor, &fixture.cloud, &fixture.options, parts).unwrap();
            let stages = if gauge == Gauge::Tight { STAGES } else { 0 };
            assert_eq!((plan.parts, plan.tasks().count()), (of, (stages + 1) * (of + 1)));
            let ids: Vec<_> = plan.tasks().map(|task| task.id).collect();
            assert!(ids.into_iter().eq(1..=plan.tasks().count()));
            let mut written = Vec::new();
            for (step, before) in plan.steps.iter().zip(0_usize..) {
                let after = before.checked_sub(1).map(|before| &plan.steps[before].tasks[..]);
                let after: Vec<_> = after.unwrap_or_default().iter().map(|task| task.id).collect();
                for task in &step.tasks {
                    assert!(task.after.clone().eq(after.iter().copied()), "{task:?}");
                    assert!(task.inputs.iter().all(|input| written.contains(input)), "{task:?}");
                    assert!(!task.outputs.iter().any(|output| output.exists()), "{task:?}");
                    fixture.run_task(step.work, task.part, of);
                    assert!(task.outputs.iter().all(|output| output.exists()), "{task:?}");
                }
                written.extend(step.tasks.iter().flat_map(|task| task.outputs.clone()));
            }
            assert!(files(&folder) == expected(gauge), "{gauge}, {of} parts");
        }
        let (fixture, parts) = (fixture(gauge), NonZeroUsize::new(15).unwrap());
        let (folder, extractor) = (fixture.folder(), &fixture.extractor);
        let error = PartPlan::of(&folder, extractor, &fixture.cloud, &fixture.options, parts);
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("15 parts are too many: the points make 14 batches"), "{error}");
    }
}

#[test]
fn parts_at_once_wait_for_each_other() {
    let (fixture, of) = (fixture(Gauge::Tight), 4);
    thread::scope(|scope| {
        for part in PartNumber::all(of) {
            let fixture = &fixture;
            scope.spawn(move || fixture.run_part(PartTask::of(part)).unwrap());
        }
    });
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::Tight));
}

#[test]
fn a_waiting_part_says_for_whom_it_waits() {
    let fixture = fixture(Gauge::Tight);
    fixture.run_part(PartTask::of(part(3, 3)).with_stage(1)).unwrap();
    let seen = Cell::new(None);
    let watch = |progress| {
        if let Progress::Waiting { .. } = progress {
            seen.set(Some(progress));
            panic!("the test does not wait");
        }
    };
    let run = || fixture.run_part_watched(PartTask::of(part(1, 3)), &watch);
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    let expected = Progress::Waiting { stage: 1, stages: STAGES, part: 2, missing: 1 };
    assert_eq!(seen.get(), Some(expected));
}

#[test]
fn the_same_part_twice_at_once_does_no_harm() {
    for gauge in GAUGES {
        let (fixture, of) = (fixture(gauge), 2);
        for task in fixture.tasks(of) {
            thread::scope(|scope| {
                for _ in 0..3 {
                    let fixture = &fixture;
                    scope.spawn(move || fixture.run_part(task).unwrap());
                }
            });
        }
        fixture.merge().unwrap();
        assert!(files(&fixture.folder()) == expected(gauge));
    }
}

#[test]
fn a_part_broken_off_anywhere_is_run_again() {
    for gauge in GAUGES {
        let expected = expected(gauge);
        for stop in 0..20 {
            let fixture = fixture(gauge);
            let mut broken = false;
            for task in fixture.tasks(2) {
                let step = Cell::new(0);
                let watch = |_| {
                    assert!(step.get() < stop, "broken off, as the test wants it");
                    step.set(step.get() + 1);
                };
                let run = || fixture.run_part_watched(task, &watch);
                broken |= catch_unwind(AssertUnwindSafe(run)).is_err();
                fixture.run_part(task).unwrap();
            }
            fixture.merge().unwrap();
            assert!(files(&fixture.folder()) == expected, "{gauge}, at step {stop}");
            if !broken {
                break;
            }
            assert!(stop < 15, "a part reports a number of steps that is known");
        }
    }
}

#[test]
fn finished_work_is_not_done_again() {
    for gauge in GAUGES {
        let fixture = fixture(gauge);
        fixture.run_parts(2);
        let before = files(&fixture.part_folder(part(1, 2)));
        fixture.cloud.take_read();
        for task in fixture.tasks(2) {
            fixture.run_part(task).unwrap();
        }
        assert_eq!(fixture.cloud.take_read(), 0);
        assert!(files(&fixture.part_folder(part(1, 2))) == before);
        fixture.merge().unwrap();
        let merged = files(&fixture.folder());
        assert_eq!(fixture.run_part(PartTask::of(part(2, 2))).unwrap(), PartOutcome::Merged);
        fixture.merge().unwrap();
        assert!(files(&fixture.folder()) == merged);
    }
}

/// Removes the folders of rows of a part.
fn remove_rows(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let rows = entries.filter(|path| path.is_dir());
    rows.map(|path| fs::remove_dir_all(path).unwrap()).count()
}

#[test]
fn lost_and_damaged_rows_are_computed_again() {
    let fixture = fixture(Gauge::Tight);
    let [first, second] = [part(1, 2), part(2, 2)];
    for stage in 1..=STAGES {
        for part in [first, second] {
            fixture.run_part(PartTask::of(part).with_stage(stage)).unwrap();
        }
        assert_eq!(remove_rows(&fixture.part_folder(first)), 1);
        let rows = fs::read_dir(fixture.part_folder(second)).unwrap();
        let rows = rows.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
        for file in fs::read_dir(rows).unwrap().map(|entry| entry.unwrap().path()) {
            let mut content = fs::read(&file).unwrap();
            *content.last_mut().unwrap() ^= 1;
            fs::write(&file, content).unwrap();
        }
    }
    for part in [first, second] {
        fixture.run_part(PartTask::of(part)).unwrap();
    }
    assert_eq!(remove_rows(&fixture.part_folder(second)), 0, "rows are removed in the end");
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::Tight));
}

#[test]
fn missing_parts_are_named() {
    let fixture = fixture(Gauge::Tight);
    let error = fixture.merge_error();
    assert!(error.starts_with("no parts of an extraction in "), "{error}");
    for number in [1, 4] {
        fixture.run_part(PartTask::of(part(number, 5)).with_stage(1)).unwrap();
    }
    let error = fixture.merge_error();
    assert!(error.ends_with("parts-of-5: parts 2-3, 5 of 5 are not finished"), "{error}");
    let error = fixture.run_part(PartTask::of(part(1, 5)).with_stage(2)).unwrap_err();
    let error = error.to_string();
    assert!(error.ends_with("parts 2-3, 5 of 5 are not finished (stage 1)"), "{error}");
    for task in
        fixture.tasks(5).into_iter().filter(|task| task.stage.is_some() || task.part.number() != 3)
    {
        fixture.run_part(task).unwrap();
    }
    let error = fixture.merge_error();
    assert!(error.ends_with("parts-of-5: part 3 of 5 is not finished"), "{error}");
    fixture.run_part(PartTask::of(part(3, 5))).unwrap();
    fixture.merge().unwrap();
}

#[test]
fn another_number_of_parts_is_another_division() {
    let fixture = fixture(Gauge::WorstCase);
    fixture.run_part(PartTask::of(part(1, 3))).unwrap();
    fixture.run_parts(4);
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::WorstCase), "nothing of 3 parts is left");
}

#[test]
fn stages_and_gauges_that_do_not_exist_are_refused() {
    let error = |gauge, stage| {
        let task = PartTask::of(part(1, 2)).with_stage(stage);
        fixture(gauge).run_part(task).unwrap_err().to_string()
    };
    assert_eq!(error(Gauge::Tight, 3), "there is no stage 3: the stages are 1 to 2");
    assert_eq!(error(Gauge::Tight, 0), "there is no stage 0: the stages are 1 to 2");
    assert_eq!(error(Gauge::WorstCase, 1), "there is no stage 1: no shifts are to be found");
    let calibrated = fixture(Gauge::Calibrated);
    let refused = [
        calibrated.run_part(PartTask::of(part(1, 2))).unwrap_err(),
        calibrated.merge().unwrap_err(),
    ];
    refused.into_iter().for_each(|error| assert!(matches!(error, Error::Indivisible)));
    assert!(!calibrated.folder().exists());
}

#[test]
fn parts_of_other_settings_are_refused() {
    let mut fixture = fixture(Gauge::WorstCase);
    fixture.run_part(PartTask::of(part(1, 2))).unwrap();
    let own = fixture.options.clone();
    let refused = |fixture: &Fixture, reason: &str| {
        let error = fixture.run_part(PartTask::of(part(1, 2))).unwrap_err();
        assert!(matches!(error, Error::OtherTerms { .. }), "{error}");
        let error = error.to_string();
        assert!(error.contains("part-1/settings.part") && error.contains(reason), "{error}");
    };
    fixture.options.batch = Some(7);
    refused(&fixture, "points per batch 6 instead of 7");
    fixture.options.batch = Some(6);
    fixture.options.shard_bytes = fixture.bytes_of(30);
    refused(&fixture, "points per shard 20 instead of 30");
    // The second part is one of larger batches: the merge says so.
    fixture.options = own.clone().with_batch(7);
    fixture.run_part(PartTask::of(part(2, 2))).unwrap();
    let error = fixture.merge_error();
    assert!(error.contains("part-2/settings.part") && error.contains("batch 7"), "{error}");
    fixture.options = own.clone();
    refused_second(&fixture);
    fixture.options = own.with_replace(true);
    fixture.run_part(PartTask::of(part(2, 2))).unwrap();
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::WorstCase));
}

fn refused_second(fixture: &Fixture) {
    let error = fixture.run_part(PartTask::of(part(2, 2))).unwrap_err().to_string();
    assert!(error.contains("points per batch 7 instead of 6"), "{error}");
}

#[test]
fn parts_of_other_weights_and_points_are_refused() {
    let mut fixture = fixture(Gauge::Tight);
    fixture.run_part(PartTask::of(part(1, 2)).with_stage(1)).unwrap();
    let network = fixture.extractor.network().clone();
    let all = Extractor::new(&network, Gauge::Tight, Classes::All).unwrap();
    let predicted = std::mem::replace(&mut fixture.extractor, all);
    fixture.run_part(PartTask::of(part(2, 2)).with_stage(1)).unwrap();
    // The first part meets the minimum of an extraction with other classes.
    let error = |fixture: &Fixture, number| {
        fixture.run_part(PartTask::of(part(number, 2)).with_stage(2)).unwrap_err().to_string()
    };
    assert!(error(&fixture, 2).contains("classes predicted instead of all"));
    fixture.extractor = predicted;
    let met = error(&fixture, 1);
    assert!(met.contains("part-2/settings.part holds terms of another extraction"), "{met}");
    assert!(met.contains("classes all instead of predicted"), "{met}");
    assert_eq!(fixture.merge_error(), met);
    fixture.cloud = Cloud::new(70, 9);
    let error = fixture.merge_error();
    assert!(error.contains("part-1/settings.part") && error.contains("other data"), "{error}");
}

#[test]
fn damaged_parts_are_named_and_repaired() {
    for gauge in GAUGES {
        let fixture = fixture(gauge);
        fixture.run_parts(3);
        let folder = fixture.part_folder(part(2, 3));
        for name in names(&folder) {
            let path = folder.join(&name);
            let content = fs::read(&path).unwrap();
            let mut flipped = content.clone();
            *flipped.last_mut().unwrap() ^= 1;
            for damaged in [Some(&flipped[..]), Some(&content[1..]), None] {
                match damaged {
                    Some(content) => fs::write(&path, content).unwrap(),
                    None => fs::remove_file(&path).unwrap(),
                }
                let error = fixture.merge_error();
                let says = error.contains("part 2 of 3 is not finished")
                    || (error.contains(&name) && error.contains("is damaged; run part 2/3 again"))
                    || error.ends_with("part 2 of 3 is not finished (stage 1)")
                    || error.ends_with("part 2 of 3 is not finished (stage 2)");
                assert!(says, "{name}: {error}");
                fixture.run_part(PartTask::of(part(2, 3))).unwrap();
                assert_eq!(fs::read(&path).ok().map(|c| c.len()), Some(content.len()), "{name}");
            }
        }
        fixture.merge().unwrap();
        assert!(files(&fixture.folder()) == expected(gauge));
    }
}

#[test]
fn an_interrupted_merge_is_repeated() {
    for gauge in GAUGES {
        let expected = expected(gauge);
        for stop in 0..7 {
            let fixture = fixture(gauge);
            fixture.run_parts(4);
            let step = Cell::new(0);
            let watch = |_| {
                assert!(step.get() < stop, "broken off, as the test wants it");
                step.set(step.get() + 1);
            };
            let (folder, options) = (fixture.folder(), &fixture.options);
            let merge =
                || TermStore::merge(&folder, &fixture.extractor, &fixture.cloud, options, &watch);
            let _ = catch_unwind(AssertUnwindSafe(merge));
            fixture.merge().unwrap();
            assert!(files(&fixture.folder()) == expected, "{gauge}, at step {stop}");
        }
    }
}

#[test]
fn parts_replace_terms_of_other_settings_on_request_only() {
    let mut fixture = fixture(Gauge::WorstCase);
    let all = extractor(Precision::F32, Classes::All);
    let predicted = std::mem::replace(&mut fixture.extractor, all);
    fixture.extract().unwrap();
    let before = files(&fixture.folder());
    fixture.extractor = predicted;
    let refused = fixture.run_part(PartTask::of(part(1, 2))).unwrap_err();
    assert!(matches!(refused, Error::OtherTerms { .. }), "{refused}");
    fixture.options.replace = true;
    fixture.run_parts(2);
    let stored: Vec<_> = files_only(&fixture.folder());
    assert!(stored == before, "parts leave the terms as they are");
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::WorstCase));
}

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
