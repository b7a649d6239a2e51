//! Stores of the calibrated gauge: its scale, and what is found when trials misled.

use serde_json::json;
use tropex::extract::store::Progress;
use tropex::{Classes, Extractor, Gauge, Precision, Shifts, TermStore};

use super::interruption::break_off;
use super::{Cloud, Fixture, files};

const POINTS: usize = 8;

/// Points in shards of 3; scales are tried out at so many of them.
fn fixture(tried: usize) -> Fixture {
    let cloud = Cloud::new(POINTS, 6);
    let mut fixture = Fixture::with(cloud, Precision::F32, Classes::Predicted, 3);
    let network = fixture.extractor.network();
    fixture.extractor = Extractor::new(network, Gauge::Calibrated, Classes::Predicted).unwrap();
    fixture.options.dominance_points = tried;
    fixture
}

fn scale(store: &TermStore) -> f64 {
    store.manifest().shifts.as_ref().unwrap().scale.unwrap()
}

#[test]
fn the_scale_is_that_of_all_points_in_memory() {
    let fixture = fixture(POINTS);
    let store = fixture.extract().unwrap();
    let network = fixture.extractor.network();
    let points = &fixture.cloud.points;
    let expected = Shifts::calibrated(network, Classes::Predicted, points).unwrap();
    assert_eq!(scale(&store), expected.scale());
    assert!(scale(&store) < 1.0);
    let found = store.shifts(network).unwrap();
    assert_eq!((found.scale(), found.gauge()), (scale(&store), Gauge::Calibrated));
}

#[test]
fn a_scale_that_the_check_refutes_is_raised() {
    let expected = scale(&fixture(POINTS).extract().unwrap());
    for tried in [0, 1] {
        let fixture = fixture(tried);
        let noted = fixture.extract_and_note();
        let first = |progress: &&Progress| matches!(progress, Progress::Trial { trial: 1, .. });
        assert!(noted.iter().filter(first).count() > 1, "the first search was misled");
        let store = TermStore::open(&fixture.folder()).unwrap();
        let dominance = store.manifest().check.as_ref().unwrap().dominance.clone().unwrap();
        assert_eq!((dominance.checked, dominance.dominant), (POINTS, POINTS));
        assert_eq!(scale(&store), expected);
    }
}

#[test]
fn an_extraction_broken_off_anywhere_ends_with_the_same_files() {
    let whole = fixture(1);
    let steps = whole.extract_and_note().len();
    let expected = files(&whole.folder());
    for stop in 0..steps {
        let fixture = fixture(1);
        break_off(&fixture, stop);
        fixture.extract().unwrap();
        assert!(files(&fixture.folder()) == expected, "broken off at step {stop}");
    }
}

#[test]
fn what_was_calibrated_is_not_calibrated_again() {
    let fixture = fixture(POINTS);
    fixture.extract().unwrap();
    let noted = fixture.extract_and_note();
    assert_eq!(noted, [Progress::Extracted { points: POINTS, of: POINTS }]);
}

#[test]
fn scales_that_cannot_be_are_refused() {
    let fixture = fixture(POINTS);
    fixture.extract().unwrap();
    for scale in [json!(null), json!(0.3), json!(-1.0)] {
        fixture.edit_manifest(|manifest| manifest["shifts"]["scale"] = scale);
        let error = TermStore::open(&fixture.folder()).unwrap_err().to_string();
        assert!(error.contains("scales shifts of the calibrated gauge by"), "{error}");
    }
}

#[test]
fn further_points_are_extracted_under_calibrated_shifts() {
    let fixture = fixture(POINTS);
    let store = fixture.extract().unwrap();
    let network = fixture.extractor.network();
    let shifts = store.shifts(network).unwrap();
    let further = Extractor::with_shifts(network, &shifts, Classes::Predicted).unwrap();
    let own = fixture.extractor.extract(&fixture.cloud.points).unwrap();
    let same = further.extract(&fixture.cloud.points).unwrap();
    for point in 0..POINTS {
        let (own, same) = (own.negative(point), same.negative(point));
        let off = own.0.iter().zip(&same.0).map(|(own, same)| (own - same).abs());
        assert!(off.fold((own.1 - same.1).abs(), f64::max) < 1e-5);
    }
}
