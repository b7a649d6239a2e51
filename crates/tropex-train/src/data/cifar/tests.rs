use std::fs;
use std::io;

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::gzip::Gunzip;
use super::super::idx::tests::gzip;
use super::super::mutations::mutations;
use super::limits::{FEATURES, MAX_RECORDS, RECORD};
use super::*;

/// A batch of `count` records; pixel `p` of record `i` is `i + p`, its label `(i + first) % 10`.
fn batch(count: usize, first: usize) -> Vec<u8> {
    let record = |i: usize| {
        let pixels = (0..FEATURES).map(move |p| (i + p) as u8);
        std::iter::once(((i + first) % 10) as u8).chain(pixels)
    };
    (0..count).flat_map(record).collect()
}

fn write_batches(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    for (i, name) in BATCHES.iter().enumerate() {
        fs::write(folder.join(name), batch(i + 1, i)).unwrap();
    }
}

fn archive(names: &[&str]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for name in names {
        let content = BATCHES.iter().position(|b| b == name).map_or(vec![1], |i| batch(i + 1, i));
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        let path = format!("{UNPACKED}/{name}");
        builder.append_data(&mut header, path, content.as_slice()).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

fn open_in(folder: &Path) -> Result<Dataset, DataError> {
    FileSearch::offline(Some(folder), folder).run(&SOURCE, find)?.read()
}

fn message(folder: &Path) -> String {
    open_in(folder).unwrap_err().to_string()
}

#[test]
fn folder_and_archive_hold_the_same_dataset() {
    let dir = TempDir::new().unwrap();
    let places = ["plain", "outer/cifar-10-batches-bin", "deep/cifar10/cifar-10-batches-bin"];
    places.iter().for_each(|place| write_batches(&dir.path().join(place)));
    let packed = dir.path().join("packed");
    fs::create_dir(&packed).unwrap();
    let names = [&["readme.html", "batches.meta.txt"], BATCHES.as_slice()].concat();
    fs::write(packed.join(ARCHIVE), archive(&names)).unwrap();
    let plain = open_in(&dir.path().join("plain")).unwrap();
    assert_eq!((plain.train.len(), plain.test.len()), (1 + 2 + 3 + 4 + 5, 6));
    assert_eq!(plain.train.labels()[..4], [0, 1, 2, 2]);
    assert_eq!(plain.test.read(2..3)[..2], [2.0 / 255.0, 3.0 / 255.0]);
    for place in ["outer", "deep", "packed"] {
        let found = open_in(&dir.path().join(place)).unwrap();
        assert!(found.train == plain.train && found.test == plain.test, "{place}");
        assert!(found.warnings[0].contains(" are not the published ones of cifar10: 15 "));
    }
}

#[test]
fn names_what_is_missing() {
    let dir = TempDir::new().unwrap();
    assert!(message(dir.path()).contains("no cifar-10-binary.tar.gz in"));
    write_batches(dir.path());
    fs::remove_file(dir.path().join("data_batch_3.bin")).unwrap();
    assert!(message(dir.path()).contains("cifar10: no data_batch_3.bin in"));
    fs::remove_file(dir.path().join("data_batch_1.bin")).unwrap();
    fs::write(dir.path().join(ARCHIVE), archive(&BATCHES[1..])).unwrap();
    assert!(message(dir.path()).contains("the archive holds no data_batch_1.bin"));
}

#[test]
fn refuses_damaged_batches() {
    let dir = TempDir::new().unwrap();
    write_batches(dir.path());
    let path = dir.path().join("test_batch.bin");
    for damaged in [vec![], vec![0; RECORD - 1], vec![0; RECORD + 1]] {
        fs::write(&path, &damaged).unwrap();
        let text = message(dir.path());
        let start = format!("{}: test_batch.bin has {} bytes", dir.path().display(), damaged.len());
        assert!(text.starts_with(&start), "{text}");
        assert_eq!(text.matches("test_batch.bin").count(), 1, "{text}");
    }
    let mut wrong = batch(2, 0);
    wrong[RECORD] = 10;
    fs::write(&path, wrong).unwrap();
    assert!(message(dir.path()).contains("label 10 in record 1"));
}

#[test]
fn refuses_damaged_archives() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join(ARCHIVE);
    let whole = archive(&BATCHES);
    for damaged in [&b"<html>"[..], &whole[..whole.len() / 2], &whole[..20]] {
        fs::write(&path, damaged).unwrap();
        let text = message(dir.path());
        let expected = match damaged {
            b"<html>" => "the archive starts with [3c, 68], expected the gzip header",
            _ => "cannot be read to its end",
        };
        assert!(text.contains(expected), "{text}");
    }
    fs::write(&path, gzip(&[])).unwrap();
    assert!(message(dir.path()).contains("the archive holds no data_batch_1.bin"));
}

#[test]
fn the_checksum_of_an_archive_is_compared() {
    let whole = archive(&BATCHES);
    assert!(read_archive(whole.as_slice()).is_ok());
    for at in whole.len() - 8..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1;
        let text = read_archive(flipped.as_slice()).unwrap_err().to_string();
        assert!(text.contains("the archive cannot be read to its end"), "{text}");
    }
    for cut in 1..=8 {
        assert!(read_archive(&whole[..whole.len() - cut]).is_err());
    }
    // Stored without compression, so that a pixel is a byte.
    let mut tar = Vec::new();
    Gunzip::new(whole.as_slice()).read_to_end(&mut tar).unwrap();
    let mut stored = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    io::Write::write_all(&mut stored, &tar).unwrap();
    let mut stored = stored.finish().unwrap();
    stored[20_000] ^= 1;
    assert!(read_archive(stored.as_slice()).is_err());
}

#[test]
fn archives_of_other_kinds_are_read_or_refused() {
    let whole = archive(&BATCHES);
    // Two gzip members, as parallel compressors write them.
    let mut tar = Vec::new();
    Gunzip::new(whole.as_slice()).read_to_end(&mut tar).unwrap();
    let (first, second) = tar.split_at(tar.len() / 3);
    let members = [gzip(first), gzip(second), vec![0; 512]].concat();
    assert_eq!(read_archive(members.as_slice()).unwrap()[5].labels.len(), 6);
    let twice = [BATCHES.as_slice(), &BATCHES[..1]].concat();
    let text = read_archive(archive(&twice).as_slice()).unwrap_err().to_string();
    assert_eq!(text, "the archive holds data_batch_1.bin twice");
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n";
    let text = read_archive(pointer.as_slice()).unwrap_err().to_string();
    assert!(text.contains("Git LFS pointer"), "{text}");
    let text = CifarBatch::read(BATCHES[0], 130, pointer.as_slice()).unwrap_err().to_string();
    assert!(text.starts_with("data_batch_1.bin: this is a Git LFS pointer"), "{text}");
}

#[test]
fn damaged_files_are_read_without_harm() {
    let mut builder = tar::Builder::new(Vec::new());
    for (i, name) in BATCHES.iter().enumerate() {
        let mut header = tar::Header::new_gnu();
        header.set_size(RECORD as u64);
        builder.append_data(&mut header, name, batch(1, i).as_slice()).unwrap();
    }
    let tar = builder.into_inner().unwrap();
    let most = |batches: [CifarBatch; 6]| batches.iter().all(|batch| batch.labels.len() <= 6);
    for damaged in mutations(&tar, 300) {
        assert!(read_archive(gzip(&damaged).as_slice()).map_or(true, most));
    }
    for damaged in mutations(&gzip(&tar), 300) {
        assert!(read_archive(damaged.as_slice()).map_or(true, most));
    }
    for damaged in mutations(&batch(2, 0), 300) {
        let found = CifarBatch::read(BATCHES[0], damaged.len() as u64, damaged.as_slice());
        assert!(found.map_or(0, |batch| batch.labels.len()) <= damaged.len() / RECORD);
    }
}

#[test]
fn an_announced_size_takes_no_memory() {
    let mut header = tar::Header::new_gnu();
    header.set_path(BATCHES[0]).unwrap();
    header.set_size(RECORD as u64 * (MAX_RECORDS as u64 + 1));
    header.set_cksum();
    let text = read_archive(gzip(header.as_bytes()).as_slice()).unwrap_err().to_string();
    assert!(text.contains("data_batch_1.bin has 153653073 bytes"), "{text}");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let _ = CifarBatch::read(BATCHES[0], bytes.len() as u64, bytes.as_slice());
        let _ = read_archive(bytes.as_slice());
        let _ = read_archive(gzip(&bytes).as_slice());
    }
}
