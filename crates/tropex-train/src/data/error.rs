//! What can go wrong between a dataset's name and its images, one line each.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::cifar::CifarError;
use super::file::FileError;
use super::idx::IdxError;
use super::images::ImagesError;

/// Why a dataset could not be opened: what, where, what was expected, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// No dataset has this name.
    #[error("unknown dataset `{name}`{hint}, expected one of {known}, or file:PATH")]
    Unknown {
        /// The name asked for.
        name: String,
        /// What was probably meant.
        hint: String,
        /// The names there are.
        known: String,
    },
    /// The operating system would not read a file.
    #[error("cannot read {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// A file of MNIST's format is damaged.
    #[error("{path}: {problem}; replace the file, or delete it to download it again")]
    Idx {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: IdxError,
    },
    /// A file of CIFAR's format is damaged.
    #[error("{path}: {problem}; replace the file, or delete it to download it again")]
    Cifar {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: CifarError,
    },
    /// A safetensors file does not hold labelled images.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: FileError,
    },
    /// Images and labels do not belong together.
    #[error(
        "{images_path} holds {images} images but {labels_path} {labels} labels; \
         take both files from the same set"
    )]
    Count {
        /// The file of images.
        images_path: PathBuf,
        /// Images in it.
        images: usize,
        /// The file of labels.
        labels_path: PathBuf,
        /// Labels in it.
        labels: usize,
    },
    /// Pixels or labels are outside their range.
    #[error("{place}: {problem}; replace the file")]
    Images {
        /// The file, or the dataset where it is generated.
        place: String,
        /// What is wrong with them.
        problem: ImagesError,
    },
    /// The folder given by the user lacks files.
    #[error(
        "{dataset}: no {} in {folder}; put the files there, or name no folder to use the cache",
        files.join(", ")
    )]
    Missing {
        /// The dataset.
        dataset: String,
        /// The folder searched.
        folder: PathBuf,
        /// The files that are not there.
        files: Vec<String>,
    },
    /// The dataset is not on this machine and could not be fetched.
    #[error(
        "cannot download {dataset} ({reason}): put {} into {folder}",
        files.join(", ")
    )]
    Unavailable {
        /// The dataset.
        dataset: String,
        /// Why there was no download.
        reason: String,
        /// The files it consists of.
        files: Vec<String>,
        /// The cache folder where they are looked for.
        folder: PathBuf,
    },
    /// A layout was chosen for a dataset whose layout is known.
    #[error("a layout is chosen for file:PATH only; {dataset} has one of its own")]
    Layout {
        /// The dataset.
        dataset: String,
    },
    /// The caller ended the download; a later call resumes it.
    #[error("the download of {dataset} was cancelled")]
    Cancelled {
        /// The dataset.
        dataset: String,
    },
    /// There is no cache folder for a download.
    #[error("{dataset}: this system has no cache folder; set TROPEX_DATA to a folder")]
    NoCache {
        /// The dataset.
        dataset: String,
    },
}
