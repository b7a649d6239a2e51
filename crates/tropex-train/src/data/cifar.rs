//! CIFAR-10, binary version: 50,000 + 10,000 colour photographs of 32 x 32.
//!
//! Krizhevsky, "Learning multiple layers of features from tiny images", 2009. A record is one byte
//! for the label and 3,072 for the image, channel by channel, row by row. The batches are read
//! from a folder, or straight out of the published archive.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::download::RemoteFile;
use super::error::DataError;
use super::gzip::{self, Gunzip};
use super::images::Images;
use super::published::PublishedDataset;
use super::regular_file::{self, InsufficientMemory};
use super::source::{DatasetSource, FileLookup, FileSearch};
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

const SOURCE: DatasetSource<'static> = DatasetSource {
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
    /// The archive holds a batch more than once.
    #[error("the archive holds {batch} twice")]
    Twice {
        /// Name of the batch.
        batch: &'static str,
    },
    /// The archive unpacks to more than any set of batches.
    #[error("the archive unpacks to more than {MAX_UNPACKED} bytes")]
    TooLarge,
    /// The archive is not compressed.
    #[error("the archive starts with {found:02x?}, expected the gzip header [1f, 8b]")]
    Magic {
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// The images do not fit into memory.
    #[error(transparent)]
    InsufficientMemory(InsufficientMemory),
    /// Git LFS left a pointer in place of a file.
    #[error("{part}: {reason}")]
    Pointer {
        /// Name of the batch, or the archive.
        part: &'static str,
        /// What it is, and what to do.
        reason: &'static str,
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
enum CifarFiles {
    Folder(PathBuf),
    Archive(PathBuf),
}

fn open(options: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    FileSearch::new(SOURCE.name, options).run(&SOURCE, find)?.read()
}

/// The batches or the archive in `folder`, or the names of the files that are not there.
fn find(folder: &Path) -> Result<FileLookup<CifarFiles>, DataError> {
    let candidates = [folder.to_path_buf(), folder.join(UNPACKED)];
    let mut incomplete = None;
    for candidate in candidates {
        let lacking = lacking(&candidate)?;
        if lacking.is_empty() {
            return Ok(FileLookup::Found(CifarFiles::Folder(candidate)));
        }
        // Some batches: the others are missing. No batches: the archive is.
        if lacking.len() < BATCHES.len() {
            incomplete = incomplete.or(Some(lacking));
        }
    }
    let archive = folder.join(ARCHIVE);
    if regular_file::exists(&archive)? {
        return Ok(FileLookup::Found(CifarFiles::Archive(archive)));
    }
    Ok(FileLookup::Missing(incomplete.unwrap_or_else(|| vec![ARCHIVE.to_string()])))
}

fn lacking(folder: &Path) -> Result<Vec<String>, DataError> {
    let mut lacking = Vec::new();
    for name in BATCHES {
        if !regular_file::exists(&folder.join(name))? {
            lacking.push(name.to_string());
        }
    }
    Ok(lacking)
}

impl CifarFiles {
    fn read(&self) -> Result<Dataset, DataError> {
        let path = match self {
            CifarFiles::Folder(path) | CifarFiles::Archive(path) => path,
        };
        let failed = |problem| DataError::Cifar { path: path.clone(), problem };
        let batches = match self {
            CifarFiles::Folder(folder) => read_folder(folder)?,
            CifarFiles::Archive(archive) => {
                let (file, _) = regular_file::open(archive)?;
                read_archive(buffered(file)).map_err(failed)?
            }
        };
        let [parts @ .., test] = batches;
        let train = parts.into_iter().fold(CifarBatch::default(), CifarBatch::joined);
        let images = |batch: CifarBatch| {
            Images::from_bytes(SHAPE, CLASSES, batch.pixels, batch.labels)
                .map_err(|problem| DataError::Images { place: path.display().to_string(), problem })
        };
        let mut dataset = Dataset {
            name: SOURCE.name.to_string(),
            train: images(train)?,
            test: images(test)?,
            class_names: CLASS_NAMES.map(String::from).to_vec(),
            reading: None,
            warnings: Vec::new(),
        };
        dataset.warnings.extend(PublishedDataset::mismatch(&dataset, self.folder()));
        Ok(dataset)
    }
}

impl CifarFiles {
    fn folder(&self) -> &Path {
        match self {
            CifarFiles::Folder(folder) => folder,
            CifarFiles::Archive(archive) => archive.parent().unwrap_or(Path::new(".")),
        }
    }
}

fn unreadable(part: &'static str) -> impl Fn(io::Error) -> CifarError {
    move |error| CifarError::Read { part, error }
}

fn buffered(file: impl Read) -> impl BufRead {
    BufReader::with_capacity(1 << 16, file)
}

fn read_folder(folder: &Path) -> Result<[CifarBatch; 6], DataError> {
    let mut batches: [CifarBatch; 6] = Default::default();
    for (name, batch) in BATCHES.into_iter().zip(&mut batches) {
        let path = folder.join(name);
        let (file, length) = regular_file::open(&path)?;
        *batch = CifarBatch::read(name, length, buffered(file))
            .map_err(|problem| DataError::Cifar { path, problem })?;
    }
    Ok(batches)
}

fn read_archive(mut file: impl BufRead) -> Result<[CifarBatch; 6], CifarError> {
    let part = "the archive";
    let start = file.fill_buf().map_err(unreadable(part))?;
    if let Some(reason) = tropex_files::lfs_pointer(start) {
        return Err(CifarError::Pointer { part, reason });
    }
    if !start.starts_with(&gzip::MAGIC) {
        return Err(CifarError::Magic { found: start[..start.len().min(2)].to_vec() });
    }
    let mut archive = tar::Archive::new(Gunzip::new(file).take(MAX_UNPACKED));
    let batches = read_entries(&mut archive)?;
    // The checksum stands at the end of the stream, behind the end of the archive.
    let mut rest = archive.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(unreadable(part))?;
    if rest.limit() == 0 {
        return Err(CifarError::TooLarge);
    }
    match batches.iter().position(|batch| batch.labels.is_empty()) {
        Some(i) => Err(CifarError::Lacking { batch: BATCHES[i] }),
        None => Ok(batches),
    }
}

fn read_entries(archive: &mut tar::Archive<impl Read>) -> Result<[CifarBatch; 6], CifarError> {
    let mut batches: [CifarBatch; 6] = Default::default();
    // Raw: long names, which the batches do not have, would be read into memory whatever their
    // length.
    for entry in archive.entries().map_err(unreadable("the archive"))?.raw(true) {
        let entry = entry.map_err(unreadable("the archive"))?;
        let name = entry.path().ok().and_then(|path| Some(path.file_name()?.to_os_string()));
        let Some(i) = BATCHES.iter().position(|batch| name.as_deref() == Some(batch.as_ref()))
        else {
            continue;
        };
        let batch = BATCHES[i];
        if !batches[i].labels.is_empty() {
            return Err(CifarError::Twice { batch });
        }
        batches[i] = CifarBatch::read(batch, entry.size(), entry)?;
    }
    Ok(batches)
}

/// Images of one file.
#[derive(Debug, Default)]
struct CifarBatch {
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl CifarBatch {
    /// Reads a batch of `length` bytes.
    fn read(batch: &'static str, length: u64, mut source: impl Read) -> Result<Self, CifarError> {
        let mut bytes = Vec::new();
        source.by_ref().take(64).read_to_end(&mut bytes).map_err(unreadable(batch))?;
        if let Some(reason) = tropex_files::lfs_pointer(&bytes) {
            return Err(CifarError::Pointer { part: batch, reason });
        }
        let record = RECORD as u64;
        if length == 0 || length > MAX_RECORDS as u64 * record || !length.is_multiple_of(record) {
            return Err(CifarError::Size { batch, found: length });
        }
        // Bytes, and the images that they become.
        InsufficientMemory::require(2 * length).map_err(CifarError::InsufficientMemory)?;
        source
            .take(length + 1 - bytes.len() as u64)
            .read_to_end(&mut bytes)
            .map_err(unreadable(batch))?;
        if bytes.len() as u64 != length {
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
    use super::super::mutations::mutations;
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
        // Stored, so that a pixel is a byte.
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
        // Two members, as parallel compressors write them.
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
    fn a_size_in_the_archive_takes_no_memory() {
        let mut header = tar::Header::new_gnu();
        header.set_path(BATCHES[0]).unwrap();
        header.set_size(RECORD as u64 * (MAX_RECORDS as u64 + 1));
        header.set_cksum();
        let text = read_archive(gzip(header.as_bytes()).as_slice()).unwrap_err().to_string();
        assert!(text.contains("data_batch_1.bin has 153653073 bytes"), "{text}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let _ = CifarBatch::read(BATCHES[0], bytes.len() as u64, bytes.as_slice());
            let _ = read_archive(bytes.as_slice());
            let _ = read_archive(gzip(&bytes).as_slice());
        }
    }
}
