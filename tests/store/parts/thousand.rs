//! A thousand parts: what reductions and the merge take grows with their number.

use std::time::Instant;

use tropex::extract::job::{PartNumber, PartTask};
use tropex::{Classes, Extractor, Gauge, Precision};

use super::super::{Cloud, Fixture, files};
use super::STAGES;

const PARTS: usize = 1000;

/// Two points per part, 100 a shard.
fn fixture() -> Fixture {
    let cloud = Cloud::new(2 * PARTS, 4);
    let mut fixture = Fixture::with(cloud, Precision::F32, Classes::Predicted, 100);
    let network = fixture.extractor.network();
    fixture.extractor = Extractor::new(network, Gauge::Tight, Classes::Predicted).unwrap();
    fixture.options.batch = Some(2);
    fixture
}

/// Prints the time of work.
fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    println!("{PARTS} parts, {what}: {:.3} s", start.elapsed().as_secs_f64());
    result
}

#[test]
#[ignore = "prints times; takes minutes on a busy disk"]
fn a_thousand_parts_are_reduced_and_merged() {
    let fixture = fixture();
    for stage in 1..=STAGES {
        timed("a stage of all", || {
            for part in PartNumber::all(PARTS) {
                fixture.run_part(PartTask::of(part).with_stage(stage)).unwrap();
            }
        });
        timed("reduction", || fixture.reduce(stage, PARTS).unwrap());
    }
    timed("terms of all", || {
        for part in PartNumber::all(PARTS) {
            fixture.run_part(PartTask::of(part)).unwrap();
        }
    });
    timed("merge", || fixture.merge().unwrap());
    let whole = self::fixture();
    whole.extract().unwrap();
    assert!(files(&fixture.folder()) == files(&whole.folder()));
}
