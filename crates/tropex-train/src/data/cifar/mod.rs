//! CIFAR-10, binary version: 50,000 + 10,000 colour photographs of 32 x 32.
//!
//! Krizhevsky, "Learning multiple layers of features from tiny images", 2009. A record is one byte
//! for the label and 3,072 bytes for the image, channel by channel, row by row. The batches are
//! read from a folder or from the published archive.

mod archive;
mod batch;
pub(super) mod error;
mod limits;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::download::RemoteFile;
use super::error::DataError;
use super::images::Images;
use super::published::PublishedDataset;
use super::regular_file;
use super::source::{DatasetSource, FileLookup, FileSearch};
use super::{Dataset, DatasetEntry, OpenOptions};

use archive::read_archive;
use batch::CifarBatch;
pub use error::CifarError;
use limits::{BATCHES, CLASSES};

pub(crate) const ENTRY: DatasetEntry = DatasetEntry {
    name: "cifar10",
    summary: "photographs of animals and vehicles, 50,000 + 10,000 colour images of 32 x 32",
    shape: SHAPE,
    classes: CLASSES,
    open,
};

const SHAPE: [usize; 3] = [3, 32, 32];
const CLASS_NAMES: [&str; CLASSES] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

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

/// Where the batches are.
#[derive(Debug)]
enum CifarFiles {
    Folder(PathBuf),
    Archive(PathBuf),
}

fn open(options: &OpenOptions<'_>) -> Result<Dataset, DataError> {
    FileSearch::new(SOURCE.name, options).run(&SOURCE, find)?.read()
}

/// Finds the batches or the archive in `folder`.
fn find(folder: &Path) -> Result<FileLookup<CifarFiles>, DataError> {
    let candidates = [folder.to_path_buf(), folder.join(UNPACKED)];
    let mut incomplete = None;
    for candidate in candidates {
        let missing = missing_batches(&candidate)?;
        if missing.is_empty() {
            return Ok(FileLookup::Found(CifarFiles::Folder(candidate)));
        }
        // A folder with some batches lacks the others; a folder without any lacks the archive.
        if missing.len() < BATCHES.len() {
            incomplete = incomplete.or(Some(missing));
        }
    }
    let archive = folder.join(ARCHIVE);
    if regular_file::exists(&archive)? {
        return Ok(FileLookup::Found(CifarFiles::Archive(archive)));
    }
    Ok(FileLookup::Missing(incomplete.unwrap_or_else(|| vec![ARCHIVE.to_string()])))
}

/// Names of the batches that are not in `folder`.
fn missing_batches(folder: &Path) -> Result<Vec<String>, DataError> {
    let mut missing = Vec::new();
    for name in BATCHES {
        if !regular_file::exists(&folder.join(name))? {
            missing.push(name.to_string());
        }
    }
    Ok(missing)
}

impl CifarFiles {
    fn read(&self) -> Result<Dataset, DataError> {
        let (Self::Folder(path) | Self::Archive(path)) = self;
        let failed = |problem| DataError::Cifar { path: path.clone(), problem };
        let batches = match self {
            Self::Folder(folder) => read_folder(folder)?,
            Self::Archive(archive) => {
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

    fn folder(&self) -> &Path {
        match self {
            Self::Folder(folder) => folder,
            Self::Archive(archive) => archive.parent().unwrap_or(Path::new(".")),
        }
    }
}

fn read_folder(folder: &Path) -> Result<[CifarBatch; 6], DataError> {
    let mut batches: [CifarBatch; 6] = Default::default();
    for (name, batch) in BATCHES.into_iter().zip(&mut batches) {
        let (file, length) = regular_file::open(&folder.join(name))?;
        // The problem names the batch.
        *batch = CifarBatch::read(name, length, buffered(file))
            .map_err(|problem| DataError::Cifar { path: folder.into(), problem })?;
    }
    Ok(batches)
}

fn buffered(file: impl Read) -> impl BufRead {
    BufReader::with_capacity(1 << 16, file)
}

#[cfg(test)]
mod tests;
