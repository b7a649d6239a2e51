//! Extractions that are interrupted anywhere and then continued.

use std::fs;

use tropex::extract::job::Progress;
use tropex::{Classes, Error, Precision, TermStore};

use super::{Cloud, Fixture, files, names};
use crate::common::{cancel_at, precisions};

#[test]
fn an_extraction_broken_off_anywhere_ends_with_the_same_files() {
    let whole = Fixture::new();
    let steps = whole.extract_and_note().len();
    let expected = files(&whole.folder());
    assert!(steps >= 9, "reports at the start, after each batch and in the check: {steps}");
    for stop in 0..steps {
        let fixture = Fixture::new();
        break_off(&fixture, stop);
        fixture.extract().unwrap();
        assert!(files(&fixture.folder()) == expected, "broken off at step {stop}");
    }
}

#[test]
fn an_extraction_may_be_broken_off_again_and_again() {
    let whole = Fixture::new();
    let steps = whole.extract_and_note().len();
    let broken = Fixture::new();
    for _ in 0..steps {
        break_off(&broken, 2); // at least one batch each time
    }
    broken.extract().unwrap();
    assert!(files(&broken.folder()) == files(&whole.folder()));
}

/// Cancels the extraction at its report number `stop`, counted from 0, unless it ends before.
pub(super) fn break_off(fixture: &Fixture, stop: usize) {
    let outcome = fixture.extract_watched(&cancel_at(stop));
    assert!(matches!(outcome, Ok(_) | Err(Error::Cancelled)), "{outcome:?}");
}

#[test]
fn shards_that_are_whole_are_not_extracted_again() {
    let mut fixture = Fixture::new();
    fixture.options.dominance_points = 0;
    break_off(&fixture, 3); // after two shards, before the third
    fixture.cloud.take_read();
    let noted = fixture.extract_and_note();
    assert_eq!(noted[0], Progress::Extracted { points: 40, of: 70 });
    assert_eq!(noted.last(), Some(&Progress::Extracted { points: 70, of: 70 }));
    assert_eq!(fixture.cloud.take_read(), 30);
}

#[test]
fn an_unfinished_store_cannot_be_opened() {
    let fixture = Fixture::new();
    break_off(&fixture, 3);
    let error = TermStore::open(&fixture.folder()).unwrap_err().to_string();
    assert!(error.contains("manifest.json: the extraction is not finished"), "{error}");
}

#[test]
fn a_finished_store_is_left_as_it_is() {
    let fixture = Fixture::new();
    fixture.extract().unwrap();
    let (before, _) = (files(&fixture.folder()), fixture.cloud.take_read());
    assert_eq!(fixture.extract_and_note(), [Progress::Extracted { points: 70, of: 70 }]);
    assert!(files(&fixture.folder()) == before);
    assert_eq!(fixture.cloud.take_read(), 0);
}

#[test]
fn a_larger_self_check_is_made_later() {
    let mut fixture = Fixture::new();
    let checked = |fixture: &Fixture| {
        let store = fixture.extract().unwrap();
        let check = store.manifest().check.clone().unwrap();
        check.dominance.map_or(0, |dominance| dominance.checked)
    };
    for (asked, expected) in [(0, 0), (10, 10), (5, 10), (1000, 70)] {
        fixture.options.dominance_points = asked;
        assert_eq!(checked(&fixture), expected, "{asked} asked for");
    }
}

#[test]
fn only_a_damaged_shard_is_extracted_again() {
    let mut fixture = Fixture::new();
    fixture.options.dominance_points = 0;
    fixture.extract().unwrap();
    let (before, _) = (files(&fixture.folder()), fixture.cloud.take_read());
    let path = fixture.file("shard-00001.safetensors");
    let content = fs::read(&path).unwrap();
    let mut flipped = content.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damaged in [Some(flipped), Some(content[..content.len() / 2].to_vec()), Some(vec![]), None]
    {
        match damaged {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        fixture.extract().unwrap();
        assert!(files(&fixture.folder()) == before);
        assert_eq!(fixture.cloud.take_read(), 20);
    }
}

#[test]
fn an_extraction_keeps_the_shards_it_began_with() {
    let mut fixture = Fixture::new();
    break_off(&fixture, 3);
    fixture.options.shard_bytes = fixture.bytes_of(33);
    let store = fixture.extract().unwrap();
    assert_eq!(store.manifest().terms.shard_points, 20);
    assert!(store.shards().all(|shard| shard.is_ok()));
}

#[test]
fn only_leftovers_of_a_killed_extraction_are_removed() {
    let fixture = Fixture::new();
    fs::create_dir(fixture.folder()).unwrap();
    let stale =
        [".tropex-0123456789abcdef.tmp", ".tropex-lock", "search.json", "shard-00009.safetensors"];
    let others = [".hidden.tmp", "notes.txt", "shard-1.safetensors", "shard-00001.safetensors.bak"];
    for name in stale.iter().chain(&others) {
        fs::write(fixture.file(name), "left behind").unwrap();
    }
    fixture.extract().unwrap();
    let found = names(&fixture.folder());
    assert!(stale.iter().all(|name| !found.contains(&name.to_string())), "{found:?}");
    assert!(others.iter().all(|name| found.contains(&name.to_string())), "{found:?}");
    assert_eq!(found.len(), others.len() + 5); // manifest and four shards
}

#[test]
fn terms_of_other_settings_are_refused_by_name_or_replaced() {
    let cloud = || Cloud::new(70, 1);
    let first = Fixture::with(cloud(), Precision::F32, Classes::Predicted, 20);
    first.extract().unwrap();
    let before = files(&first.folder());
    for (cloud, precision, classes, difference) in [
        (cloud(), Precision::F64, Classes::Predicted, "precision f32 instead of f64"),
        (cloud(), Precision::F32, Classes::All, "classes predicted instead of all"),
        (Cloud::new(30, 1), Precision::F32, Classes::Predicted, "points 70 instead of 30"),
        (Cloud::new(70, 2), Precision::F32, Classes::Predicted, "other data"),
    ] {
        if !precisions().contains(&precision) {
            continue;
        }
        let mut other = Fixture::with(cloud, precision, classes, 50);
        copy(&first, &other);
        let error = other.extract().unwrap_err().to_string();
        assert!(error.contains("manifest.json") && error.contains(difference), "{error}");
        assert!(files(&other.folder()) == before, "a refusal changes nothing");
        other.options.replace = true;
        let store = other.extract().unwrap();
        assert_eq!(store.len(), store.shards().map(|shard| shard.unwrap().len()).sum::<usize>());
        let shards = store.manifest().shards.len();
        assert_eq!(names(&other.folder()).len(), shards + 1, "no old files are left");
    }
}

fn copy(from: &Fixture, to: &Fixture) {
    fs::create_dir(to.folder()).unwrap();
    for (name, content) in files(&from.folder()) {
        fs::write(to.file(&name), content).unwrap();
    }
}

#[test]
fn the_same_terms_are_not_replaced() {
    let mut fixture = Fixture::new();
    fixture.options.replace = true;
    fixture.extract().unwrap();
    fixture.cloud.take_read();
    fixture.extract().unwrap();
    assert_eq!(fixture.cloud.take_read(), 0);
}

#[test]
fn a_file_in_place_of_the_folder_is_named() {
    let fixture = Fixture::new();
    fs::write(fixture.folder(), "no folder").unwrap();
    let error = fixture.extract().unwrap_err().to_string();
    assert!(error.contains(&fixture.folder().display().to_string()), "{error}");
}
