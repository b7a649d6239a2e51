//! Parts and merges that are broken off and run again.

use tropex::extract::job::{PartOutcome, PartTask};
use tropex::{Error, Gauge, TermStore};

use super::super::files;
use super::{GAUGES, expected, fixture, part};
use crate::common::cancel_at;

#[test]
fn a_part_broken_off_anywhere_is_run_again() {
    for gauge in GAUGES {
        let expected = expected(gauge);
        for stop in 0..20 {
            let fixture = fixture(gauge);
            let mut broken = false;
            for task in fixture.tasks(2) {
                broken |= fixture.run_part_watched(task, &cancel_at(stop)).is_err();
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
            let (folder, options, cancel) = (fixture.folder(), &fixture.options, cancel_at(stop));
            let broken =
                TermStore::merge(&folder, &fixture.extractor, &fixture.cloud, options, &cancel);
            assert!(matches!(broken, Ok(_) | Err(Error::Cancelled)), "{broken:?}");
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
        let task = PartTask::of(part(1, 1));
        let broken = fixture.run_part_watched(task, &cancel_at(stop)).is_err();
        fixture.run_part(task).unwrap();
        fixture.merge().unwrap();
        assert!(files(&fixture.folder()) == expected, "at step {stop}");
        if !broken {
            break;
        }
    }
}
