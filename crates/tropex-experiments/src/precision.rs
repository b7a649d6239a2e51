//! How exact terms are: every gauge in every format, on the same images.

use std::io::{self, ErrorKind};
use std::path::Path;

use burn::tensor::Device;
use serde::Serialize;
use tropex_extract::job::ExtractOptions;
use tropex_extract::{
    Classes, ComputeTarget, Extractor, Gauge, Network, Precision, SelfCheck, TermStore,
};
use tropex_extract::{DeviceError, Error as Refusal};
use tropex_files::{ScratchFolder, remove_leftovers};
use tropex_train::data::{Dataset, SubsetSummary};
use tropex_train::run::Run;

use crate::pipeline::{check_data, network};
use crate::{Error, ImagePoints};

/// The gauges that are compared.
const GAUGES: [Gauge; 3] = [Gauge::WorstCase, Gauge::Tight, Gauge::Calibrated];

/// The formats that are compared.
const PRECISIONS: [Precision; 2] = [Precision::F32, Precision::F64];

/// What the self-check of an extraction found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exactness {
    /// The gauge.
    pub gauge: Gauge,
    /// Format of the numbers.
    pub precision: Precision,
    /// The figures, or why there are none.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Figures of an extraction.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The extraction was done.
    Check(Box<SelfCheck>),
    /// It cannot be done: numbers beyond the range of the format, or a device without it.
    Refused(String),
}

/// Extracts the terms of `limit` training images of a run, every class in its share, in every way, and compares the
/// terms of every image with all others. Nothing is left on disk; what a killed call left in the run's
/// folder, the next one removes. `progress` is told the number of
/// extractions that are done, of how many.
///
/// # Errors
/// A run or images that cannot be used; no room for temporary files.
pub fn precision(
    run: &Run,
    dataset: &Dataset,
    device: &Device,
    limit: usize,
    progress: &dyn Fn(usize, usize),
) -> Result<(SubsetSummary, Vec<Exactness>), Error> {
    check_data(run, dataset)?;
    let network = network(run, device)?;
    let points = ImagePoints::new(&dataset.train, Some(limit));
    let all = GAUGES.len() * PRECISIONS.len();
    let mut found = Vec::with_capacity(all);
    for gauge in GAUGES {
        for precision in PRECISIONS {
            progress(found.len(), all);
            let folder = scratch(run)?;
            let terms = folder.path().join("terms");
            let outcome = match extract(&network, &points, gauge, precision, device, &terms) {
                Ok(check) => check,
                Err(
                    refused @ (Refusal::Overflow { .. }
                    | Refusal::Device(DeviceError::Precision { .. })),
                ) => Outcome::Refused(refused.to_string()),
                Err(error) => return Err(error.into()),
            };
            found.push(Exactness { gauge, precision, outcome });
        }
    }
    Ok((points.summary(), found))
}

/// A place for terms: in the run, where there is room for terms as a rule, or where the system has
/// such places if nobody may write there.
fn scratch(run: &Run) -> Result<ScratchFolder, Error> {
    let within = |folder: &Path| {
        remove_leftovers(folder); // of calls that were killed
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
) -> Result<Outcome, Refusal> {
    let network = network.to_target(&ComputeTarget::new(device, precision)?);
    let extractor = Extractor::new(&network, gauge, Classes::Predicted)?;
    let options = ExtractOptions { dominance_points: usize::MAX, ..ExtractOptions::default() };
    let store = TermStore::extract(folder, &extractor, points, &options, &|_| {})?;
    Ok(match &store.manifest().check {
        Some(check) => Outcome::Check(Box::new(check.clone())),
        None => Outcome::Refused("the extraction was not finished".into()),
    })
}
