//! Errors between a dataset and an answer.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;
use tropex_extract::{Cancelled, Gauge};
use tropex_files::LockError;
use tropex_train::data::DataError;
use tropex_train::messages::hint;
use tropex_train::run::RunError;

use crate::data::Split;
use crate::unit::count;

/// Why a step between a dataset and an answer failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Capturing, extracting, storing or evaluating failed.
    #[error(transparent)]
    Extract(tropex_extract::Error),
    /// An ONNX file cannot be used.
    #[error(transparent)]
    Onnx(#[from] tropex_onnx::OnnxError),
    /// A model does not fit its dataset.
    #[error("{}: {reason}", path.display())]
    Model {
        /// The file.
        path: PathBuf,
        /// What does not fit, and what to do.
        reason: String,
    },
    /// Regions could not be computed.
    #[error(transparent)]
    Geometry(tropex_geometry::Error),
    /// The run is unusable.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The dataset cannot be opened.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The progress callback cancelled the work.
    #[error("cancelled")]
    Cancelled,
    /// The dataset is not the one that the run was made with.
    #[error(
        "the {split} images of `{dataset}` are not those that {} was made with; open the data of \
         the run, or train again", run.display()
    )]
    OtherData {
        /// Name of the dataset.
        dataset: String,
        /// The split that differs.
        split: Split,
        /// The run.
        run: PathBuf,
    },
    /// There are no terms to evaluate or to take shifts from.
    #[error("no terms in {}", folder.display())]
    NoTerms {
        /// The folder that extraction writes them to.
        folder: PathBuf,
        /// The run.
        run: PathBuf,
        /// The split whose terms are missing.
        split: Split,
        /// Their gauge.
        gauge: Gauge,
    },
    /// The terms were made from other weights or images than the run has now.
    #[error(
        "the terms in {} belong to other weights or images than the run has now; delete the \
         folder and extract again", folder.display()
    )]
    StaleTerms {
        /// Folder of the terms.
        folder: PathBuf,
    },
    /// The template engine failed.
    #[error("cannot make the page: {0}")]
    Page(#[from] minijinja::Error),
    /// Another process writes to the folder.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The file was not made by TropEx, and its replacement was not requested.
    #[error(
        "{} was not made by tropex and is not replaced; move it away, or choose another name",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file of a finding is damaged.
    #[error("{} is damaged: {reason}; run the experiment again to replace it", path.display())]
    Finding {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `read`, `write`, ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// There is no such experiment.
    #[error(
        "unknown experiment `{name}`{}, expected all or one of {}",
        hint(name, known.iter().copied()), known.join(", ")
    )]
    UnknownExperiment {
        /// The name.
        name: String,
        /// The names of all experiments.
        known: Vec<&'static str>,
    },
    /// A parameter that an experiment does not have, or a value that it does not accept.
    #[error("{experiment}: {reason}")]
    Parameters {
        /// The experiment.
        experiment: &'static str,
        /// What is wrong, and what is expected.
        reason: String,
    },
    /// An experiment that is not done in parts.
    #[error("{experiment} is not done in parts; these are: {}", others.join(", "))]
    NotInParts {
        /// The experiment.
        experiment: &'static str,
        /// The experiments that are.
        others: Vec<&'static str>,
    },
    /// An experiment that compares runs was given one run.
    #[error("{experiment} compares runs: name two or more")]
    OneRun {
        /// The experiment.
        experiment: &'static str,
    },
    /// A study that cannot be executed.
    #[error("{origin}: {reason}")]
    Study {
        /// The file or folder.
        origin: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder of a study contains something else.
    #[error("{}: the folder holds {content}; choose another folder", folder.display())]
    OtherContent {
        /// The folder.
        folder: PathBuf,
        /// What it contains.
        content: String,
    },
    /// Runs whose images differ cannot be compared.
    #[error(
        "{} and {} have different {split} images; networks are compared at the same ones",
        first.display(), second.display()
    )]
    OtherImages {
        /// A run.
        first: PathBuf,
        /// Another run.
        second: PathBuf,
        /// The split that differs.
        split: Split,
    },
    /// The name of an image file does not end with a known format.
    #[error(
        "{} is not the name of a picture, expected one that ends with .svg or .png",
        path.display()
    )]
    PictureName {
        /// The file.
        path: PathBuf,
    },
    /// A picture without pixels or with too many.
    #[error("a picture of {width:.0} by {height:.0} cannot be painted; choose another window")]
    PictureSize {
        /// Width.
        width: f64,
        /// Height.
        height: f64,
    },
    /// An image that the split does not have.
    #[error("there is no image {image} in {split}, which has {}", images_text(*images))]
    NoImage {
        /// The image, counted from 0.
        image: usize,
        /// The split.
        split: Split,
        /// Number of images in the split.
        images: usize,
    },
    /// Images that a plane should go through were named for a network with two inputs.
    #[error(
        "cannot draw regions: the network has two inputs, so there is only one plane; leave out the \
         images it should go through"
    )]
    OnlyPlane,
    /// A window was given by two inputs for a network with more.
    #[error(
        "cannot draw regions: a window is given by two inputs, but the network has {inputs}; choose \
         three images for a plane instead"
    )]
    NoInputPlane {
        /// Number of inputs.
        inputs: usize,
    },
    /// A margin that makes no window.
    #[error("cannot draw regions: a margin of {0}, expected more than -0.5, and up to 1000")]
    Margin(f64),
}

/// `60,000 images, 0 to 59999`
fn images_text(images: usize) -> String {
    match images {
        0 => "no images".into(),
        1 => "1 image, number 0".into(),
        _ => format!("{} images, 0 to {}", count(images), images - 1),
    }
}

impl From<tropex_extract::Error> for Error {
    fn from(error: tropex_extract::Error) -> Self {
        match error {
            tropex_extract::Error::Cancelled => Self::Cancelled,
            error => Self::Extract(error),
        }
    }
}

impl From<tropex_geometry::Error> for Error {
    fn from(error: tropex_geometry::Error) -> Self {
        match error {
            tropex_geometry::Error::Cancelled => Self::Cancelled,
            error => Self::Geometry(error),
        }
    }
}

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
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
