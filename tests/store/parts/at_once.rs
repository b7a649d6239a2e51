//! Parts at once, and parts that wait.

use std::cell::Cell;
use std::fs;
use std::ops::ControlFlow;
use std::thread;

use tropex::extract::job::{PartNumber, PartOutcome, PartTask, Progress};
use tropex::{Error, Gauge, TermStore};

use super::super::{Fixture, files};
use super::{GAUGES, STAGES, expected, fixture, part};

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
    let watch = |progress| match progress {
        Progress::Waiting { .. } => {
            seen.set(Some(progress));
            ControlFlow::Break(())
        }
        _ => ControlFlow::Continue(()),
    };
    let outcome = fixture.run_part_watched(PartTask::of(part(1, 3)), &watch);
    assert!(matches!(outcome, Err(Error::Cancelled)), "{outcome:?}");
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

/// What a merge on another machine leaves, in place of the files of the parts.
fn merge_elsewhere(fixture: &Fixture, gauge: Gauge, of: usize) {
    for (name, content) in expected(gauge) {
        fs::write(fixture.file(&name), content).unwrap();
    }
    fs::remove_dir_all(fixture.file(&format!("parts-of-{of}"))).unwrap();
}

#[test]
fn a_merge_leaves_the_terms_that_another_one_published_meanwhile() {
    for gauge in GAUGES {
        let (fixture, of) = (fixture(gauge), 4);
        fixture.run_parts(of);
        let is_merged = Cell::new(false);
        // Locks do not reach the other machine.
        let watch = |_| {
            if !is_merged.replace(true) {
                merge_elsewhere(&fixture, gauge, of);
            }
            ControlFlow::Continue(())
        };
        let (folder, options) = (fixture.folder(), &fixture.options);
        TermStore::merge(&folder, &fixture.extractor, &fixture.cloud, options, &watch).unwrap();
        assert!(is_merged.get() && files(&folder) == expected(gauge), "{gauge}");
    }
}

#[test]
fn a_part_that_waits_ends_when_the_parts_are_merged() {
    let (fixture, of) = (fixture(Gauge::Tight), 2);
    fixture.run_part(PartTask::of(part(2, of)).with_stage(1)).unwrap();
    let is_merged = Cell::new(false);
    let watch = |progress| {
        let waits = matches!(progress, Progress::Waiting { .. });
        if waits && !is_merged.replace(true) {
            merge_elsewhere(&fixture, Gauge::Tight, of);
        }
        ControlFlow::Continue(())
    };
    let outcome = fixture.run_part_watched(PartTask::of(part(1, of)), &watch).unwrap();
    assert_eq!((outcome, is_merged.get()), (PartOutcome::Merged, true));
    assert!(files(&fixture.folder()) == expected(Gauge::Tight));
}
