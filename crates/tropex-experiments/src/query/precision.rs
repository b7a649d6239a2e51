//! Compares the errors of terms under every gauge and in every format of numbers.

use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::Device;
use serde::Serialize;
use tropex_extract::job::ExtractOptions;
use tropex_extract::{
    Cancelled, Classes, ComputeTarget, Extractor, Gauge, Network, Precision, SelfCheck, TermStore,
};
use tropex_extract::{DeviceError, Error as ExtractError};
use tropex_files::{ScratchFolder, remove_leftovers};
use tropex_train::data::{Dataset, SubsetSummary};
use tropex_train::run::Run;

use crate::Error;
use crate::data::ImagePoints;
use crate::run::{ProgressFn, TaskProgress, check_data, network};

/// The self-check of an extraction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PrecisionCheck {
    /// The gauge.
    pub gauge: Gauge,
    /// Format of the numbers.
    pub precision: Precision,
    /// The result, or why there is none.
    #[serde(flatten)]
    pub outcome: PrecisionOutcome,
}

/// The result of an extraction.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrecisionOutcome {
    /// The figures of the self-check.
    Check(Box<SelfCheck>),
    /// Why the extraction is impossible: numbers beyond the range of the format, or a device
    /// without the format.
    Refused(String),
}

/// Extracts the terms of `limit` training images of a run, with every class in proportion, with
/// every gauge and in every format, and compares the terms of every image with those of all others.
///
/// The terms are removed afterwards. The next call removes files of a call that was killed.
///
/// # Errors
/// An unusable run; [`Error::OtherData`]; no room for temporary files; [`Error::Cancelled`].
pub fn precision(
    run: &Run,
    dataset: &Dataset,
    device: &Device,
    limit: usize,
    progress: ProgressFn<'_>,
) -> Result<(SubsetSummary, Vec<PrecisionCheck>), Error> {
    check_data(run, dataset)?;
    let network = network(run, device)?;
    let points = ImagePoints::new(&dataset.train, Some(limit));
    let all = Gauge::ALL.len() * Precision::ALL.len();
    let mut found = Vec::with_capacity(all);
    for gauge in Gauge::ALL {
        for precision in Precision::ALL {
            Cancelled::check(progress(TaskProgress::new("extracting terms", found.len(), all)))?;
            let folder = scratch(run)?;
            let terms = folder.path().join("terms");
            let outcome = match extract(&network, &points, gauge, precision, device, &terms) {
                Ok(check) => check,
                Err(
                    refused @ (ExtractError::Overflow { .. }
                    | ExtractError::Device(DeviceError::Precision { .. })),
                ) => PrecisionOutcome::Refused(refused.to_string()),
                Err(error) => return Err(error.into()),
            };
            found.push(PrecisionCheck { gauge, precision, outcome });
        }
    }
    Ok((points.summary(), found))
}

/// A folder for temporary terms: in the run, whose disk usually has room for terms, or in the
/// system's temporary folder if the run is read-only.
fn scratch(run: &Run) -> Result<ScratchFolder, Error> {
    let within = |folder: &Path| {
        remove_leftovers(folder);
        ScratchFolder::within(folder).map_err(Error::io("write in", folder))
    };
    match within(run.path()) {
        Err(Error::Io { source, .. }) if is_read_only(&source) => within(&std::env::temp_dir()),
        found => found,
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

fn extract(
    network: &Network,
    points: &ImagePoints<'_>,
    gauge: Gauge,
    precision: Precision,
    device: &Device,
    folder: &Path,
) -> Result<PrecisionOutcome, ExtractError> {
    let network = network.to_target(&ComputeTarget::new(device, precision)?);
    let extractor = Extractor::new(&network, gauge, Classes::Predicted)?;
    let options = ExtractOptions { dominance_points: usize::MAX, ..ExtractOptions::default() };
    let store =
        TermStore::extract(folder, &extractor, points, &options, &|_| ControlFlow::Continue(()))?;
    Ok(match &store.manifest().check {
        Some(check) => PrecisionOutcome::Check(Box::new(check.clone())),
        None => PrecisionOutcome::Refused("the extraction was not finished".into()),
    })
}
