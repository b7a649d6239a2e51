//! What a run records of itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RunError, RunRequest};
use crate::data::Dataset;
use crate::files::write_atomically;
use crate::training::{EpochMetrics, TrainingConfig};

/// Version of the layout of a run; a reader refuses others.
pub const FORMAT_VERSION: u32 = 1;

/// The version of Burn that this crate is built on.
pub const BURN_VERSION: &str = "0.22.1";

/// Most values of an image, and most classes.
const MAX_VALUES: usize = 1 << 32;
const MAX_CLASSES: usize = 100_000;

/// Versions of the programs that made a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// Version of TropEx.
    pub tropex: String,
    /// Version of Burn.
    pub burn: String,
}

/// SHA-256 of the images and labels that a run used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFingerprints {
    /// Of the training images.
    pub train: String,
    /// Of the test images.
    pub test: String,
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Begun; the same command continues it.
    Training,
    /// All epochs are done.
    Trained,
    /// Done, because the test loss stopped improving.
    StoppedEarly,
    /// The weights come from elsewhere.
    Imported,
}

/// The content of `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Version of the layout, [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Name of the architecture.
    pub architecture: String,
    /// Name of the dataset.
    pub dataset: String,
    /// `[channels, height, width]` of an image.
    pub input_shape: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Number of trained parameters.
    pub parameters: usize,
    /// Settings of the training; none for imported weights.
    pub training: Option<TrainingConfig>,
    /// File that imported weights came from.
    pub imported_from: Option<String>,
    /// Name of the device.
    pub device: String,
    /// What it was made with.
    pub versions: Versions,
    /// What it was made from.
    pub data: DataFingerprints,
    /// Seed that the labels of the training images were shuffled with; none where they are true.
    #[serde(default)]
    pub shuffled_labels: Option<u64>,
    /// How far it is.
    pub state: RunState,
    /// One entry per epoch done.
    pub metrics: Vec<EpochMetrics>,
}

impl RunConfig {
    /// The record of a training that begins.
    pub fn of_training(request: &RunRequest, training: &TrainingConfig) -> Result<Self, RunError> {
        let training = Some(training.clone());
        Ok(Self { training, state: RunState::Training, ..Self::new(request)? })
    }

    /// The record of weights imported from a file.
    pub fn of_import(request: &RunRequest, weights: &Path) -> Result<Self, RunError> {
        let imported_from = Some(weights.display().to_string());
        Ok(Self { imported_from, ..Self::new(request)? })
    }

    /// A dataset as the run used it: with shuffled training labels, where it was trained on those.
    pub fn as_used(&self, dataset: Dataset) -> Dataset {
        match self.shuffled_labels {
            Some(seed) => dataset.with_shuffled_labels(seed),
            None => dataset,
        }
    }

    fn new(request: &RunRequest) -> Result<Self, RunError> {
        let (input_shape, classes) = (request.train.shape(), request.train.classes());
        Ok(Self {
            format_version: FORMAT_VERSION,
            architecture: request.architecture.name.into(),
            dataset: request.dataset.into(),
            input_shape,
            classes,
            parameters: request.architecture.parameters(input_shape, classes, request.device)?,
            training: None,
            imported_from: None,
            device: request.device_name.into(),
            versions: Versions {
                tropex: env!("CARGO_PKG_VERSION").into(),
                burn: BURN_VERSION.into(),
            },
            data: DataFingerprints {
                train: request.train.fingerprint(),
                test: request.test.fingerprint(),
            },
            shuffled_labels: request.shuffled_labels,
            state: RunState::Imported,
            metrics: Vec::new(),
        })
    }

    pub(super) fn read(path: &Path) -> Result<Self, RunError> {
        let text = fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                RunError::NoRun { path: path.into() }
            }
            _ => RunError::io("read", path, error),
        })?;
        let damaged = |error: serde_json::Error| RunError::Config {
            path: path.into(),
            reason: error.to_string(),
        };
        let value: Value = serde_json::from_str(&text).map_err(damaged)?;
        let found = value.get("format_version").and_then(Value::as_u64);
        match found {
            Some(found) if found != u64::from(FORMAT_VERSION) => {
                Err(RunError::FormatVersion { path: path.into(), found })
            }
            _ => {
                let config: Self = serde_json::from_value(value).map_err(damaged)?;
                config.check_sizes(path).map(|()| config)
            }
        }
    }

    /// Refuses sizes that no images have, before anything is computed from them.
    fn check_sizes(&self, path: &Path) -> Result<(), RunError> {
        let shape = self.input_shape;
        let values = shape.iter().try_fold(1_usize, |values, &e| values.checked_mul(e));
        let is_possible = values.is_some_and(|values| (1..=MAX_VALUES).contains(&values));
        if is_possible && (2..=MAX_CLASSES).contains(&self.classes) {
            return Ok(());
        }
        let reason = format!("images of {shape:?} in {} classes cannot be", self.classes);
        Err(RunError::Config { path: path.into(), reason })
    }

    pub(super) fn write(&self, path: &Path) -> Result<(), RunError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| RunError::Config { path: path.into(), reason: error.to_string() })?;
        write_atomically(path, (text + "\n").as_bytes())
            .map_err(|error| RunError::io("write", path, error))
    }

    /// Whether epochs are to be trained before this run is the one requested.
    pub(super) fn goes_on_to(&self, requested: &Self) -> bool {
        let asked = requested.training.as_ref().map_or(0, |training| training.epochs);
        match self.state {
            RunState::Training => true,
            RunState::Trained => asked > self.metrics.len(),
            RunState::StoppedEarly | RunState::Imported => false,
        }
    }

    /// Refuses to mix two runs in one folder. The number of epochs may differ: an epoch is the same
    /// however many follow.
    pub(super) fn require_same(&self, requested: &Self, path: &Path) -> Result<(), RunError> {
        let finished = !self.goes_on_to(requested);
        let requested = requested.settings(path, finished)?;
        for (setting, existing) in self.settings(path, finished)? {
            if setting == "training.epochs" && requested.contains_key(&setting) {
                continue;
            }
            let requested = requested.get(&setting).unwrap_or(&Value::Null);
            if existing != *requested {
                let (existing, requested) = (existing.to_string(), requested.to_string());
                return Err(RunError::Differs { path: path.into(), setting, existing, requested });
            }
        }
        Ok(())
    }

    /// What makes a run what it is, by name: `training.epochs`, `training.optimizer.sgd.momentum`.
    ///
    /// A finished run is the same whatever device and versions ask for it; one under way is not.
    fn settings(&self, path: &Path, finished: bool) -> Result<BTreeMap<String, Value>, RunError> {
        // Through text: numbers compare as they are read, not as they are computed.
        let value: Value = serde_json::to_string(self)
            .and_then(|text| serde_json::from_str(&text))
            .map_err(|error| RunError::Config { path: path.into(), reason: error.to_string() })?;
        let mut settings = BTreeMap::new();
        flatten("", &value, &mut settings);
        let follows = |name: &str| ["format_version", "state", "metrics"].contains(&name);
        let incidental =
            |name: &str| finished && (name == "device" || name.starts_with("versions."));
        settings.retain(|name, _| !follows(name) && !incidental(name));
        Ok(settings)
    }
}

/// Lists the leaves of a JSON object under their paths.
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
