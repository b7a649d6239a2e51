//! Stores of the tight gauge: their shifts, and terms of other points under these shifts.

use std::fs;

use safetensors::SafeTensors;
use serde_json::json;
use tropex::extract::job::Progress;
use tropex::extract::network::ValueId;
use tropex::{Classes, Error, Extractor, Gauge, PointSource, Precision, Shifts, TermStore};

use super::interruption::break_off;
use super::{Cloud, Fixture, extractor, files, names};
use crate::common::{difference, finest};

const SHIFTS: &str = "shifts.safetensors";

/// 70 points in shards of 20. Some of their rows wait in memory, others on disk.
fn fixture() -> Fixture {
    let mut fixture = Fixture::new();
    let network = fixture.extractor.network();
    fixture.extractor = Extractor::new(network, Gauge::Tight, Classes::Predicted).unwrap();
    fixture.options.memory = Some(2000);
    fixture
}

#[test]
fn the_shifts_are_those_of_all_points() {
    let fixture = fixture();
    let store = fixture.extract().unwrap();
    let network = fixture.extractor.network();
    let found = store.shifts(network).unwrap();
    let expected = Shifts::tight(network, Classes::Predicted, &fixture.cloud.points).unwrap();
    let content = fs::read(fixture.file(SHIFTS)).unwrap();
    let file = SafeTensors::deserialize(&content).unwrap();
    let mut places = file.names();
    places.sort();
    // The places are the input and the output of the ReLU.
    assert_eq!(places, ["node.0", "node.2", "start"]);
    for value in network.nodes().iter().flat_map(|node| node.inputs()) {
        let numbers = |shifts: &Shifts| shifts.at(*value).unwrap_or_default();
        assert!(difference(&numbers(&found), &numbers(&expected)) < 1e-6, "{value:?}");
    }
    assert!(found.at(ValueId::INPUT).unwrap().iter().any(|&shift| shift > 0.1));
    assert!((found.at_start() - expected.at_start()).abs() < 1e-6);
    assert_eq!(found.gauge(), Gauge::Tight);
}

#[test]
fn an_extraction_broken_off_anywhere_ends_with_the_same_files() {
    let whole = fixture();
    let noted = whole.extract_and_note();
    let expected = files(&whole.folder());
    let shifting = noted.iter().filter(|progress| matches!(progress, Progress::Shifted { .. }));
    assert_eq!(shifting.count(), 2 * 4, "one report after every batch in both stages");
    for stop in 0..noted.len() {
        let fixture = fixture();
        break_off(&fixture, stop);
        fixture.extract().unwrap();
        assert!(files(&fixture.folder()) == expected, "broken off at step {stop}");
    }
}

#[test]
fn saved_shifts_are_not_computed_again() {
    let fixture = fixture();
    break_off(&fixture, 11); // after both stages and two shards
    let noted = fixture.extract_and_note();
    assert_eq!(noted[0], Progress::Extracted { points: 40, of: 70 });
    assert!(noted.iter().all(|progress| !matches!(progress, Progress::Shifted { .. })));
}

#[test]
fn damaged_shifts_are_named_and_everything_is_extracted_again() {
    let fixture = fixture();
    let store = fixture.extract().unwrap();
    let before = files(&fixture.folder());
    let content = fs::read(fixture.file(SHIFTS)).unwrap();
    let mut flipped = content.clone();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(fixture.file(SHIFTS), &flipped).unwrap();
    let network = fixture.extractor.network();
    let error = store.shifts(network).unwrap_err().to_string();
    assert!(error.contains(SHIFTS) && error.contains("checksum"), "{error}");
    for damaged in [Some(flipped), Some(content[1..].to_vec()), None] {
        match damaged {
            Some(content) => fs::write(fixture.file(SHIFTS), content).unwrap(),
            None => fs::remove_file(fixture.file(SHIFTS)).unwrap(),
        }
        fixture.extract().unwrap();
        assert!(files(&fixture.folder()) == before);
    }
    fs::write(fixture.file(SHIFTS), &content[1..]).unwrap();
    let error = TermStore::open(&fixture.folder()).unwrap_err().to_string();
    assert!(error.contains(SHIFTS) && error.contains("but the manifest says"), "{error}");
}

#[test]
fn manifests_that_contradict_themselves_are_refused() {
    let fixture = fixture();
    fixture.extract().unwrap();
    let refused = |reason: &str| {
        let error = TermStore::open(&fixture.folder()).unwrap_err().to_string();
        assert!(error.contains("manifest.json") && error.contains(reason), "{error}");
    };
    fixture.edit_manifest(|manifest| manifest["shifts"]["file"] = json!("/etc/passwd"));
    refused("lists `/etc/passwd` in place of `shifts.safetensors`");
    fixture.edit_manifest(|manifest| manifest["shifts"] = json!(null));
    refused("lists 4 shards and no shifts");
}

/// Other points, under the shifts of a store.
fn further(first: &Fixture, store: &TermStore) -> Fixture {
    let network = first.extractor.network();
    let shifts = store.shifts(network).unwrap();
    let mut further = Fixture::with(Cloud::new(90, 2), Precision::F32, Classes::Predicted, 20);
    further.extractor = Extractor::with_shifts(network, &shifts, Classes::Predicted).unwrap();
    further
}

#[test]
fn further_points_are_extracted_under_the_same_shifts() {
    let first = fixture();
    let store = first.extract().unwrap();
    let further = further(&first, &store);
    let noted = further.extract_and_note();
    assert!(noted.iter().all(|progress| !matches!(progress, Progress::Shifted { .. })));
    let found = TermStore::open(&further.folder()).unwrap();
    let content = |fixture: &Fixture| fs::read(fixture.file(SHIFTS)).unwrap();
    assert_eq!(content(&further), content(&first));
    let terms = &found.manifest().terms;
    let shifts = found.shifts(first.extractor.network()).unwrap();
    assert_eq!(terms.shifts, Some(shifts.fingerprint()));
    // The number of violations equals that of the extractor on all points at once.
    let check = found.manifest().check.clone().unwrap();
    let direct = further.extractor.extract(&further.cloud.points).unwrap();
    let (found, expected) = (check.violations.clone().unwrap(), direct.violations().unwrap());
    assert_eq!(found.points, expected.points);
    assert!((1..90).contains(&found.points), "{found:?}");
    assert!((found.largest - expected.largest).abs() < 1e-6);
    assert_eq!(check.failures(Precision::F32), Vec::<String>::new());
}

#[test]
fn shifts_of_other_points_are_another_setting() {
    let first = fixture();
    let store = first.extract().unwrap();
    let mut further = further(&first, &store);
    further.extract().unwrap();
    let network = further.extractor.network().clone();
    let shifts = "shifts of other points (";
    further.extractor = Extractor::new(&network, Gauge::Tight, Classes::Predicted).unwrap();
    let error = further.extract().unwrap_err().to_string();
    assert!(error.contains(shifts) && error.contains("instead of the extracted points"), "{error}");
    further.options.replace = true;
    let store = further.extract().unwrap();
    assert_eq!(store.manifest().terms.shifts, None);
    assert_eq!(store.manifest().check.as_ref().unwrap().violations, None);
}

#[test]
fn shifts_of_another_network_or_gauge_are_refused() {
    let fixture = fixture();
    let store = fixture.extract().unwrap();
    let refused = |result: Result<Shifts, Error>, reason: &str| {
        let error = result.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("manifest.json") && error.contains(reason), "{error}");
    };
    // The precision does not change the identity of a network.
    let doubles = extractor(finest(), Classes::Predicted);
    let shifts = store.shifts(doubles.network()).unwrap();
    Extractor::with_shifts(doubles.network(), &shifts, Classes::All).unwrap();
    fixture.edit_manifest(|manifest| manifest["terms"]["network"] = json!("0123"));
    let other = TermStore::open(&fixture.folder()).unwrap();
    refused(other.shifts(fixture.extractor.network()), "shifts of another network");
    let worst_case = Fixture::new();
    let store = worst_case.extract().unwrap();
    refused(store.shifts(worst_case.extractor.network()), "of the worst-case gauge");
}

#[test]
fn stores_of_the_worst_case_contain_no_shifts() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.folder()).unwrap();
    for name in [SHIFTS, ".tropex-0123456789abcdef.tmp"] {
        fs::write(fixture.file(name), "left behind").unwrap();
    }
    fixture.extract().unwrap();
    assert_eq!(names(&fixture.folder()).len(), 5, "a manifest and four shards");
    let manifest = fs::read_to_string(fixture.file("manifest.json")).unwrap();
    assert!(!manifest.contains("shifts") && !manifest.contains("violations"), "{manifest}");
    assert_eq!(fixture.cloud.len(), 70);
}
