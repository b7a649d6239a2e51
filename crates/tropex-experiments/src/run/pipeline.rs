//! The steps from a run to a network and to terms. Each step reuses finished work.

use std::ops::ControlFlow;
use std::path::PathBuf;

use burn::tensor::Device;
use tropex_extract::job::{ExtractOptions, Progress};
use tropex_extract::store::Manifest;
use tropex_extract::{
    Classes, ComputeTarget, Devices, Extractor, Gauge, Network, PointSource, Precision, TermStore,
    capture,
};
use tropex_files::LockError;
use tropex_train::data::{Dataset, SubsetRule};
use tropex_train::run::Run;
use tropex_train::zoo::Classifier;

use super::trained_epoch::TrainedEpoch;
use crate::Error;
use crate::data::{ImagePoints, Split};

/// The terms to extract, and the settings of their extraction.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExtractSettings {
    /// The epoch of the weights.
    pub epoch: TrainedEpoch,
    /// The images whose terms are extracted.
    pub split: Split,
    /// Number of images; `None` for the training images that the run used, or for all test images.
    pub limit: Option<usize>,
    /// The rule that chooses the images.
    pub rule: SubsetRule,
    /// The classes whose terms are extracted.
    pub classes: Classes,
    /// The rule that chooses the shifts.
    pub gauge: Gauge,
    /// The split whose stored shifts are used, with the tight and calibrated gauges; `None` for the
    /// shifts of the images themselves.
    pub shifts_of: Option<Split>,
    /// Format of the numbers.
    pub precision: Precision,
    /// Sizes of batches and shards, and the self-check.
    pub options: ExtractOptions,
}

impl Default for ExtractSettings {
    fn default() -> Self {
        Self {
            epoch: TrainedEpoch::Final,
            split: Split::Train,
            limit: None,
            rule: SubsetRule::DEFAULT,
            classes: Classes::Predicted,
            gauge: Gauge::WorstCase,
            shifts_of: None,
            precision: Precision::F32,
            options: ExtractOptions::default(),
        }
    }
}

impl ExtractSettings {
    /// Sets the epoch of the weights.
    #[must_use]
    pub fn with_epoch(self, epoch: TrainedEpoch) -> Self {
        Self { epoch, ..self }
    }

    /// Sets the split whose terms are extracted.
    #[must_use]
    pub fn with_split(self, split: Split) -> Self {
        Self { split, ..self }
    }

    /// Sets the number of images, see [`limit`](Self::limit).
    #[must_use]
    pub fn with_limit(self, limit: Option<usize>) -> Self {
        Self { limit, ..self }
    }

    /// Sets the rule that chooses the images.
    #[must_use]
    pub fn with_rule(self, rule: SubsetRule) -> Self {
        Self { rule, ..self }
    }

    /// Sets the classes whose terms are extracted.
    #[must_use]
    pub fn with_classes(self, classes: Classes) -> Self {
        Self { classes, ..self }
    }

    /// Sets the rule that chooses the shifts.
    #[must_use]
    pub fn with_gauge(self, gauge: Gauge) -> Self {
        Self { gauge, ..self }
    }

    /// Sets the split whose stored shifts are used.
    #[must_use]
    pub fn with_shifts_of(self, shifts_of: Option<Split>) -> Self {
        Self { shifts_of, ..self }
    }

    /// Sets the format of the numbers.
    #[must_use]
    pub fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Sets the sizes of batches and shards, and the self-check.
    #[must_use]
    pub fn with_options(self, options: ExtractOptions) -> Self {
        Self { options, ..self }
    }
}

/// Folder in which a run keeps the terms of an epoch.
pub fn terms_folder(run: &Run, epoch: TrainedEpoch, split: Split, gauge: Gauge) -> PathBuf {
    let terms = run.path().join("terms");
    let folder = epoch.folder().map_or(terms.clone(), |epoch| terms.join(epoch));
    folder.join(format!("{split}-{}", gauge.name()))
}

/// Captures the trained network of a run in f32 on a device.
///
/// # Errors
/// An unfinished or damaged run; a device failure.
pub fn network(run: &Run, device: &Device) -> Result<Network, Error> {
    network_at(run, TrainedEpoch::Final, device)
}

/// Captures the network of a run with the weights of an epoch, in f32 on a device.
///
/// # Errors
/// An unfinished or damaged run; an epoch without a checkpoint; a device failure.
pub fn network_at(run: &Run, epoch: TrainedEpoch, device: &Device) -> Result<Network, Error> {
    if let Some((path, model)) = run.model_file()? {
        return super::onnx::capture_run(run, &path, model, device);
    }
    let classifier = match epoch {
        TrainedEpoch::Final => run.load_model(device)?,
        TrainedEpoch::Epoch(epoch) => run.load_checkpoint(epoch, device)?,
    };
    Ok(capture(&classifier, classifier.input_shape(), Classifier::forward)?)
}

/// Checks that a dataset has the images that the run was made with.
///
/// # Errors
/// [`Error::OtherData`] names the split that differs.
pub fn check_data(run: &Run, dataset: &Dataset) -> Result<(), Error> {
    let expected = &run.config().data;
    for (split, expected) in [(Split::Train, &expected.train), (Split::Test, &expected.test)] {
        if split.of(dataset).fingerprint() != *expected {
            return Err(Error::OtherData {
                dataset: dataset.name.clone(),
                split,
                run: run.path().to_owned(),
            });
        }
    }
    Ok(())
}

/// Extracts terms of a run into its folder. Resumes an interrupted extraction, and opens the store
/// of a finished one. Several devices share the images.
///
/// # Errors
/// Errors of capturing, extracting and writing; terms of other settings in the folder;
/// [`Error::NoTerms`] of [`ExtractSettings::shifts_of`].
pub fn extract(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &ExtractSettings,
    progress: &dyn Fn(Progress) -> ControlFlow<()>,
) -> Result<TermStore, Error> {
    let ExtractionInput { extractor, folder, points } =
        ExtractionInput::of(run, dataset, devices, settings)?;
    Ok(TermStore::extract(&folder, &extractor, &points, &settings.options, progress)?)
}

/// What an extraction reads, and where it writes.
pub(super) struct ExtractionInput<'a> {
    pub extractor: Extractor,
    pub folder: PathBuf,
    pub points: ImagePoints<'a>,
}

impl<'a> ExtractionInput<'a> {
    /// # Errors
    /// Errors of [`extractor`].
    pub(super) fn of(
        run: &Run,
        dataset: &'a Dataset,
        devices: impl Into<Devices>,
        settings: &ExtractSettings,
    ) -> Result<Self, Error> {
        let extractor = extractor(run, dataset, devices, settings)?;
        Ok(Self { extractor, folder: settings.folder(run), points: settings.points(run, dataset) })
    }
}

/// The extractor of an extraction, on all devices.
///
/// # Errors
/// Another dataset than that of the run; errors of capturing; [`Error::NoTerms`] of
/// [`ExtractSettings::shifts_of`].
fn extractor(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &ExtractSettings,
) -> Result<Extractor, Error> {
    let devices = devices.into();
    check_data(run, dataset)?;
    let target = ComputeTarget::new(devices.first(), settings.precision)?;
    let network = network_at(run, settings.epoch, devices.first())?.to_target(&target);
    let extractor = match settings.shifts_of {
        None => Extractor::new(&network, settings.gauge, settings.classes)?,
        Some(split) => {
            let shifts = open_store(run, settings.epoch, split, settings.gauge)?;
            let shifts = shifts.shifts(&network)?;
            Extractor::with_shifts(&network, &shifts, settings.classes)?
        }
    };
    Ok(extractor.share_with(devices.others())?)
}

/// Opens stored terms of a run.
fn open_store(
    run: &Run,
    epoch: TrainedEpoch,
    split: Split,
    gauge: Gauge,
) -> Result<TermStore, Error> {
    let folder = terms_folder(run, epoch, split, gauge);
    if Manifest::find(&folder)?.is_some() {
        return Ok(TermStore::open(&folder)?);
    }
    if let Some(holder) = tropex_files::holder(&folder) {
        return Err(LockError::Held { folder, holder }.into());
    }
    Err(Error::NoTerms { folder, run: run.path().to_owned(), split, gauge })
}

impl ExtractSettings {
    /// The folder of the terms in a run.
    pub fn folder(&self, run: &Run) -> PathBuf {
        terms_folder(run, self.epoch, self.split, self.gauge)
    }

    /// The images whose terms are extracted.
    pub fn points<'a>(&self, run: &Run, dataset: &'a Dataset) -> ImagePoints<'a> {
        let images = self.split.of(dataset);
        let subset = match (self.limit, self.split) {
            (None, Split::Train) => run.config().trained_on(images),
            (limit, _) => images.subset(limit, self.rule),
        };
        ImagePoints::of_subset(images, subset)
    }
}

/// The training images whose terms a store contains.
///
/// # Errors
/// [`Error::StaleTerms`] for terms of other images.
pub fn term_points<'a>(store: &TermStore, dataset: &'a Dataset) -> Result<ImagePoints<'a>, Error> {
    let stale = || Error::StaleTerms { folder: store.folder().to_owned() };
    ImagePoints::of_terms(&dataset.train, &store.manifest().terms).ok_or_else(stale)
}

/// Opens the terms of a run's training images, and captures the network that they belong to.
///
/// # Errors
/// [`Error::NoTerms`], [`Error::StaleTerms`].
pub fn open_terms(
    run: &Run,
    dataset: &Dataset,
    device: &Device,
    gauge: Gauge,
) -> Result<(TermStore, Network), Error> {
    check_data(run, dataset)?;
    let store = open_store(run, TrainedEpoch::Final, Split::Train, gauge)?;
    let terms = &store.manifest().terms;
    let target = ComputeTarget::new(device, terms.precision)?;
    let network = network(run, device)?.to_target(&target);
    let extractor = Extractor::new(&network, terms.gauge, terms.classes)?;
    if extractor.fingerprint() != terms.network || dataset.train.fingerprint() != terms.source {
        return Err(Error::StaleTerms { folder: store.folder().to_owned() });
    }
    term_points(&store, dataset)?;
    Ok((store, network))
}

/// The class that a network predicts at every point.
///
/// # Errors
/// Points of another shape; a device failure.
pub fn predict(network: &Network, points: &dyn PointSource) -> Result<Vec<usize>, Error> {
    const BATCH: usize = 256;
    let mut predicted = Vec::with_capacity(points.len());
    for start in (0..points.len()).step_by(BATCH) {
        let batch = points.read(start..points.len().min(start + BATCH));
        predicted.extend(network.classify(&batch)?);
    }
    Ok(predicted)
}
