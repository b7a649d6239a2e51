//! Everything that can go wrong between a dataset and an answer.

use std::path::PathBuf;

use thiserror::Error;
use tropex_train::data::DataError;
use tropex_train::run::RunError;

/// Why a step of the pipeline cannot be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Capturing, extracting, storing or evaluating failed.
    #[error(transparent)]
    Extract(#[from] tropex_extract::Error),
    /// The run is unusable.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The dataset cannot be opened.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The dataset is not the one that the run was made with.
    #[error(
        "the {split} images of `{dataset}` are not those that {} was made with; pass the \
         --data-dir of that time, or train again", run.display()
    )]
    OtherData {
        /// Name of the dataset.
        dataset: String,
        /// `train` or `test`.
        split: &'static str,
        /// The run.
        run: PathBuf,
    },
    /// There are no terms to evaluate, or to take shifts from.
    #[error("no terms in {}; make them with `{command}`", folder.display())]
    NoTerms {
        /// Where they should be.
        folder: PathBuf,
        /// What makes them.
        command: String,
    },
    /// The terms were made from other weights or images than the run has now.
    #[error(
        "the terms in {} belong to other weights or images than the run has now; delete the \
         folder and extract again", folder.display()
    )]
    StaleTerms {
        /// Where they are.
        folder: PathBuf,
    },
    /// A file is to be a picture of no known format.
    #[error("{} is no name of a picture; expected one that ends with .svg or .png", path.display())]
    PictureName {
        /// The file.
        path: PathBuf,
    },
    /// A picture has no pixels, or too many.
    #[error("a picture of {width:.0} by {height:.0} cannot be painted; choose another window")]
    PictureSize {
        /// Its width.
        width: f64,
        /// Its height.
        height: f64,
    },
    /// A picture could not be written.
    #[error("cannot write {}: {source}", path.display())]
    PictureFile {
        /// The file.
        path: PathBuf,
        /// The operating system's word.
        source: std::io::Error,
    },
    /// There is nothing that regions could be drawn around.
    #[error("cannot draw regions: {0}")]
    Regions(String),
}
