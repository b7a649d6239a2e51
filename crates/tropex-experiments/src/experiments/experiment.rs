//! The interface of experiments.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tropex_train::messages::in_plain_words;

use crate::Error;
use crate::report::{Answer, ExperimentDescription, Topic};
use crate::run::{PointwiseWork, RunContext};

/// A question about runs with a method that answers it. The fields are its parameters.
pub trait Experiment: fmt::Debug + Sync {
    /// Answers the question.
    ///
    /// # Errors
    /// Errors of capturing, extracting and evaluating; [`Error::Cancelled`].
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error>;

    /// The work on single points that takes most of the time, which parts can share. Without such
    /// work, which is the default, the experiment is not done in parts.
    ///
    /// # Errors
    /// [`Error::Parameters`].
    fn pointwise<'a>(
        &'a self,
        context: &'a RunContext<'a>,
    ) -> Result<Vec<Box<dyn PointwiseWork + 'a>>, Error> {
        let _ = context;
        Ok(Vec::new())
    }
}

/// The inputs of an experiment.
#[derive(Clone, Copy, Debug)]
pub struct ExperimentInputs<'a> {
    /// The runs: one, unless the experiment compares several.
    pub runs: &'a [&'a RunContext<'a>],
    /// Seed of everything random.
    pub seed: u64,
}

impl<'a> ExperimentInputs<'a> {
    /// The first run.
    pub fn run(&self) -> &'a RunContext<'a> {
        self.runs[0]
    }
}

/// Whether an experiment examines one run or compares several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// It examines every run separately.
    Each,
    /// It compares two or more runs.
    Together,
}

/// Parameters by name.
pub type Parameters = BTreeMap<String, Value>;

/// An experiment of the list [`EXPERIMENTS`](super::EXPERIMENTS).
#[derive(Clone, Copy)]
pub struct ExperimentEntry {
    /// Name on the command line and in folders.
    pub name: &'static str,
    /// The question.
    pub question: &'static str,
    /// What the question is about.
    pub topic: Topic,
    /// How the experiment answers, in three sentences or paragraphs.
    pub method: [&'static str; 3],
    /// Whether it compares runs.
    pub scope: Scope,
    /// Whether the answer depends on the gauge. If not, studies run the experiment with one gauge
    /// only.
    pub gauged: bool,
    pub(super) make: fn(&Parameters) -> Result<ConfiguredExperiment, serde_json::Error>,
}

impl fmt::Debug for ExperimentEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExperimentEntry").field(&self.name).finish()
    }
}

/// An experiment with all of its parameters, including those with default values.
#[derive(Debug)]
pub struct ConfiguredExperiment {
    /// The experiment.
    pub experiment: Box<dyn Experiment>,
    /// All parameters.
    pub parameters: Parameters,
}

impl ExperimentEntry {
    /// Name, question and method.
    pub fn description(&self) -> ExperimentDescription {
        let Self { name, question, topic, method, .. } = *self;
        ExperimentDescription { name, question, topic, method }
    }

    /// An error about a parameter.
    pub(super) fn refuse(&self, reason: &str) -> Error {
        Error::Parameters { experiment: self.name, reason: reason.to_owned() }
    }

    /// The experiment with some parameters; all others have their default value.
    ///
    /// # Errors
    /// [`Error::Parameters`] for unknown parameters and invalid values.
    pub fn make(&self, parameters: &Parameters) -> Result<ConfiguredExperiment, Error> {
        (self.make)(parameters).map_err(|error| self.refuse(&self.fault(parameters, &error)))
    }

    /// A message about the first invalid parameter.
    fn fault(&self, parameters: &Parameters, error: &serde_json::Error) -> String {
        let reason = |(name, value): (&String, &Value)| {
            let alone = Parameters::from([(name.clone(), value.clone())]);
            let reason = (self.make)(&alone).err()?.to_string();
            (!reason.starts_with("unknown field")).then(|| format!("{name}: {reason}"))
        };
        match parameters.iter().find_map(reason) {
            Some(reason) => in_plain_words(&reason),
            None => {
                in_plain_words(&error.to_string()).replace("unknown field", "unknown parameter")
            }
        }
    }
}

/// Makes an experiment of a type whose fields are its parameters.
pub(super) fn make<E>(parameters: &Parameters) -> Result<ConfiguredExperiment, serde_json::Error>
where
    E: Experiment + Serialize + DeserializeOwned + 'static,
{
    let given: Map<String, Value> = parameters.clone().into_iter().collect();
    let experiment: E = serde_json::from_value(Value::Object(given))?;
    let parameters = serde_json::from_value(serde_json::to_value(&experiment)?)?;
    Ok(ConfiguredExperiment { experiment: Box::new(experiment), parameters })
}
