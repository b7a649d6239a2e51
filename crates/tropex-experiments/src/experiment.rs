//! What an experiment is.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tropex_train::messages::in_plain_words;

use crate::report::Answer;
use crate::{Error, Subject};

/// A question about runs, with a way to answer it. Its fields are its parameters.
pub trait Experiment: fmt::Debug + Sync {
    /// Answers the question.
    ///
    /// # Errors
    /// Whatever hinders capturing, extracting or evaluating.
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error>;
}

/// What an experiment looks at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The runs: one, unless the experiment compares several.
    pub subjects: &'a [&'a Subject<'a>],
    /// Source of everything random.
    pub seed: u64,
}

impl<'a> Context<'a> {
    /// The run, or the first one.
    pub fn subject(&self) -> &'a Subject<'a> {
        self.subjects[0]
    }
}

/// How many runs an experiment looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One; of several, each is looked at on its own.
    Each,
    /// Two or more together.
    Together,
}

/// Parameters by name.
pub type Parameters = BTreeMap<String, Value>;

/// An experiment in the list: what it is, and how it is made from parameters.
#[derive(Clone, Copy)]
pub struct ExperimentEntry {
    /// Its name, on the command line and in folders.
    pub name: &'static str,
    /// What it asks.
    pub question: &'static str,
    /// How it answers, in three lines.
    pub method: [&'static str; 3],
    /// The runs it looks at.
    pub scope: Scope,
    /// Whether the gauge makes a difference to the answer. Where it makes none, studies ask once.
    pub gauged: bool,
    pub(crate) make: fn(&Parameters) -> Result<Made, serde_json::Error>,
}

impl fmt::Debug for ExperimentEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExperimentEntry").field(&self.name).finish()
    }
}

/// An experiment with all of its parameters, those that were not given included.
#[derive(Debug)]
pub struct Made {
    /// The experiment.
    pub experiment: Box<dyn Experiment>,
    /// Its parameters.
    pub parameters: Parameters,
}

impl ExperimentEntry {
    /// What is wrong with a parameter.
    pub(crate) fn refuse(&self, reason: &str) -> Error {
        Error::Parameters { experiment: self.name, reason: reason.to_owned() }
    }

    /// The experiment with parameters; those that are left out have their default.
    ///
    /// # Errors
    /// Parameters that it does not have, or values that make no sense.
    pub fn make(&self, parameters: &Parameters) -> Result<Made, Error> {
        (self.make)(parameters).map_err(|error| self.refuse(&self.fault(parameters, &error)))
    }

    /// What is wrong with parameters, and with which of them.
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
pub(crate) fn make<E>(parameters: &Parameters) -> Result<Made, serde_json::Error>
where
    E: Experiment + Serialize + DeserializeOwned + 'static,
{
    let given: Map<String, Value> = parameters.clone().into_iter().collect();
    let experiment: E = serde_json::from_value(Value::Object(given))?;
    let parameters = serde_json::from_value(serde_json::to_value(&experiment)?)?;
    Ok(Made { experiment: Box::new(experiment), parameters })
}
