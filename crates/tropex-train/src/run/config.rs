//! The record of a run, `config.json`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tropex_files::replace;

use super::error::RunError;
use super::layout::FORMAT_VERSION;
use super::model_import::ModelImport;
use super::request::RunRequest;
use crate::data::{
    Dataset, FILE_PREFIX, FileReadOptions, Images, OpenOptions, Subset, looks_like_channels_last,
};
use crate::import::{ImportOptions, is_epsilon};
use crate::messages::in_plain_words;
use crate::training::{EpochMetrics, TrainingConfig};
use crate::zoo::{MAX_VALUES, Normalisation};

/// Version of Burn in `Cargo.lock`.
pub const BURN_VERSION: &str = "0.22.1";

/// Largest number of classes.
const MAX_CLASSES: usize = 100_000;

/// Versions of the programs that made a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Version of TropEx.
    pub tropex: String,
    /// Version of Burn.
    pub burn: String,
}

impl Versions {
    fn current() -> Self {
        Self { tropex: env!("CARGO_PKG_VERSION").into(), burn: BURN_VERSION.into() }
    }
}

/// SHA-256 of the images and labels that a run used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFingerprints {
    /// Fingerprint of the training images.
    pub train: String,
    /// Fingerprint of the test images.
    pub test: String,
}

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Unfinished; an equal request continues it.
    Training,
    /// All epochs are finished.
    Trained,
    /// Finished early, because the test loss stopped improving.
    StoppedEarly,
    /// The weights are imported.
    Imported,
}

/// The name in `config.json`.
impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Training => "training",
            Self::Trained => "trained",
            Self::StoppedEarly => "stopped-early",
            Self::Imported => "imported",
        })
    }
}

/// Name of the architecture of an imported ONNX model.
pub const ONNX: &str = "onnx";

/// The imported model file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// Shape of a point of the model.
    pub input_shape: Vec<usize>,
    /// Name of the output.
    pub output: String,
    /// Whether the model reads channels last while the run's images have channels first. The first
    /// operation of the network then moves the axes.
    #[serde(default)]
    pub channels_last: bool,
    /// Files with weights beside the model file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external_data: Vec<String>,
    /// SHA-256 of the model file.
    pub sha256: String,
}

/// Whether a point of a model is an image with channels last. This is so if the axes of the images
/// are moved for the model, or if the shape of its points looks like channels last.
pub fn has_channels_last(shape: &[usize], is_moved: bool) -> bool {
    let shape = <[usize; 3]>::try_from(shape);
    is_moved || shape.is_ok_and(looks_like_channels_last)
}

/// Channels of a point of a model: the last axis of an image with channels last; otherwise the
/// first of three axes, or one.
pub fn channels(shape: &[usize], is_moved: bool) -> usize {
    match (shape, has_channels_last(shape, is_moved)) {
        (&[.., channels], true) => channels,
        (&[channels, _, _], false) => channels,
        _ => 1,
    }
}

/// The content of `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Format version, [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The architecture: its name in the zoo, its layers in a line, or [`ONNX`].
    pub architecture: String,
    /// Name of the dataset.
    pub dataset: String,
    /// `[channels, height, width]` of an image.
    pub input_shape: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Number of trained parameters.
    pub parameters: usize,
    /// Settings of the training; `None` for imported weights.
    pub training: Option<TrainingConfig>,
    /// File of imported weights.
    pub imported_from: Option<String>,
    /// The model file of an imported ONNX model; `None` for networks of the zoo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelFile>,
    /// Normalisation of the images by an imported network.
    #[serde(default)]
    pub normalisation: Option<Normalisation>,
    /// Number that the batch norms of an imported network add to variances; `None` for 1e-5.
    #[serde(default)]
    pub batch_norm_epsilon: Option<f64>,
    /// Name of the device.
    pub device: String,
    /// Versions of the programs.
    pub versions: Versions,
    /// Fingerprints of the images.
    pub data: DataFingerprints,
    /// Seed of shuffled training labels; `None` for true labels.
    #[serde(default)]
    pub shuffled_labels: Option<u64>,
    /// Options that a `file:PATH` was read with; `None` for named datasets and in runs of earlier
    /// versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<FileReadOptions>,
    /// Warnings about the dataset when the run was created.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_warnings: Vec<String>,
    /// State.
    pub state: RunState,
    /// Metrics of the finished epochs.
    pub metrics: Vec<EpochMetrics>,
}

impl RunConfig {
    /// The record of a new training.
    pub fn of_training(request: &RunRequest, training: &TrainingConfig) -> Result<Self, RunError> {
        let training = Some(training.clone());
        Ok(Self { training, state: RunState::Training, ..Self::new(request)? })
    }

    /// The record of weights imported from a file.
    pub fn of_import(
        request: &RunRequest,
        weights: &Path,
        options: &ImportOptions,
    ) -> Result<Self, RunError> {
        Ok(Self {
            imported_from: Some(weights.display().to_string()),
            normalisation: options.normalisation.clone(),
            batch_norm_epsilon: options.batch_norm_epsilon,
            ..Self::new(request)?
        })
    }

    /// The record of a model that was imported from a file.
    pub(super) fn of_model(import: &ModelImport<'_>, model: ModelFile) -> Self {
        let data = import.data;
        Self {
            format_version: FORMAT_VERSION,
            architecture: ONNX.into(),
            dataset: data.name.clone(),
            input_shape: data.train.shape(),
            classes: data.train.classes(),
            parameters: import.parameters,
            training: None,
            imported_from: Some(import.source.display().to_string()),
            model: Some(model),
            normalisation: import.normalisation.cloned(),
            batch_norm_epsilon: None,
            device: import.device_name.into(),
            versions: Versions::current(),
            data: DataFingerprints {
                train: data.train.fingerprint(),
                test: data.test.fingerprint(),
            },
            shuffled_labels: None,
            reading: data.reading,
            data_warnings: data.warnings.clone(),
            state: RunState::Imported,
            metrics: Vec::new(),
        }
    }

    /// The dataset as the run used it: with shuffled training labels if the run shuffled them, and
    /// with a class for every output of an imported model.
    pub fn as_used(&self, dataset: Dataset) -> Dataset {
        let dataset = match &self.model {
            Some(_) if dataset.train.classes() < self.classes => {
                dataset.with_classes(self.classes).expect("more classes hold all labels")
            }
            _ => dataset,
        };
        match self.shuffled_labels {
            Some(seed) => dataset.with_shuffled_labels(seed),
            None => dataset,
        }
    }

    /// Options that read the dataset as the run read it.
    pub fn open_options<'a>(&self, options: OpenOptions<'a>) -> OpenOptions<'a> {
        let is_file = self.dataset.starts_with(crate::data::FILE_PREFIX);
        options.with_file_options(self.reading.or(is_file.then_some(FileReadOptions::OF_OLD_RUNS)))
    }

    /// The training images that the network was trained on; all images for imported weights.
    pub fn trained_on(&self, train: &Images) -> Subset {
        match &self.training {
            Some(training) => train.subset(training.limit, training.subset),
            None => train.subset(None, Default::default()),
        }
    }

    fn new(request: &RunRequest) -> Result<Self, RunError> {
        let (input_shape, classes) = (request.train.shape(), request.train.classes());
        Ok(Self {
            format_version: FORMAT_VERSION,
            architecture: request.architecture.to_string(),
            dataset: request.dataset.into(),
            input_shape,
            classes,
            parameters: request.architecture.parameters(input_shape, classes, request.device)?,
            training: None,
            imported_from: None,
            model: None,
            normalisation: None,
            batch_norm_epsilon: None,
            device: request.device_name.into(),
            versions: Versions::current(),
            data: DataFingerprints {
                train: request.train.fingerprint(),
                test: request.test.fingerprint(),
            },
            shuffled_labels: request.shuffled_labels,
            reading: request.reading,
            data_warnings: request.warnings.to_vec(),
            state: RunState::Imported,
            metrics: Vec::new(),
        })
    }

    pub(super) fn read(path: &Path) -> Result<Self, RunError> {
        let text = fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                RunError::no_run(path.parent().unwrap_or(path))
            }
            _ => RunError::io("read", path, error),
        })?;
        let damaged = |error: serde_json::Error| RunError::Config {
            path: path.into(),
            reason: in_plain_words(&error.to_string()),
        };
        let value: Value = serde_json::from_str(&text).map_err(damaged)?;
        let found = value.get("format_version").and_then(Value::as_u64);
        match found {
            Some(found) if found != u64::from(FORMAT_VERSION) => {
                Err(RunError::FormatVersion { path: path.into(), found })
            }
            _ => {
                let config: Self = serde_json::from_value(value).map_err(damaged)?;
                config.check_sizes(path)?;
                config.check_import(path).map(|()| config)
            }
        }
    }

    /// Refuses impossible sizes, before anything is computed from them. A model may have one
    /// output.
    fn check_sizes(&self, path: &Path) -> Result<(), RunError> {
        let shape = self.input_shape;
        let values = shape.iter().try_fold(1_usize, |values, &e| values.checked_mul(e));
        let is_possible = values.is_some_and(|values| (1..=MAX_VALUES).contains(&values));
        let fewest = if self.model.is_some() { 1 } else { 2 };
        if is_possible && (fewest..=MAX_CLASSES).contains(&self.classes) {
            return Ok(());
        }
        let [channels, height, width] = shape;
        let reason =
            format!("it has images of {channels}x{height}x{width} in {} classes", self.classes);
        Err(RunError::Config { path: path.into(), reason })
    }

    /// Refuses invalid settings of an import.
    pub(super) fn check_import(&self, path: &Path) -> Result<(), RunError> {
        let damaged = |reason: String| RunError::Config { path: path.into(), reason };
        if let Some(normalisation) = &self.normalisation {
            let channels = match &self.model {
                Some(model) => channels(&model.input_shape, model.channels_last),
                None => self.input_shape[0],
            };
            normalisation.check(channels).map_err(|error| damaged(error.to_string()))?;
        }
        match self.batch_norm_epsilon {
            Some(epsilon) if !is_epsilon(epsilon) => {
                Err(damaged(format!("batch_norm_epsilon {epsilon}, expected a number above 0")))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), RunError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| RunError::Config { path: path.into(), reason: error.to_string() })?;
        replace(path, (text + "\n").as_bytes()).map_err(|error| RunError::io("write", path, error))
    }

    /// Whether the requested run needs more epochs than this one has.
    pub(super) fn continues_to(&self, requested: &Self) -> bool {
        let asked = requested.training.as_ref().map_or(0, |training| training.epochs);
        match self.state {
            RunState::Training => true,
            RunState::Trained => asked > self.metrics.len(),
            RunState::StoppedEarly | RunState::Imported => false,
        }
    }

    /// Refuses a request with other settings than this run. The number of epochs may differ,
    /// because an epoch does not depend on the epochs after it.
    pub(super) fn require_same(&self, requested: &Self, path: &Path) -> Result<(), RunError> {
        let finished = !self.continues_to(requested);
        let requested = requested.settings(path, finished)?;
        for (setting, existing) in self.settings(path, finished)? {
            if setting == "training.epochs" && requested.contains_key(&setting) {
                continue;
            }
            let requested = requested.get(&setting).unwrap_or(&Value::Null);
            // The file of the images may have moved; fingerprints tell whether the images are
            // equal.
            let are_files = || [&existing, requested].iter().all(|name| is_file_name(name));
            if existing != *requested && setting == "imported_from" {
                let file = |origin: &Value| origin.as_str().map(str::to_owned);
                let (existing, requested) = (file(&existing), file(requested));
                return Err(RunError::OtherOrigin { path: path.into(), existing, requested });
            }
            if existing != *requested && !(setting == "dataset" && are_files()) {
                let (existing, requested) = (existing.to_string(), requested.to_string());
                return Err(RunError::Differs { path: path.into(), setting, existing, requested });
            }
        }
        Ok(())
    }

    /// The settings that identify a run, by path: `training.epochs`,
    /// `training.optimizer.sgd.momentum`.
    ///
    /// The device and the versions belong to the settings of an unfinished run only.
    fn settings(&self, path: &Path, finished: bool) -> Result<BTreeMap<String, Value>, RunError> {
        // Through text, so that numbers are compared as they are read back.
        let value: Value = serde_json::to_string(self)
            .and_then(|text| serde_json::from_str(&text))
            .map_err(|error| RunError::Config { path: path.into(), reason: error.to_string() })?;
        let mut settings = BTreeMap::new();
        flatten("", &value, &mut settings);
        let follows =
            |name: &str| ["format_version", "state", "metrics", "data_warnings"].contains(&name);
        let incidental =
            |name: &str| finished && (name == "device" || name.starts_with("versions."));
        settings.retain(|name, _| !follows(name) && !incidental(name));
        if self.training.as_ref().is_some_and(|training| training.limit.is_none()) {
            settings.remove("training.subset"); // no rule matters for all images
        }
        Ok(settings)
    }
}

/// Whether a setting is the name of a dataset in a file.
fn is_file_name(setting: &Value) -> bool {
    setting.as_str().is_some_and(|name| name.starts_with(FILE_PREFIX))
}

/// Collects the leaves of a JSON value by path.
fn flatten(prefix: &str, value: &Value, settings: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let dot = if prefix.is_empty() { "" } else { "." };
                flatten(&format!("{prefix}{dot}{name}"), value, settings);
            }
        }
        leaf => {
            settings.insert(prefix.to_owned(), leaf.clone());
        }
    }
}
