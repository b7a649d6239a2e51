//! Run to network, network to terms, terms to figures. Every step reuses what is already done.

use std::fmt;
use std::path::PathBuf;

use burn::tensor::Device;
use serde::Serialize;
use tropex_extract::function::Evaluation;
use tropex_extract::job::{ExtractOptions, Progress};
use tropex_extract::store::Manifest;
use tropex_extract::{
    Classes, ComputeTarget, Devices, ExtractedFunction, Extractor, Gauge, Network, PointSource,
    Precision, TermStore, capture,
};
use tropex_files::LockError;
use tropex_train::data::{Dataset, Images, SubsetRule, SubsetSummary};
use tropex_train::run::Run;
use tropex_train::zoo::Classifier;

use crate::{Error, ImagePoints, Moment};

/// One of the two parts of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// The images that networks are trained on.
    Train,
    /// The images that they never saw.
    Test,
}

impl Split {
    /// Name on the command line and in folders.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }

    /// What its images are called.
    pub fn images(self) -> &'static str {
        match self {
            Self::Train => "training images",
            Self::Test => "test images",
        }
    }

    /// Its images.
    pub fn of(self, dataset: &Dataset) -> &Images {
        match self {
            Self::Train => &dataset.train,
            Self::Test => &dataset.test,
        }
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What to extract, and how.
#[derive(Clone, Debug)]
pub struct ExtractSettings {
    /// The weights of the network.
    pub moment: Moment,
    /// The images whose terms are extracted.
    pub split: Split,
    /// Number of images; `None` for the training images that the run used, or all test images.
    pub limit: Option<usize>,
    /// Which they are.
    pub rule: SubsetRule,
    /// The classes.
    pub classes: Classes,
    /// The rule that chooses the shifts.
    pub gauge: Gauge,
    /// The split whose terms' shifts are used, with the tight gauge; without it, the images' own.
    pub shifts_of: Option<Split>,
    /// Format of the numbers.
    pub precision: Precision,
    /// Batches and self-check.
    pub options: ExtractOptions,
}

impl Default for ExtractSettings {
    fn default() -> Self {
        Self {
            moment: Moment::Final,
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

/// Which terms to evaluate, and on what.
#[derive(Clone, Debug)]
pub struct EvaluateSettings {
    /// The gauge of the terms, which are those of the training images.
    pub gauge: Gauge,
    /// The images to classify.
    pub split: Split,
    /// Number of images, every class in its share; `None` for all of them.
    pub limit: Option<usize>,
}

impl Default for EvaluateSettings {
    fn default() -> Self {
        Self { gauge: Gauge::WorstCase, split: Split::Test, limit: None }
    }
}

/// Where a run keeps terms of its weights at a moment.
pub fn terms_folder(run: &Run, moment: Moment, split: Split, gauge: Gauge) -> PathBuf {
    let terms = run.path().join("terms");
    let folder = moment.folder().map_or(terms.clone(), |epoch| terms.join(epoch));
    folder.join(format!("{split}-{}", gauge.name()))
}

/// Captures the trained network of a run, in f32 on a device.
///
/// # Errors
/// An unfinished or damaged run; a device that fails.
pub fn network(run: &Run, device: &Device) -> Result<Network, Error> {
    network_at(run, Moment::Final, device)
}

/// Captures the network of a run as it was at a moment, in f32 on a device.
///
/// # Errors
/// An unfinished or damaged run; weights that were not kept; a device that fails.
pub fn network_at(run: &Run, moment: Moment, device: &Device) -> Result<Network, Error> {
    let classifier = match moment {
        Moment::Final => run.load_model(device)?,
        Moment::Epoch(epoch) => run.load_checkpoint(epoch, device)?,
    };
    Ok(capture(&classifier, classifier.input_shape(), Classifier::forward)?)
}

/// Refuses a dataset with other images than the run was made with.
///
/// # Errors
/// [`Error::OtherData`] names the split that differs.
pub fn check_data(run: &Run, dataset: &Dataset) -> Result<(), Error> {
    let expected = &run.config().data;
    for (split, expected) in [(Split::Train, &expected.train), (Split::Test, &expected.test)] {
        if split.of(dataset).fingerprint() != *expected {
            return Err(Error::OtherData {
                dataset: dataset.name.clone(),
                split: split.name(),
                run: run.path().to_owned(),
            });
        }
    }
    Ok(())
}

/// Extracts terms of a run into its folder, or resumes or reports the extraction that is there.
/// Several devices share the images.
///
/// # Errors
/// Whatever hinders capturing, extracting or writing; terms of other settings in the folder; no
/// terms of the split whose shifts are asked for.
pub fn extract(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &ExtractSettings,
    progress: &dyn Fn(Progress),
) -> Result<TermStore, Error> {
    let devices = devices.into();
    check_data(run, dataset)?;
    let target = ComputeTarget::new(devices.first(), settings.precision)?;
    let network = network_at(run, settings.moment, devices.first())?.to_target(&target);
    let extractor = match settings.shifts_of {
        None => Extractor::new(&network, settings.gauge, settings.classes)?,
        Some(split) => {
            let shifts = open_store(run, settings.moment, split, settings.gauge)?;
            let shifts = shifts.shifts(&network)?;
            Extractor::with_shifts(&network, &shifts, settings.classes)?
        }
    };
    let extractor = extractor.share_with(devices.others())?;
    let points = settings.points(run, dataset);
    let folder = terms_folder(run, settings.moment, settings.split, settings.gauge);
    Ok(TermStore::extract(&folder, &extractor, &points, &settings.options, progress)?)
}

/// Opens the terms of a run.
fn open_store(run: &Run, moment: Moment, split: Split, gauge: Gauge) -> Result<TermStore, Error> {
    let folder = terms_folder(run, moment, split, gauge);
    if Manifest::find(&folder)?.is_some() {
        return Ok(TermStore::open(&folder)?);
    }
    if let Some(holder) = tropex_files::holder(&folder) {
        return Err(LockError::Held { folder, holder }.into());
    }
    let mut command = format!("tropex extract {}", run.path().display());
    if split != ExtractSettings::default().split {
        command += &format!(" --split {split}");
    }
    if gauge != ExtractSettings::default().gauge {
        command += &format!(" --gauge {}", gauge.name());
    }
    Err(Error::NoTerms { folder, command })
}

impl ExtractSettings {
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

/// The training images whose terms a run's store holds.
///
/// # Errors
/// Terms of other images.
pub fn term_points<'a>(store: &TermStore, dataset: &'a Dataset) -> Result<ImagePoints<'a>, Error> {
    let stale = || Error::StaleTerms { folder: store.folder().to_owned() };
    ImagePoints::of_terms(&dataset.train, &store.manifest().terms).ok_or_else(stale)
}

/// What an extracted function was compared on.
#[derive(Clone, Debug)]
pub struct Evaluated {
    /// The figures.
    pub evaluation: Evaluation,
    /// The images that were classified, of their split.
    pub images: SubsetSummary,
    /// The training images whose terms make up the function.
    pub terms: SubsetSummary,
}

/// Compares the extracted function of a run's training terms with the network and the labels.
/// Several devices share the images, if these are many. `progress` is told pairs of points and terms looked at, of all.
///
/// # Errors
/// No terms, or terms of other weights or images; damaged shards.
pub fn evaluate(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &EvaluateSettings,
    progress: &dyn Fn(usize, usize),
) -> Result<Evaluated, Error> {
    let devices = devices.into();
    let (store, network) = open_terms(run, dataset, devices.first(), settings.gauge)?;
    let points = ImagePoints::new(settings.split.of(dataset), settings.limit);
    let predicted = predict(&network, &points)?;
    let function = ExtractedFunction::new(&store, devices.first())?;
    let function = function.share_with(devices.others())?;
    let all = points.len() * store.len();
    let evaluation = function.evaluate(&points, &predicted, &|pairs| progress(pairs, all))?;
    let terms = term_points(&store, dataset)?.summary();
    Ok(Evaluated { evaluation, images: points.summary(), terms })
}

/// The terms of a run's training images, and its network as it was when they were extracted.
///
/// # Errors
/// No terms, or terms of other weights or images.
pub fn open_terms(
    run: &Run,
    dataset: &Dataset,
    device: &Device,
    gauge: Gauge,
) -> Result<(TermStore, Network), Error> {
    check_data(run, dataset)?;
    let store = open_store(run, Moment::Final, Split::Train, gauge)?;
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

/// The network's own class at every point.
///
/// # Errors
/// Points of another shape; a device that fails.
pub fn predict(network: &Network, points: &dyn PointSource) -> Result<Vec<usize>, Error> {
    const BATCH: usize = 256;
    let mut predicted = Vec::with_capacity(points.len());
    for start in (0..points.len()).step_by(BATCH) {
        let batch = points.read(start..points.len().min(start + BATCH));
        predicted.extend(network.classify(&batch)?);
    }
    Ok(predicted)
}
