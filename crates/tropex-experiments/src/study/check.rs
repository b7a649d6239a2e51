//! Contradictions in a plan, found before anything is trained.

use std::fmt::Display;

use tropex_train::data::FILE_PREFIX;

use super::plan::{ALL, ExperimentsPlan, NetworkPlan, StudyPlan};
use crate::experiments::{networks, random_labels};
use crate::run::TrainedEpochs;

/// Longest name of a network. It is part of folder names, which have at most 255 bytes.
const LONGEST_NAME: usize = 100;

impl StudyPlan {
    /// A setting that contradicts another one, has no effect, or cannot be executed.
    pub(super) fn contradiction(&self) -> Option<String> {
        if self.title.trim().is_empty() {
            return Some("the title is empty".into());
        }
        if self.seeds.is_empty() || self.networks.is_empty() || self.gauges.is_empty() {
            return Some("a study needs seeds, gauges and a [[network]]".into());
        }
        self.repetition()
            .or_else(|| self.networks.iter().find_map(NetworkPlan::contradiction))
            .or_else(|| self.two_layouts())
            .or_else(|| self.networks.iter().find_map(|network| self.lost_epoch(network)))
            .or_else(|| self.experiments.contradiction())
            .or_else(|| self.entries().err().map(|error| error.to_string()))
            .or_else(|| self.missing_partner())
    }

    fn repetition(&self) -> Option<String> {
        let names: Vec<_> = self.networks.iter().map(|network| &network.name).collect();
        if let Some(name) = first_repeated(&names) {
            return Some(format!("two networks are named `{name}`"));
        }
        let twice = |what: &str, item: &dyn Display| Some(format!("{what}{item} is listed twice"));
        if let Some(seed) = first_repeated(&self.seeds) {
            return twice("seed ", seed);
        }
        if let Some(gauge) = first_repeated(&self.gauges) {
            return twice("gauge ", &gauge.name());
        }
        twice("", &format!("`{}`", first_repeated(&self.experiments.names)?))
    }

    /// A dataset that two networks read in different layouts.
    fn two_layouts(&self) -> Option<String> {
        self.networks.iter().enumerate().find_map(|(at, network)| {
            let differs = |of: &&NetworkPlan| {
                of.dataset_key() == network.dataset_key() && of.layout != network.layout
            };
            let other = self.networks[..at].iter().find(differs)?;
            Some(format!(
                "networks `{}` and `{}` read {} in two layouts, expected the same layout in both",
                other.name, network.name, network.dataset
            ))
        })
    }

    /// An epoch of the experiments whose weights a network does not keep.
    fn lost_epoch(&self, network: &NetworkPlan) -> Option<String> {
        let TrainedEpochs::List(epochs) = self.epochs() else { return None };
        let training = network.training(0).ok()?;
        let is_kept =
            |epoch: &&usize| **epoch == training.epochs || training.checkpoints.contains(**epoch);
        let epoch = epochs.iter().find(|epoch| !is_kept(epoch))?;
        Some(format!(
            "network `{}`: experiments ask for epoch {epoch}, whose weights its training does not \
             keep; name the epoch in its checkpoints",
            network.name
        ))
    }

    /// An experiment, requested by name, without the runs that it compares.
    fn missing_partner(&self) -> Option<String> {
        let is_asked = |name: &str| self.experiments.names.iter().any(|asked| asked == name);
        if is_asked(networks::ENTRY.name) && self.seeds.len() < 2 {
            return Some("networks compares two seeds, expected at least two".into());
        }
        if is_asked(random_labels::ENTRY.name) && !self.networks.iter().any(|n| n.shuffled_labels) {
            return Some(
                "random-labels compares with a run on shuffled labels, expected a network with \
                 shuffled-labels = true"
                    .into(),
            );
        }
        None
    }
}

impl ExperimentsPlan {
    fn contradiction(&self) -> Option<String> {
        if self.names.is_empty() {
            return Some("names = [] asks nothing, expected all or names of experiments".into());
        }
        if self.points == Some(0) {
            return Some("points = 0, expected at least 1".into());
        }
        let is_asked = |name: &str| self.names.iter().any(|asked| asked == name || asked == ALL);
        let name = self.parameters.keys().find(|name| !is_asked(name))?;
        Some(format!("parameters of `{name}`, which is not asked: add it to names"))
    }
}

impl NetworkPlan {
    fn contradiction(&self) -> Option<String> {
        let named = |reason: String| Some(format!("network `{}`: {reason}", self.name));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let is_folder = (1..=LONGEST_NAME).contains(&self.name.len())
            && !self.name.starts_with('.')
            && self.name.chars().all(is_plain);
        if !is_folder {
            return named(format!(
                "its name is one of a folder: up to {LONGEST_NAME} letters, digits, - and _"
            ));
        }
        let takes_layout = self.model.is_some() || self.dataset.starts_with(FILE_PREFIX);
        if let Some(layout) = self.layout.filter(|_| !takes_layout) {
            return named(format!(
                "layout = \"{layout}\", but {} has one of its own; a layout is chosen for \
                 {FILE_PREFIX}PATH only",
                self.dataset
            ));
        }
        let given = [
            ("an architecture", !self.architecture.is_empty()),
            ("layers", self.layers.is_some()),
            ("a model", self.model.is_some()),
        ];
        let given: Vec<_> = given.iter().filter(|(_, is_given)| *is_given).collect();
        match given[..] {
            [_] => {}
            [] => return named("it needs an architecture, layers or a model".into()),
            [(first, _), (second, _), ..] => {
                return named(format!("it has {first} and {second}, expected one of them"));
            }
        }
        if self.model.is_some() && (!self.training.is_empty() || self.shuffled_labels) {
            return named("its model is imported, not trained: leave out training".into());
        }
        if self.terms == Some(0) {
            return named("terms = 0, expected at least 1".into());
        }
        if self.training.contains_key("seed") {
            return named("the seeds of a study stand in `seeds`".into());
        }
        match self.model {
            Some(_) => None,
            None => self.training(0).err().and_then(named),
        }
    }
}

fn first_repeated<T: PartialEq>(items: &[T]) -> Option<&T> {
    items.iter().enumerate().find(|(at, item)| items[..*at].contains(item)).map(|(_, item)| item)
}
