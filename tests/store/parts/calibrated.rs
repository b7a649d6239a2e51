//! The calibrated gauge in parts: the shifts and terms of one process, also after a refuted search.

use std::num::NonZeroUsize;
use std::thread;

use tropex::extract::job::{PartNumber, PartPlan, PartTask};
use tropex::{Classes, Error, Extractor, Gauge, Precision};

use super::super::{Cloud, Fixture, files};
use crate::common::cancel_at;

const POINTS: usize = 8;

/// Points in shards of 3 and batches of 2. Scales are tried at `tried` of the points.
fn fixture(tried: usize) -> Fixture {
    let mut fixture = Fixture::with(Cloud::new(POINTS, 6), Precision::F32, Classes::Predicted, 3);
    let network = fixture.extractor.network();
    fixture.extractor = Extractor::new(network, Gauge::Calibrated, Classes::Predicted).unwrap();
    fixture.options.dominance_points = tried;
    fixture.options.batch = Some(2);
    fixture
}

/// The files of the store that one process extracts.
fn expected(tried: usize) -> Vec<(String, Vec<u8>)> {
    let whole = fixture(tried);
    whole.extract().unwrap();
    files(&whole.folder())
}

/// Runs one stage of all parts; `false` if there is no such stage.
fn run_stage(fixture: &Fixture, of: usize, stage: usize) -> bool {
    PartNumber::all(of).all(|part| match fixture.run_part(PartTask::of(part).with_stage(stage)) {
        Err(Error::NoStage { .. }) => false,
        outcome => outcome.is_ok() || panic!("stage {stage}: {outcome:?}"),
    })
}

#[test]
fn stages_of_parts_find_the_store_of_one_process() {
    // Without points or with one, the first search is misled and a second one follows.
    for (tried, is_reduced) in [(0, false), (1, true), (POINTS, true)] {
        let expected = expected(tried);
        for of in [1, 3, 7] {
            let fixture = fixture(tried);
            let mut stages = 0;
            while run_stage(&fixture, of, stages + 1) {
                stages += 1;
                if is_reduced && stages % 2 == 0 {
                    fixture.reduce(stages, of).unwrap();
                }
            }
            assert!(stages > 10, "{stages}");
            fixture.merge().unwrap();
            assert!(files(&fixture.folder()) == expected, "{tried} tried, {of} parts");
        }
    }
}

#[test]
fn parts_at_once_wait_for_each_other() {
    for tried in [1, POINTS] {
        let (fixture, of) = (fixture(tried), 3);
        thread::scope(|scope| {
            for part in PartNumber::all(of) {
                let fixture = &fixture;
                scope.spawn(move || fixture.run_part(PartTask::of(part)).unwrap());
            }
        });
        fixture.merge().unwrap();
        assert!(files(&fixture.folder()) == expected(tried));
    }
}

#[test]
fn a_plan_after_a_refuted_search_continues_with_the_next() {
    let (fixture, of) = (fixture(1), 2);
    let (mut searches, mut stages) = (0, 0);
    while !fixture.file("manifest.json").exists() {
        searches += 1;
        let (folder, parts) = (fixture.folder(), NonZeroUsize::new(of).unwrap());
        let (extractor, cloud) = (&fixture.extractor, &fixture.cloud);
        let plan = PartPlan::of(&folder, extractor, cloud, &fixture.options, parts).unwrap();
        let merge = plan.steps.len() - 1;
        for step in &plan.steps[..merge] {
            for task in &step.tasks {
                fixture.run_task(step.work, task.part, of);
            }
        }
        stages += merge / 2;
        if let Err(error) = fixture.merge() {
            let error = error.to_string();
            assert!(error.contains("parts 1-2 of 2 are not finished (stage "), "{error}");
        }
    }
    assert!(searches > 1 && stages > 10, "{searches} searches");
    assert!(files(&fixture.folder()) == expected(1));
}

#[test]
fn parts_broken_off_anywhere_are_run_again() {
    let expected = expected(1);
    for stop in 0..6 {
        let (fixture, of) = (fixture(1), 2);
        let mut stage = 1;
        'all: loop {
            for part in PartNumber::all(of) {
                let task = PartTask::of(part).with_stage(stage);
                let _ = fixture.run_part_watched(task, &cancel_at(stop));
                match fixture.run_part(task) {
                    Err(Error::NoStage { .. }) => break 'all,
                    outcome => _ = outcome.unwrap(),
                }
            }
            stage += 1;
        }
        fixture.merge().unwrap();
        assert!(files(&fixture.folder()) == expected, "at step {stop}");
    }
}

#[test]
fn parts_with_other_points_of_trials_are_refused() {
    let mut fixture = fixture(1);
    fixture.run_part(PartTask::of(PartNumber::new(1, 2).unwrap()).with_stage(1)).unwrap();
    fixture.options.dominance_points = 2;
    let error = fixture.run_part(PartTask::of(PartNumber::new(1, 2).unwrap()).with_stage(1));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("points of trials 1 instead of 2"), "{error}");
}
