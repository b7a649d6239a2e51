//! Everything that can go wrong between a dataset and an answer.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use tropex_files::LockError;
use tropex_train::data::DataError;
use tropex_train::messages::hint;
use tropex_train::run::RunError;

use crate::Split;
use crate::report::count;

/// Why a step of the pipeline cannot be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Capturing, extracting, storing or evaluating failed.
    #[error(transparent)]
    Extract(#[from] tropex_extract::Error),
    /// Regions could not be computed.
    #[error(transparent)]
    Geometry(#[from] tropex_geometry::Error),
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
    /// A page could not be made: not a matter of what is on it.
    #[error("cannot make the page: {0}")]
    Page(#[from] minijinja::Error),
    /// Another process writes there.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// A file that this program did not make would be replaced without being asked for.
    #[error(
        "{} was not made by tropex and is not replaced; move it away, or choose another name",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// What an experiment found is not in its file.
    #[error("{} is damaged: {reason}; the experiment with --again makes a new one", path.display())]
    Finding {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write`, ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's word.
        source: io::Error,
    },
    /// There is no such experiment.
    #[error(
        "unknown experiment `{name}`{}, expected all or one of {}",
        hint(name, known.iter().copied()), known.join(", ")
    )]
    UnknownExperiment {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<&'static str>,
    },
    /// A setting that an experiment does not have or understand.
    #[error("{experiment}: {reason}")]
    Parameters {
        /// The experiment.
        experiment: &'static str,
        /// What is wrong, and what there is.
        reason: String,
    },
    /// An experiment that compares runs was given one.
    #[error("{experiment} compares runs: name two or more")]
    OneRun {
        /// The experiment.
        experiment: &'static str,
    },
    /// A study that cannot be carried out.
    #[error("{origin}: {reason}")]
    Study {
        /// The file or folder.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Runs that cannot be compared.
    #[error(
        "{} and {} have different {split} images; networks are compared at the same ones",
        first.display(), second.display()
    )]
    OtherImages {
        /// A run.
        first: PathBuf,
        /// Another.
        second: PathBuf,
        /// `train` or `test`.
        split: &'static str,
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
    /// An image is asked for that is not there.
    #[error("there is no image {image} in {split}, which has {}", counted(*images))]
    NoImage {
        /// The image, counted from 0.
        image: usize,
        /// Where it should be.
        split: Split,
        /// How many there are.
        images: usize,
    },
    /// There is nothing that regions could be drawn around.
    #[error("cannot draw regions: {0}")]
    Regions(String),
}

/// `60,000 images, 0 to 59999`
fn counted(images: usize) -> String {
    match images {
        0 => "no images".into(),
        1 => "1 image, number 0".into(),
        _ => format!("{} images, 0 to {}", count(images), images - 1),
    }
}

impl From<tropex_extract::DeviceError> for Error {
    fn from(error: tropex_extract::DeviceError) -> Self {
        tropex_extract::Error::from(error).into()
    }
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
