//! What a study is made of, as its file says it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tropex_extract::{Gauge, Precision};
use tropex_train::checkpoint::Checkpoints;
use tropex_train::data::ImageLayout;
use tropex_train::messages::in_plain_words;
use tropex_train::training::TrainingConfig;
use tropex_train::zoo::Architecture;

use crate::experiment::{ExperimentEntry, Parameters};
use crate::experiments::{EXPERIMENTS, find};
use crate::{Error, Moments};

/// A study: networks, each trained from several seeds, and what is asked about them.
///
/// Read from TOML; every name that means nothing is refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Plan {
    /// Headline of the report.
    pub title: String,
    /// What the study is about, in a sentence or two.
    #[serde(default)]
    pub about: String,
    /// Seeds that every network is trained from. Neighbours are compared: the first with the
    /// second, the third with the fourth.
    pub seeds: Vec<u64>,
    /// Gauges of the terms.
    #[serde(default = "published_gauge")]
    pub gauges: Vec<Gauge>,
    /// Format of the terms' numbers.
    #[serde(default)]
    pub precision: Option<Precision>,
    /// The networks.
    #[serde(rename = "network")]
    pub networks: Vec<NetworkPlan>,
    /// What is asked about them.
    #[serde(default)]
    pub experiments: ExperimentsPlan,
}

/// A network of a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NetworkPlan {
    /// Name in the report and of the folders of its runs.
    pub name: String,
    /// Architecture, as the zoo names it.
    pub architecture: String,
    /// Dataset, as on the command line.
    pub dataset: String,
    /// Axes of the images in a dataset `file:PATH`, as on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<ImageLayout>,
    /// What differs from the architecture's own recipe, by the names in a run's `config.json`.
    #[serde(default)]
    pub training: serde_json::Map<String, serde_json::Value>,
    /// Terms of so many training images; of all that were trained on without it.
    #[serde(default)]
    pub terms: Option<usize>,
    /// Whether it is trained once more from the first seed, on shuffled labels.
    #[serde(default)]
    pub shuffled_labels: bool,
}

/// What is asked in a study.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ExperimentsPlan {
    /// Names of experiments, or `all`.
    pub names: Vec<String>,
    /// So many images of either split are looked at, every class in its share; all without it.
    pub points: Option<usize>,
    /// Epochs at which networks are looked at besides the last, of those whose weights are kept.
    pub epochs: Checkpoints,
    /// Source of everything random.
    pub seed: u64,
    /// Parameters that differ from their defaults, by experiment.
    pub parameters: BTreeMap<String, Parameters>,
}

impl Default for ExperimentsPlan {
    fn default() -> Self {
        let names = vec!["all".to_owned()];
        let (epochs, parameters) = (Checkpoints::Last, BTreeMap::new());
        Self { names, points: None, epochs, seed: 0, parameters }
    }
}

fn published_gauge() -> Vec<Gauge> {
    vec![Gauge::WorstCase]
}

impl Plan {
    /// Reads a plan and checks every name in it; `origin` is named in errors.
    ///
    /// # Errors
    /// What is no plan, names that mean nothing, settings that make no sense.
    pub fn read(text: &str, origin: &str) -> Result<Self, Error> {
        let refused = |reason: String| Error::Study { origin: origin.to_owned(), reason };
        let plan: Self = toml::from_str(text).map_err(|error| refused(one_line(&error)))?;
        match plan.contradiction() {
            Some(reason) => Err(refused(reason)),
            None => Ok(plan),
        }
    }

    /// The experiments with the parameters that differ from their defaults.
    ///
    /// # Errors
    /// Names that mean nothing; parameters that an experiment does not have.
    pub fn entries(&self) -> Result<Vec<(&'static ExperimentEntry, Parameters)>, Error> {
        let ExperimentsPlan { names, parameters, .. } = &self.experiments;
        let is_all = |name: &String| name == "all";
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

    /// The moments at which networks are looked at.
    pub fn moments(&self) -> Moments {
        Moments::from(&self.experiments.epochs)
    }
}

impl NetworkPlan {
    /// How it is trained from a seed.
    pub(super) fn training(&self, seed: u64) -> Result<TrainingConfig, String> {
        let architecture = Architecture::find(&self.architecture).map_err(|e| e.to_string())?;
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

/// What is wrong with a text, and in which line.
fn one_line(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let place = text.lines().next().and_then(|line| line.strip_prefix("TOML parse error at "));
    match place {
        Some(place) => format!("{place}: {}", in_plain_words(error.message())),
        None => in_plain_words(error.message()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        title = "T"
        seeds = [0, 1]
        [[network]]
        name = "a"
        architecture = "fcn4"
        dataset = "embedded"
        training = { epochs = 2, checkpoints = "all" }
        [experiments]
        names = ["exactness", "subset"]
        parameters = { subset = { draws = 2 } }
    "#;

    fn refused(text: &str) -> String {
        Plan::read(text, "x.toml").unwrap_err().to_string()
    }

    #[test]
    fn what_is_left_out_is_as_published() {
        let plan = Plan::read(SMALL, "x.toml").unwrap();
        assert_eq!(plan.gauges, [Gauge::WorstCase]);
        let training = plan.networks[0].training(7).unwrap();
        assert_eq!((training.epochs, training.seed, training.batch_size), (2, 7, 64));
        assert_eq!(training.checkpoints, Checkpoints::All);
        let entries = plan.entries().unwrap();
        let names: Vec<_> = entries.iter().map(|(entry, _)| entry.name).collect();
        assert_eq!(names, ["exactness", "subset"]);
        assert_eq!(entries[1].1["draws"], 2);
    }

    #[test]
    fn what_makes_no_study_is_named() {
        let asked = |from: &str, to: &str| SMALL.replace(from, to);
        for (text, expected) in [
            (asked("names = [", "points = 0\nnames = ["), "points = 0, expected at least 1"),
            (asked("title = \"T\"", "title = \" \""), "the title is empty"),
            (asked("[\"exactness\", \"subset\"]", "[]"), "names = [] asks nothing"),
            (asked("\"subset\"]", "\"subset\", \"exactness\"]"), "`exactness` is listed twice"),
            (
                asked("seeds", "gauges = [\"tight\", \"tight\"]\nseeds"),
                "gauge tight is listed twice",
            ),
            (asked("seeds", "gauges = []\nseeds"), "needs seeds, gauges"),
            (
                asked("[\"exactness\", \"subset\"]", "[\"exactness\"]"),
                "`subset`, which is not asked",
            ),
            (asked("\"subset\"]", "\"subset\", \"random-labels\"]"), "shuffled-labels = true"),
            (
                asked("[0, 1]", "[0]").replace("\"subset\"]", "\"subset\", \"networks\"]"),
                "networks compares two seeds",
            ),
            (
                asked("\"all\"", "{ list = [1] }")
                    .replace("names =", "epochs = { list = [0] }\nnames ="),
                "network `a`: experiments ask for epoch 0, whose weights its training does not keep",
            ),
            (asked("epochs = 2", "epochs = -2"), "a whole number of 0 or more"),
            (asked("[0, 1]", "[0, -1]"), "a whole number of 0 or more"),
            (asked("dataset", "terms = 0\ndataset"), "network `a`: terms = 0"),
            (asked("name = \"a\"", "name = \"..\""), "its name is one of a folder"),
            (
                asked("dataset", "layout = \"nhwc\"\ndataset"),
                "network `a`: layout = \"nhwc\", but embedded has one of its own",
            ),
            (
                [
                    asked("\"embedded\"", "\"file:a\"\nlayout = \"nhwc\""),
                    "[[network]]\nname = \"b\"\narchitecture = \"fcn4\"\ndataset = \"file:a\"\n"
                        .into(),
                ]
                .concat(),
                "networks `a` and `b` read file:a in two layouts",
            ),
            (
                asked("name = \"a\"", &format!("name = \"{}\"", "a".repeat(101))),
                "is one of a folder",
            ),
        ] {
            assert_ne!(text, SMALL);
            let error = refused(&text);
            assert!(error.starts_with("x.toml: ") && error.contains(expected), "{error}");
        }
        let listed = asked("\"all\"", "{ list = [1] }");
        let kept = listed.replace("names =", "epochs = { list = [1, 2] }\nnames =");
        Plan::read(&kept, "x.toml").expect("the last epoch is always there");
    }

    #[test]
    fn what_means_nothing_is_named_with_its_place() {
        for (from, to, expected) in [
            ("seeds = [0, 1]", "seeds = [0, 0]", "seed 0 is listed twice"),
            ("seeds = [0, 1]", "seeds = []", "needs seeds"),
            ("\"fcn4\"", "\"fcn5\"", "network `a`: "),
            ("epochs = 2", "epoch = 2", "network `a`: training: "),
            ("epochs = 2", "batch_size = 0", "batch size 0"),
            ("epochs = 2", "seed = 2", "the seeds of a study stand in `seeds`"),
            ("\"exactness\"", "\"exact\"", "unknown experiment `exact`"),
            ("draws", "draw", "subset: "),
            ("name = \"a\"", "name = \"../a\"", "its name is one of a folder"),
            ("title = \"T\"", "titel = \"T\"", "line 2, column 9: "),
        ] {
            let text = SMALL.replace(from, to);
            assert_ne!(text, SMALL);
            let error = refused(&text);
            assert!(error.starts_with("x.toml: ") && error.contains(expected), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }
}
