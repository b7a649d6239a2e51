//! Several devices that share the work.

use std::cell::Cell;
use std::fs;
use std::ops::ControlFlow;

use burn::tensor::Device;
use tropex::device::find;
use tropex::extract::function::{Assignment, Ranking};
use tropex::extract::job::Progress;
use tropex::extract::terms::TermTable;
use tropex::{Classes, ExtractedFunction, Extractor, Gauge, PointSource, Precision, TermStore};

use super::interruption::break_off;
use super::{Cloud, FEATURES, Fixture, files};
use crate::common::{device, difference};

/// Points in shards of 20 and batches of 3, with the tested device listed `devices` times.
fn fixture(points: usize, gauge: Gauge, devices: usize) -> Fixture {
    let cloud = Cloud::new(points, 1);
    let mut fixture = Fixture::with(cloud, Precision::F32, Classes::Predicted, 20);
    let network = fixture.extractor.network();
    let extractor = Extractor::new(network, gauge, Classes::Predicted).unwrap();
    fixture.extractor = extractor.share_with(&vec![device(); devices - 1]).unwrap();
    fixture.options.batch = Some(3);
    fixture.options.memory = Some(2000);
    fixture
}

#[test]
fn devices_that_share_an_extraction_write_the_files_that_one_writes() {
    for gauge in Gauge::ALL {
        let alone = fixture(70, gauge, 1);
        let noted = alone.extract_and_note();
        let expected = files(&alone.folder());
        for devices in [2, 5] {
            let shared = fixture(70, gauge, devices);
            assert_eq!(shared.extract_and_note(), noted, "{gauge:?} on {devices}");
            assert!(files(&shared.folder()) == expected, "{gauge:?} on {devices}");
        }
    }
}

#[test]
fn an_interrupted_extraction_continues_on_other_devices() {
    for gauge in Gauge::ALL {
        let alone = fixture(30, gauge, 1);
        let steps = alone.extract_and_note().len();
        let expected = files(&alone.folder());
        for stop in (0..steps).step_by(steps.div_ceil(7)) {
            for devices in [[3, 1], [1, 2]] {
                let broken = fixture(30, gauge, devices[0]);
                break_off(&broken, stop);
                let Fixture { extractor, .. } = fixture(30, gauge, devices[1]);
                let resumed = Fixture { extractor, ..broken };
                resumed.extract().unwrap();
                assert!(files(&resumed.folder()) == expected, "{gauge:?}, broken off at {stop}");
            }
        }
    }
}

#[test]
fn damage_is_repaired_on_other_devices() {
    let alone = fixture(70, Gauge::Tight, 1);
    alone.extract().unwrap();
    let expected = files(&alone.folder());
    let Fixture { extractor, .. } = fixture(70, Gauge::Tight, 3);
    let shared = Fixture { extractor, ..alone };
    fs::remove_file(shared.file("shard-00001.safetensors")).unwrap();
    fs::remove_file(shared.file("shard-00003.safetensors")).unwrap();
    let noted = shared.extract_and_note();
    assert_eq!(noted[0], Progress::Extracted { points: 40, of: 70 });
    assert!(files(&shared.folder()) == expected);
}

/// Enough points for several devices.
fn shared_points() -> Cloud {
    Cloud::new(3000, 5)
}

#[test]
fn devices_that_share_points_find_what_one_finds() {
    let fixture = Fixture::new();
    let store = &fixture.extract().unwrap();
    let points = &shared_points();
    let assigned = |devices: usize| {
        let function = ExtractedFunction::new(store, &device()).unwrap();
        let function = function.share_with(&vec![device(); devices - 1]).unwrap();
        let (mut assigned, last) = (Vec::new(), Cell::new(0));
        let take = &mut |ranking: Ranking| assigned.extend(ranking.assignments);
        let note = |pairs| {
            last.set(pairs);
            ControlFlow::Continue(())
        };
        function.stream(points, 1, &note, take).unwrap();
        assert_eq!(last.get(), points.len() * store.len(), "all pairs are compared");
        assigned
    };
    let alone = assigned(1);
    assert_eq!(alone.len(), points.len());
    for devices in [2, 4] {
        assert!(assigned(devices) == alone, "{devices}");
    }
}

#[test]
fn devices_that_share_a_self_check_find_what_one_finds() {
    let check = |devices: usize| {
        let cloud = shared_points();
        let mut fixture = Fixture::with(cloud, Precision::F32, Classes::Predicted, 900);
        fixture.options.dominance_points = usize::MAX;
        fixture.extractor = fixture.extractor.share_with(&vec![device(); devices - 1]).unwrap();
        let noted = fixture.extract_and_note();
        assert_eq!(noted.last(), Some(&Progress::Checked { terms: 3000, of: 3000 }));
        TermStore::open(&fixture.folder()).unwrap().manifest().check.clone().unwrap()
    };
    let alone = check(1);
    assert_eq!(alone.dominance.as_ref().unwrap().checked, 3000);
    for devices in [2, 3] {
        assert_eq!(check(devices), alone);
    }
}

#[test]
fn a_failure_on_one_of_several_devices_is_an_error() {
    let fixture = Fixture::new();
    let store = fixture.extract().unwrap();
    let mut cloud = shared_points();
    cloud.points[2500 * FEATURES] = f32::NAN;
    let function = ExtractedFunction::new(&store, &device()).unwrap();
    let function = function.share_with(&[device()]).unwrap();
    let error = function
        .evaluate(&cloud, &[0; 3000], &|_| ControlFlow::Continue(()))
        .unwrap_err()
        .to_string();
    assert!(error.contains("found NaN, expected a finite number"), "{error}");
}

/// A CPU of another backend than the tested device, if this build has one.
fn another() -> Option<Device> {
    let compiled = ["flex", "ndarray", "tch"].into_iter().filter_map(|name| find(name).ok());
    compiled.into_iter().find(|other| *other != device())
}

#[test]
fn devices_of_several_kinds_agree_up_to_rounding() {
    let Some(another) = another() else { return }; // a build with one backend
    for gauge in Gauge::ALL {
        let alone = fixture(70, gauge, 1);
        let expected = alone.extract().unwrap();
        let mut shared = fixture(70, gauge, 1);
        shared.extractor = shared.extractor.share_with(&[another.clone(), device()]).unwrap();
        let found = shared.extract().unwrap();
        assert_eq!(found.manifest().terms, expected.manifest().terms);
        assert_eq!(found.manifest().devices.len(), 2, "{:?}", found.manifest().devices);
        let shards = found.shards().zip(expected.shards());
        for (found, expected) in shards.map(|(a, b)| (a.unwrap(), b.unwrap())) {
            assert_eq!(found.predicted, expected.predicted);
            for point in 0..found.len() {
                let terms =
                    |shard: &TermTable| [shard.linear_term(point, 0), shard.negative_term(point)];
                for (found, expected) in terms(&found).iter().zip(&terms(&expected)) {
                    assert!(difference(&found.0, &expected.0) < 1e-4, "{gauge:?}");
                    assert!((found.1 - expected.1).abs() < 1e-4, "{gauge:?}");
                }
            }
        }
        let winners = |further: &[Device]| -> Vec<Assignment> {
            let function = ExtractedFunction::new(&expected, &device()).unwrap();
            let function = function.share_with(further).unwrap();
            let mut all = Vec::new();
            let take = &mut |ranking: Ranking| all.extend(ranking.assignments);
            function.stream(&shared_points(), 1, &|_| ControlFlow::Continue(()), take).unwrap();
            all
        };
        // Winners are those of exact arithmetic, on whichever device products were computed.
        assert!(winners(std::slice::from_ref(&another)) == winners(&[]), "{gauge:?}");
    }
}
