//! Stores of the calibrated gauge: the scale, and its correction if the trials were misleading.

use std::fs;

use serde_json::{Value, json};
use tropex::extract::job::Progress;
use tropex::{Classes, Extractor, Gauge, Precision, Shifts, TermStore};

use super::interruption::break_off;
use super::{Cloud, Fixture, files};

const POINTS: usize = 8;

/// Points in shards of 3. Scales are tried at `tried` of the points.
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

fn trials(noted: &[Progress]) -> impl Iterator<Item = (usize, Progress)> {
    let trials = noted.iter().copied().enumerate();
    trials.filter(|(_, progress)| matches!(progress, Progress::Trial { .. }))
}

/// The number of the trial that begins.
fn number(progress: Progress) -> Option<usize> {
    match progress {
        Progress::Trial { trial, .. } => Some(trial),
        _ => None,
    }
}

#[test]
fn trials_that_were_finished_are_not_made_again() {
    let whole = fixture(1);
    let noted = whole.extract_and_note();
    let expected = files(&whole.folder());
    let mut begun_anew = 0;
    for (step, trial) in trials(&noted) {
        let fixture = fixture(1);
        break_off(&fixture, step);
        let rest = fixture.extract_and_note();
        let [next, first] = [trial, trials(&rest).next().unwrap().1].map(number);
        assert_eq!(first, next);
        assert!(files(&fixture.folder()) == expected, "broken off at {trial:?}");
        begun_anew += usize::from(next == Some(1));
    }
    assert!(begun_anew > 1, "a check refuted a scale on the way");
}

#[test]
fn an_extraction_interrupted_again_and_again_makes_progress() {
    let whole = fixture(1);
    let noted = whole.extract_and_note();
    let longest = trials(&noted).zip(trials(&noted).skip(1)).map(|((a, _), (b, _))| b - a).max();
    let fixture = fixture(1);
    for _ in 0..noted.len() {
        break_off(&fixture, longest.unwrap() + 2); // a trial, and the first report of the next one
    }
    assert!(files(&fixture.folder()) == files(&whole.folder()));
}

#[test]
fn a_search_for_other_terms_is_not_continued() {
    let noted = fixture(1).extract_and_note();
    let (third, _) = trials(&noted).nth(2).unwrap();
    let first_trial = |fixture: &Fixture| {
        let noted = fixture.extract_and_note();
        assert!(!fixture.file("search.json").exists());
        trials(&noted).next().unwrap().1
    };
    let is_first = |trial| matches!(trial, Progress::Trial { trial: 1, .. });
    let mut other = fixture(1);
    break_off(&other, third);
    other.options.dominance_points = 2;
    assert!(is_first(first_trial(&other)));
    let record = |name: &str, value| {
        let fixture = fixture(1);
        break_off(&fixture, third);
        let path = fixture.file("search.json");
        let mut record: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        record[name] = value;
        fs::write(&path, record.to_string()).unwrap();
        first_trial(&fixture)
    };
    assert!(!is_first(record("trials", json!(2))), "an unchanged record is used");
    for (name, value) in [
        ("format", json!(2)),
        ("terms", json!(null)),
        ("chosen", json!([0, POINTS])),
        ("chosen", json!([1, 1])),
        ("sufficient", json!(0.3)),
        ("refuted", json!(-1)),
        ("trials", json!(1_u64 << 60)),
    ] {
        assert!(is_first(record(name, value)), "{name}");
    }
}

#[test]
fn a_finished_calibration_is_not_repeated() {
    let fixture = fixture(POINTS);
    fixture.extract().unwrap();
    let noted = fixture.extract_and_note();
    assert_eq!(noted, [Progress::Extracted { points: POINTS, of: POINTS }]);
}

#[test]
fn impossible_scales_are_refused() {
    let fixture = fixture(POINTS);
    fixture.extract().unwrap();
    for scale in [json!(null), json!(0.3), json!(-1.0)] {
        fixture.edit_manifest(|manifest| manifest["shifts"]["scale"] = scale);
        let error = TermStore::open(&fixture.folder()).unwrap_err().to_string();
        assert!(error.contains("multiplies shifts of the calibrated gauge by"), "{error}");
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
