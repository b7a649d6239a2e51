//! Missing, lost and damaged files of parts.

use std::fs;
use std::path::Path;

use tropex::Gauge;
use tropex::extract::job::PartTask;

use super::super::{files, names};
use super::{GAUGES, STAGES, expected, fixture, part};

/// Removes the folders of rows of a part.
fn remove_rows(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let rows = entries.filter(|path| path.is_dir());
    rows.map(|path| fs::remove_dir_all(path).unwrap()).count()
}

#[test]
fn lost_and_damaged_rows_are_computed_again() {
    let fixture = fixture(Gauge::Tight);
    let [first, second] = [part(1, 2), part(2, 2)];
    for stage in 1..=STAGES {
        for part in [first, second] {
            fixture.run_part(PartTask::of(part).with_stage(stage)).unwrap();
        }
        assert_eq!(remove_rows(&fixture.part_folder(first)), 1);
        let rows = fs::read_dir(fixture.part_folder(second)).unwrap();
        let rows = rows.map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
        for file in fs::read_dir(rows).unwrap().map(|entry| entry.unwrap().path()) {
            let mut content = fs::read(&file).unwrap();
            *content.last_mut().unwrap() ^= 1;
            fs::write(&file, content).unwrap();
        }
    }
    for part in [first, second] {
        fixture.run_part(PartTask::of(part)).unwrap();
    }
    assert_eq!(remove_rows(&fixture.part_folder(second)), 0, "rows are removed in the end");
    fixture.merge().unwrap();
    assert!(files(&fixture.folder()) == expected(Gauge::Tight));
}

#[test]
fn missing_parts_are_named() {
    let fixture = fixture(Gauge::Tight);
    let error = fixture.merge_error();
    assert!(error.starts_with("no parts of an extraction in "), "{error}");
    for number in [1, 4] {
        fixture.run_part(PartTask::of(part(number, 5)).with_stage(1)).unwrap();
    }
    let error = fixture.merge_error();
    assert!(error.ends_with("parts-of-5: parts 2-3, 5 of 5 are not finished"), "{error}");
    let error = fixture.run_part(PartTask::of(part(1, 5)).with_stage(2)).unwrap_err();
    let error = error.to_string();
    assert!(error.ends_with("parts 2-3, 5 of 5 are not finished (stage 1)"), "{error}");
    for task in
        fixture.tasks(5).into_iter().filter(|task| task.stage.is_some() || task.part.number() != 3)
    {
        fixture.run_part(task).unwrap();
    }
    let error = fixture.merge_error();
    assert!(error.ends_with("parts-of-5: part 3 of 5 is not finished"), "{error}");
    fixture.run_part(PartTask::of(part(3, 5))).unwrap();
    fixture.merge().unwrap();
}

#[test]
fn damaged_parts_are_named_and_repaired() {
    for gauge in GAUGES {
        let fixture = fixture(gauge);
        fixture.run_parts(3);
        let folder = fixture.part_folder(part(2, 3));
        for name in names(&folder) {
            let path = folder.join(&name);
            let content = fs::read(&path).unwrap();
            let mut flipped = content.clone();
            *flipped.last_mut().unwrap() ^= 1;
            for damaged in [Some(&flipped[..]), Some(&content[1..]), None] {
                match damaged {
                    Some(content) => fs::write(&path, content).unwrap(),
                    None => fs::remove_file(&path).unwrap(),
                }
                let error = fixture.merge_error();
                let says = error.contains("part 2 of 3 is not finished")
                    || (error.contains(&name) && error.contains("is damaged; run part 2/3 again"))
                    || error.ends_with("part 2 of 3 is not finished (stage 1)")
                    || error.ends_with("part 2 of 3 is not finished (stage 2)");
                assert!(says, "{name}: {error}");
                fixture.run_part(PartTask::of(part(2, 3))).unwrap();
                // A process that runs all stages keeps no rows in files, so its stages name none.
                let length = fs::read(&path).unwrap().len();
                assert!(length == content.len() || name.starts_with("stage-"), "{name}");
            }
        }
        fixture.merge().unwrap();
        assert!(files(&fixture.folder()) == expected(gauge));
    }
}
