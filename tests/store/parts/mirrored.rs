//! Machines without a common folder: every task mirrors files that are kept elsewhere.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use tropex::extract::store::stays_remote;
use tropex::{Gauge, TermStore};
use tropex_files::MirroredFolder;

use super::super::Fixture;
use super::{GAUGES, expected, files_only, fixture};
use crate::common::other_folder::OtherFolder;

/// Calls a function with a new folder that mirrors the folder `there`. No file of terms stays in it.
fn mirrored<T>(there: &Path, work: impl FnOnce(&Path) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let remote = Box::new(OtherFolder(there.to_owned()));
    let mirror = MirroredFolder::new(folder.path(), "url", remote, stays_remote).unwrap();
    let outcome = work(mirror.path());
    let names = files_only(mirror.path()).into_iter().map(|(name, _)| name);
    assert!(names.filter(|name| !name.starts_with('.')).all(|name| !stays_remote(&name)));
    outcome
}

/// Runs all tasks of a number of parts, and the merge.
fn extract_in_parts(fixture: &Fixture, of: usize) {
    let (there, options) = (fixture.folder(), &fixture.options);
    let (extractor, source) = (&fixture.extractor, &fixture.cloud);
    fs::create_dir_all(&there).unwrap();
    for task in fixture.tasks(of) {
        mirrored(&there, |here| {
            TermStore::extract_part(here, extractor, source, task, options, &|_| {
                ControlFlow::Continue(())
            })
            .unwrap();
        });
    }
    mirrored(&there, |here| {
        TermStore::merge(here, extractor, source, options, &|_| ControlFlow::Continue(())).unwrap();
    });
}

#[test]
fn parts_of_machines_without_a_common_folder_equal_one_process() {
    for gauge in GAUGES {
        for of in [1, 3] {
            let fixture = fixture(gauge);
            extract_in_parts(&fixture, of);
            let found = files_only(&fixture.folder());
            assert!(found == expected(gauge), "{gauge}, {of} parts");
        }
    }
}

#[test]
fn terms_that_are_elsewhere_are_read_and_checked() {
    let fixture = fixture(Gauge::WorstCase);
    extract_in_parts(&fixture, 3);
    let there = fixture.folder();
    mirrored(&there, |here| {
        let store = TermStore::open(here).unwrap();
        let points: usize = store.shards().map(|shard| shard.unwrap().len()).sum();
        assert_eq!(points, store.len());
        let shard = there.join("shard-00001.safetensors");
        let mut content = fs::read(&shard).unwrap();
        *content.last_mut().unwrap() ^= 1;
        fs::write(&shard, content).unwrap();
        let refused = store.shards().nth(1).unwrap().unwrap_err().to_string();
        assert!(refused.contains("does not match its checksum"), "{refused}");
    });
}
