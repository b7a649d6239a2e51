//! Parts and merges that are broken off and run again.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tropex::extract::job::{PartOutcome, PartTask};
use tropex::{Gauge, TermStore};

use super::super::files;
use super::{GAUGES, expected, fixture, part};

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
fn rows_in_memory_are_computed_again_after_a_break() {
    let expected = expected(Gauge::Tight);
    for stop in 0..20 {
        let fixture = fixture(Gauge::Tight);
        let (task, step) = (PartTask::of(part(1, 1)), Cell::new(0));
        let watch = |_| {
            assert!(step.get() < stop, "broken off, as the test wants it");
            step.set(step.get() + 1);
        };
        let run = || fixture.run_part_watched(task, &watch);
        let broken = catch_unwind(AssertUnwindSafe(run)).is_err();
        fixture.run_part(task).unwrap();
        fixture.merge().unwrap();
        assert!(files(&fixture.folder()) == expected, "at step {stop}");
        if !broken {
            break;
        }
    }
}
