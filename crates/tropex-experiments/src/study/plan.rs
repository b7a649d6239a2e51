//! The plan of a study.

use std::collections::BTreeMap;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use tropex_extract::{Gauge, Precision};
use tropex_train::checkpoint::Checkpoints;
use tropex_train::data::ImageLayout;
use tropex_train::messages::in_plain_words;
use tropex_train::training::TrainingConfig;
use tropex_train::zoo::{Architecture, ArchitectureError, LayerList, Normalisation};

use crate::Error;
use crate::experiments::ExperimentEntry;
use crate::experiments::{EXPERIMENTS, Parameters, find};
use crate::run::TrainedEpochs;
use crate::run::onnx::OnnxImport;

/// A study: networks that are trained from several seeds, and experiments on them.
///
/// A plan is a TOML file; unknown names are errors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StudyPlan {
    /// Headline of the report.
    pub title: String,
    /// The subject of the study, in one or two sentences.
    #[serde(default)]
    pub about: String,
    /// Seeds that every network is trained from. Runs are compared in pairs: the first with the
    /// second, the third with the fourth.
    pub seeds: Vec<u64>,
    /// Gauges of the terms.
    #[serde(default = "published_gauge")]
    pub gauges: Vec<Gauge>,
    /// Format of the numbers of the terms.
    #[serde(default)]
    pub precision: Option<Precision>,
    /// The networks.
    #[serde(rename = "network")]
    pub networks: Vec<NetworkPlan>,
    /// The experiments.
    #[serde(default)]
    pub experiments: ExperimentsPlan,
}

/// A network of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NetworkPlan {
    /// Name in the report and of the folders of its runs.
    pub name: String,
    /// Name of the architecture in the zoo; empty for layers in a line and for an imported model.
    #[serde(default)]
    pub architecture: String,
    /// Layers in a line, in place of an architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<LayerList>,
    /// ONNX file of an imported model, in place of an architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelPlan>,
    /// Dataset, as named on the command line.
    pub dataset: String,
    /// Layout of the images in a dataset `file:PATH`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<ImageLayout>,
    /// Settings that differ from the recipe of the architecture, by their names in the
    /// `config.json` of a run.
    #[serde(default)]
    pub training: serde_json::Map<String, serde_json::Value>,
    /// Number of training images with terms; `None` for all that the network was trained on.
    #[serde(default)]
    pub terms: Option<usize>,
    /// Whether the network is also trained on shuffled labels, from the first seed.
    #[serde(default)]
    pub shuffled_labels: bool,
}

/// An imported model of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ModelPlan {
    /// The ONNX file.
    pub file: String,
    /// Name of the output; `None` for the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Normalisation that the network was trained with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normalisation: Option<Normalisation>,
}

/// The experiments of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ExperimentsPlan {
    /// Names of experiments, or `all`.
    pub names: Vec<String>,
    /// Number of images of each split, with every class in proportion; `None` for all.
    pub points: Option<usize>,
    /// Epochs besides the last one, among those with checkpoints.
    pub epochs: Checkpoints,
    /// Seed of everything random.
    pub seed: u64,
    /// Parameters that differ from their defaults, by experiment.
    pub parameters: BTreeMap<String, Parameters>,
}

impl Default for ExperimentsPlan {
    fn default() -> Self {
        let names = vec![ALL.to_owned()];
        let (epochs, parameters) = (Checkpoints::Last, BTreeMap::new());
        Self { names, points: None, epochs, seed: 0, parameters }
    }
}

/// Stands for all experiments in [`ExperimentsPlan::names`].
pub(super) const ALL: &str = "all";

fn published_gauge() -> Vec<Gauge> {
    vec![Gauge::WorstCase]
}

impl StudyPlan {
    /// The experiments with the parameters that differ from their defaults.
    ///
    /// # Errors
    /// [`Error::UnknownExperiment`]; [`Error::Parameters`].
    pub fn entries(&self) -> Result<Vec<(&'static ExperimentEntry, Parameters)>, Error> {
        let ExperimentsPlan { names, parameters, .. } = &self.experiments;
        let is_all = |name: &String| name == ALL;
        for name in parameters.keys().chain(names.iter().filter(|name| !is_all(name))) {
            find(name)?;
        }
        let mut entries = Vec::new();
        for entry in EXPERIMENTS {
            let parameters = parameters.get(entry.name).cloned().unwrap_or_default();
            entry.make(&parameters)?;
            if names.iter().any(|name| is_all(name) || name == entry.name) {
                entries.push((entry, parameters));
            }
        }
        Ok(entries)
    }

    /// The epochs at which networks are examined.
    pub fn epochs(&self) -> TrainedEpochs {
        TrainedEpochs::from(&self.experiments.epochs)
    }
}

impl NetworkPlan {
    /// The key of the dataset among the datasets of a study: models may read one file in different
    /// layouts.
    pub fn dataset_key(&self) -> String {
        match &self.model {
            Some(model) => format!("{} for {}", self.dataset, model.file),
            None => self.dataset.clone(),
        }
    }

    /// Options for importing the model.
    pub fn import_options(&self) -> OnnxImport {
        let model = self.model.as_ref();
        OnnxImport {
            output: model.and_then(|model| model.output.clone()),
            normalisation: model.and_then(|model| model.normalisation.clone()),
            layout: self.layout,
        }
    }

    /// The architecture that is trained.
    ///
    /// # Errors
    /// [`ArchitectureError::Unknown`], also for an imported model, which has none.
    pub fn architecture(&self) -> Result<Architecture, ArchitectureError> {
        match &self.layers {
            Some(layers) => Ok(layers.clone().into()),
            None => Architecture::find(&self.architecture),
        }
    }

    /// Checks that a network for images `[channels, height, width]` can be built. An imported model
    /// is not checked.
    ///
    /// # Errors
    /// The images do not fit the architecture.
    pub fn require_fit(
        &self,
        shape: [usize; 3],
        classes: usize,
        device: &Device,
    ) -> Result<(), ArchitectureError> {
        match self.model {
            Some(_) => Ok(()),
            None => self.architecture()?.parameters(shape, classes, device).map(|_| ()),
        }
    }

    /// Settings of the training from a seed.
    pub(super) fn training(&self, seed: u64) -> Result<TrainingConfig, String> {
        let architecture = self.architecture().map_err(|error| error.to_string())?;
        let recipe = TrainingConfig { seed, ..architecture.recipe() };
        let serde_json::Value::Object(mut settings) =
            serde_json::to_value(recipe).map_err(|error| error.to_string())?
        else {
            return Err("a recipe is a table".into());
        };
        settings.extend(self.training.clone());
        let config: TrainingConfig = serde_json::from_value(settings.into())
            .map_err(|error| format!("training: {}", in_plain_words(&error.to_string())))?;
        config.check().map_err(|error| format!("training: {error}"))?;
        Ok(config)
    }
}
