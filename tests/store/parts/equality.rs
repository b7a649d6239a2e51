//! Merged parts equal the store of one process.

use tropex::extract::job::{PartOutcome, PartTask};
use tropex::{Classes, Extractor, Gauge, Precision};

use super::super::{Cloud, Fixture, extractor, files};
use super::{GAUGES, PARTS, expected, files_only, fixture, part};

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
fn another_number_of_parts_is_another_division() {
    let fixture = fixture(Gauge::WorstCase);
    fixture.run_part(PartTask::of(part(1, 3))).unwrap();
    fixture.run_parts(4);
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::WorstCase), "nothing of 3 parts is left");
}
