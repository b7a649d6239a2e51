//! CIFAR-10, binary version: 50,000 + 10,000 colour photographs of 32 x 32.
//!
//! Krizhevsky, "Learning multiple layers of features from tiny images", 2009. A record is one byte
//! for the label and 3,072 for the image, channel by channel, row by row. The batches are read
//! from a folder, or straight out of the published archive.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;
use thiserror::Error;

use super::download::RemoteFile;
use super::error::DataError;
use super::images::Images;
use super::source::{Search, Source};
use super::{Dataset, DatasetEntry, OpenOptions};

pub(crate) const ENTRY: DatasetEntry = DatasetEntry {
    name: "cifar10",
    summary: "photographs of animals and vehicles, 50,000 + 10,000 colour images of 32 x 32",
    shape: SHAPE,
    classes: CLASSES,
    open,
};

const SHAPE: [usize; 3] = [3, 32, 32];
const CLASSES: usize = 10;
const CLASS_NAMES: [&str; CLASSES] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const FEATURES: usize = 3 * 32 * 32;
const RECORD: usize = 1 + FEATURES;
/// Most records a batch may have: five times the published ones.
const MAX_RECORDS: usize = 50_000;
/// Most bytes an archive may unpack to: the published one has 184 million.
const MAX_UNPACKED: u64 = 1 << 30;

const BATCHES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];
const ARCHIVE: &str = "cifar-10-binary.tar.gz";
const UNPACKED: &str = "cifar-10-batches-bin";

const SOURCE: Source<'static> = Source {
    name: "cifar10",
    subfolders: &["cifar10"],
    system: None,
    mirrors: &["https://www.cs.toronto.edu/~kriz/"],
    files: &[RemoteFile {
        name: ARCHIVE,
        size: 170_052_171,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    }],
};

/// What makes a file no batch or archive of CIFAR-10.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CifarError {
    /// A batch does not consist of whole records.
    #[error("{batch} has {found} bytes, expected 1 to {MAX_RECORDS} records of {RECORD} bytes")]
    Size {
        /// Name of the batch.
        batch: &'static str,
        /// Its bytes.
        found: u64,
    },
    /// A record's label names no class.
    #[error("{batch} has label {label} in record {record}, expected 0 to 9")]
    Label {
        /// Name of the batch.
        batch: &'static str,
        /// Position of the record.
        record: usize,
        /// Its label.
        label: u8,
    },
    /// The archive lacks a batch.
    #[error("the archive holds no {batch}")]
    Lacking {
        /// Name of the batch.
        batch: &'static str,
    },
    /// A batch or the archive could not be read to its end.
    #[error("{part} cannot be read to its end: {error}")]
    Read {
        /// Name of the batch, or the archive.
        part: &'static str,
        /// The reason.
        error: io::Error,
    },
}

/// Where the batches are.
#[derive(Debug)]
enum Place {
    Folder(PathBuf),
    Archive(PathBuf),
}

fn open(options: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    Search::new(SOURCE.name, options).run(&SOURCE, find)?.read()
}

/// The batches or the archive in `folder`, or the names of the files that are not there.
fn find(folder: &Path) -> Result<Place, Vec<String>> {
    let candidates = [folder.to_path_buf(), folder.join(UNPACKED)];
    let lacking = candidates.each_ref().map(|folder| lacking(folder));
    if let Some(i) = lacking.iter().position(Vec::is_empty) {
        return Ok(Place::Folder(candidates[i].clone()));
    }
    let archive = folder.join(ARCHIVE);
    if archive.is_file() {
        return Ok(Place::Archive(archive));
    }
    // Some batches: the others are missing. No batches: the archive is.
    match lacking.into_iter().find(|names| names.len() < BATCHES.len()) {
        Some(names) => Err(names),
        None => Err(vec![ARCHIVE.to_string()]),
    }
}

fn lacking(folder: &Path) -> Vec<String> {
    let absent = BATCHES.iter().filter(|name| !folder.join(name).is_file());
    absent.map(|name| name.to_string()).collect()
}

impl Place {
    fn read(&self) -> Result<Dataset, DataError> {
        let path = match self {
            Place::Folder(path) | Place::Archive(path) => path,
        };
        let batches = match self {
            Place::Folder(folder) => read_folder(folder),
            Place::Archive(archive) => open_file("the archive", archive).and_then(read_archive),
        };
        let [parts @ .., test] =
            batches.map_err(|problem| DataError::Cifar { path: path.clone(), problem })?;
        let train = parts.into_iter().fold(Batch::default(), Batch::joined);
        let images = |batch: Batch| {
            Images::from_bytes(SHAPE, CLASSES, batch.pixels, batch.labels)
                .map_err(|problem| DataError::Images { place: path.display().to_string(), problem })
        };
        Ok(Dataset {
            name: SOURCE.name.to_string(),
            train: images(train)?,
            test: images(test)?,
            class_names: CLASS_NAMES.map(String::from).to_vec(),
        })
    }
}

fn unreadable(part: &'static str) -> impl Fn(io::Error) -> CifarError {
    move |error| CifarError::Read { part, error }
}

fn open_file(part: &'static str, path: &Path) -> Result<BufReader<File>, CifarError> {
    let file = File::open(path).map_err(unreadable(part))?;
    Ok(BufReader::with_capacity(1 << 16, file))
}

fn read_folder(folder: &Path) -> Result<[Batch; 6], CifarError> {
    let mut batches: [Batch; 6] = Default::default();
    for (name, batch) in BATCHES.into_iter().zip(&mut batches) {
        *batch = Batch::read(name, open_file(name, &folder.join(name))?)?;
    }
    Ok(batches)
}

fn read_archive(file: impl io::BufRead) -> Result<[Batch; 6], CifarError> {
    let mut batches: [Batch; 6] = Default::default();
    let mut archive = tar::Archive::new(GzDecoder::new(file).take(MAX_UNPACKED));
    for entry in archive.entries().map_err(unreadable("the archive"))? {
        let entry = entry.map_err(unreadable("the archive"))?;
        let name = entry.path().ok().and_then(|path| Some(path.file_name()?.to_os_string()));
        let Some(i) = BATCHES.iter().position(|batch| name.as_deref() == Some(batch.as_ref()))
        else {
            continue;
        };
        batches[i] = Batch::read(BATCHES[i], entry)?;
    }
    match batches.iter().position(|batch| batch.labels.is_empty()) {
        Some(i) => Err(CifarError::Lacking { batch: BATCHES[i] }),
        None => Ok(batches),
    }
}

/// Images of one file.
#[derive(Debug, Default)]
struct Batch {
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl Batch {
    fn read(batch: &'static str, source: impl Read) -> Result<Self, CifarError> {
        let limit = MAX_RECORDS * RECORD;
        let mut bytes = Vec::new();
        source.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreadable(batch))?;
        if bytes.is_empty() || bytes.len() > limit || !bytes.len().is_multiple_of(RECORD) {
            return Err(CifarError::Size { batch, found: bytes.len() as u64 });
        }
        let mut read = Self::default();
        for (record, bytes) in bytes.chunks_exact(RECORD).enumerate() {
            let label = bytes[0];
            if usize::from(label) >= CLASSES {
                return Err(CifarError::Label { batch, record, label });
            }
            read.labels.push(label.into());
            read.pixels.extend_from_slice(&bytes[1..]);
        }
        Ok(read)
    }

    fn joined(mut self, other: Self) -> Self {
        self.pixels.extend(other.pixels);
        self.labels.extend(other.labels);
        self
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::super::idx::tests::gzip;
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
            let content =
                BATCHES.iter().position(|b| b == name).map_or(vec![1], |i| batch(i + 1, i));
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            let path = format!("{UNPACKED}/{name}");
            builder.append_data(&mut header, path, content.as_slice()).unwrap();
        }
        gzip(&builder.into_inner().unwrap())
    }

    fn open_in(folder: &Path) -> Result<Dataset, DataError> {
        Search::offline(Some(folder), folder).run(&SOURCE, find)?.read()
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
            assert_eq!(open_in(&dir.path().join(place)).unwrap(), plain, "{place}");
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
            assert!(
                text.contains(&format!("test_batch.bin has {} bytes", damaged.len())),
                "{text}"
            );
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
            assert!(text.contains("cannot be read to its end"), "{text}");
        }
        fs::write(&path, gzip(&[])).unwrap();
        assert!(message(dir.path()).contains("the archive holds no data_batch_1.bin"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let _ = Batch::read(BATCHES[0], bytes.as_slice());
            let _ = read_archive(bytes.as_slice());
            let _ = read_archive(gzip(&bytes).as_slice());
        }
    }
}
