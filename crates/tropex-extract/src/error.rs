//! The errors of the crate; every message is one line.

use std::path::{Path, PathBuf};

use thiserror::Error;
use tropex_files::LockError;
use tropex_kernels::{Cancelled, DeviceError, Precision};

use crate::capture_error::CaptureError;
use crate::part_number::PartNumber;
use crate::unsupported::UnsupportedOperation;

/// An error in capturing, extracting, storing or reading terms.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The module contains operations that are not piecewise linear or not supported.
    #[error("cannot capture the module: {}", list(.0))]
    Unsupported(Vec<UnsupportedOperation>),
    /// The module cannot be captured, for a reason that is not a single operation.
    #[error("cannot capture the module: {0}")]
    Capture(#[from] CaptureError),
    /// The outputs of the captured network differ from the outputs of the module.
    #[error(
        "the captured network differs from the module's forward pass by {difference:.1e} on random \
         points, and rounding explains only {allowed:.1e}: the forward pass depends on the number \
         of points or on chance; if it does not, please report the module"
    )]
    SelfCheck {
        /// Largest difference between two outputs.
        difference: f64,
        /// Largest difference that rounding explains.
        allowed: f64,
    },
    /// The device does not support the request.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A number is outside the range of the floating-point format.
    #[error("{what} overflows {precision}: choose a higher precision")]
    Overflow {
        /// The number that overflowed.
        what: String,
        /// The floating-point format.
        precision: Precision,
    },
    /// The shape of the points or terms does not fit the network.
    #[error("{what}: found {found}, expected {expected}")]
    Shape {
        /// The object that was checked.
        what: String,
        /// Its shape.
        found: String,
        /// The shape that the network requires.
        expected: String,
    },
    /// A file of a term store is damaged, out of date or of another format version.
    #[error("{}: {reason}", path.display())]
    Store {
        /// The file or folder.
        path: PathBuf,
        /// The defect, and how to repair it.
        reason: String,
    },
    /// The folder contains the terms of another extraction.
    #[error("{} holds terms of another extraction ({difference}); delete the folder", path.display())]
    OtherTerms {
        /// The manifest in the folder.
        path: PathBuf,
        /// The first difference between the two extractions.
        difference: String,
    },
    /// The extraction does not have the stage.
    #[error("there is no stage {stage}: {}", stages_text(*.stages))]
    NoStage {
        /// The requested stage.
        stage: usize,
        /// Number of stages; 0 if no shifts are to be found.
        stages: usize,
    },
    /// The folder has no parts of an extraction.
    #[error("no parts of an extraction in {}", folder.display())]
    NoParts {
        /// The folder of the store.
        folder: PathBuf,
    },
    /// Some parts would have no points.
    #[error(
        "{parts} parts are too many: the points make {batches} {}, and a part has at least one",
        if *batches == 1 { "batch" } else { "batches" }
    )]
    TooManyParts {
        /// The requested number of parts.
        parts: usize,
        /// Number of batches.
        batches: usize,
    },
    /// Parts of an extraction are missing or not finished.
    #[error("{}: {} not finished{}", folder.display(), parts_text(missing), stage_text(*.stage))]
    MissingParts {
        /// The folder of the parts.
        folder: PathBuf,
        /// The parts, in ascending order.
        missing: Vec<PartNumber>,
        /// The stage that they have not finished; `None` for their terms.
        stage: Option<usize>,
    },
    /// A file of a part is damaged.
    #[error("{} is damaged; run part {part} again", path.display())]
    DamagedPart {
        /// The file.
        path: PathBuf,
        /// The part.
        part: PartNumber,
    },
    /// Another process holds the lock of the folder.
    #[error(transparent)]
    Locked(#[from] LockError),
    /// The progress callback cancelled the work. What is finished by then is kept.
    #[error("cancelled")]
    Cancelled,
    /// A file could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// The action that failed: `read`, `write`, ...
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn store(path: &Path, reason: impl Into<String>) -> Self {
        Self::Store { path: path.to_owned(), reason: reason.into() }
    }

    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// An [`Error::Shape`].
    pub fn shape(what: impl Into<String>, found: impl ToString, expected: impl ToString) -> Self {
        Self::Shape { what: what.into(), found: found.to_string(), expected: expected.to_string() }
    }
}

impl From<Cancelled> for Error {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

fn list(operations: &[UnsupportedOperation]) -> String {
    let lines: Vec<_> = operations.iter().map(ToString::to_string).collect();
    lines.join("; ")
}

/// `the stages are 1 to 4`
fn stages_text(stages: usize) -> String {
    match stages {
        0 => "no shifts are to be found".into(),
        1 => "the only stage is 1".into(),
        stages => format!("the stages are 1 to {stages}"),
    }
}

/// ` (stage 2)`
fn stage_text(stage: Option<usize>) -> String {
    stage.map_or(String::new(), |stage| format!(" (stage {stage})"))
}

/// `part 3 of 4 is`, `parts 1-3, 5 of 9 are`
fn parts_text(parts: &[PartNumber]) -> String {
    let of = parts.first().map_or(0, |part| part.of());
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in parts.iter().map(|part| part.number()) {
        match runs.last_mut().filter(|(_, last)| *last + 1 == number) {
            Some((_, last)) => *last = number,
            None => runs.push((number, number)),
        }
    }
    let run = |(first, last): (usize, usize)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    let runs: Vec<String> = runs.into_iter().map(run).collect();
    match parts.len() {
        1 => format!("part {} of {of} is", runs.join(", ")),
        _ => format!("parts {} of {of} are", runs.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_listed_in_runs() {
        let parts = |numbers: &[usize]| {
            let parts = numbers.iter().map(|&number| PartNumber::new(number, 9).unwrap());
            parts_text(&parts.collect::<Vec<_>>())
        };
        assert_eq!(parts(&[3]), "part 3 of 9 is");
        assert_eq!(parts(&[1, 2, 3, 5, 8, 9]), "parts 1-3, 5, 8-9 of 9 are");
    }
}
