//! Errors of opening a dataset.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::cifar::error::CifarError;
use super::file_error::FileError;
use super::idx_error::IdxError;
use super::images::ImagesError;

/// Why a dataset cannot be opened: what is wrong, where, what is expected, and what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// No dataset has this name.
    #[error("unknown dataset `{name}`{hint}, expected one of {known}, or file:PATH")]
    Unknown {
        /// The name asked for.
        name: String,
        /// Hint at similar names, or an empty text.
        hint: String,
        /// The known names.
        known: String,
    },
    /// A file cannot be read.
    #[error("cannot read {path}: {error}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Error of the system.
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
        /// The archive, or the folder of the batches.
        path: PathBuf,
        /// What is wrong with it.
        problem: CifarError,
    },
    /// A safetensors file does not contain labelled images.
    #[error("{path}: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: FileError,
    },
    /// The numbers of images and labels differ.
    #[error(
        "{images_path} holds {images} images but {labels_path} {labels} labels; \
         take both files from the same set"
    )]
    Count {
        /// The file of images.
        images_path: PathBuf,
        /// Number of images.
        images: usize,
        /// The file of labels.
        labels_path: PathBuf,
        /// Number of labels.
        labels: usize,
    },
    /// Pixels or labels are outside their range.
    #[error("{place}: {problem}; replace the file")]
    Images {
        /// The file, or the name of a generated dataset.
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
    /// The dataset is not on this machine and cannot be downloaded.
    #[error(
        "cannot download {dataset} ({reason}): put {} into {folder}",
        files.join(", ")
    )]
    Unavailable {
        /// The dataset.
        dataset: String,
        /// Reason of the failed download.
        reason: String,
        /// The files of the dataset.
        files: Vec<String>,
        /// The cache folder.
        folder: PathBuf,
    },
    /// A layout was given for a dataset with a known layout.
    #[error("{dataset} has a layout of its own; only file:PATH takes one")]
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
