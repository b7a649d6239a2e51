//! Parts at once, and parts that wait.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tropex::Gauge;
use tropex::extract::job::{PartNumber, PartTask, Progress};

use super::super::files;
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
