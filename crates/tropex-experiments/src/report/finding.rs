//! The stored result of an experiment on one or several runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tropex_train::data::SubsetSummary;

use super::answer::Answer;
use super::table::Table;
use crate::render::Figure;

/// Format version of a finding. Findings of other versions are computed again.
pub const FORMAT: u32 = 2;

/// Question, method, runs and answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Format version, [`FORMAT`].
    pub format: u32,
    /// Name of the experiment.
    pub experiment: String,
    /// The question.
    pub question: String,
    /// The method, line by line.
    pub method: Vec<String>,
    /// Parameters of the experiment.
    pub parameters: BTreeMap<String, Value>,
    /// The run, or the runs that were compared.
    #[serde(rename = "subjects")]
    pub runs: Vec<RunRecord>,
    /// SHA-256 of everything that the answer depends on. A finding with the fingerprint of a
    /// request is used again.
    pub fingerprint: String,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
}

impl Finding {
    /// A message if a finding that was read from a file is invalid. Any program may have written
    /// the file.
    pub(super) fn fault(&self) -> Option<String> {
        let Answer { tables, figures, .. } = &self.answer;
        let names = tables.iter().map(|table| &table.name);
        let mut names = names.chain(figures.iter().map(|figure| &figure.name));
        if let Some(name) = names.find(|name| !is_stem(name)) {
            return Some(format!(
                "`{name}` is not a valid file name, expected letters, digits, - and _"
            ));
        }
        let figure = figures.iter().find_map(Figure::fault);
        figure.or_else(|| tables.iter().find_map(Table::fault))
    }
}

fn is_stem(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    (1..=100).contains(&name.len()) && name.chars().all(is_plain)
}

/// A run, and the terms and images that an experiment used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Folder of the run; its name in a study.
    #[serde(rename = "run")]
    pub folder: String,
    /// Architecture.
    pub architecture: String,
    /// Dataset.
    pub dataset: String,
    /// Seed of the training, the first one of several; `None` for imported weights.
    pub seed: Option<u64>,
    /// The seeds of all runs that the numbers are means of; empty for one run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub averaged_seeds: Vec<u64>,
    /// Numbers of the epochs, ascending; the last one is that of the final weights.
    pub epochs: Vec<usize>,
    /// Whether the run was trained on shuffled labels.
    pub shuffled_labels: bool,
    /// The training images; `None` for imported weights and in findings of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<SubsetSummary>,
    /// Gauge of the terms.
    pub gauge: String,
    /// Format of the numbers of the terms.
    pub precision: String,
    /// Number of training images whose terms form the extracted function.
    pub terms: usize,
    /// Number of test images.
    pub points: usize,
    /// The choice of these images; `None` in findings of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<TakenImages>,
    /// Device of the training.
    pub device: String,
}

/// The images that an experiment used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenImages {
    /// Training images whose terms form the extracted function.
    pub terms: SubsetSummary,
    /// Test images.
    pub test: SubsetSummary,
}

impl RunRecord {
    /// The seeds of the training, in words.
    pub(super) fn seeds(&self) -> String {
        let own = self.seed.iter().filter(|_| self.averaged_seeds.is_empty());
        let seeds: Vec<_> = own.chain(&self.averaged_seeds).map(u64::to_string).collect();
        seeds.join(", ")
    }

    /// How the images were chosen, in words; `None` if it is not known.
    pub(super) fn chosen_images(&self) -> Option<String> {
        let TakenImages { terms, test } = self.taken?;
        let (terms, images) = match self.trained_on {
            Some(trained) if holds_all(trained, terms) => {
                let rule = terms.rule.filter(|_| terms.count < trained.count);
                (SubsetSummary { of: trained.count, rule, ..terms }, "images of the training")
            }
            _ => (terms, "training images"),
        };
        let splits = [(terms, images), (test, "test images")];
        let chosen = splits.into_iter().filter(|(taken, _)| taken.rule.is_some());
        let words: Vec<_> = chosen.map(|(taken, images)| taken.describe(images)).collect();
        Some(if words.is_empty() { "all".into() } else { words.join("; ") })
    }
}

/// Whether images are among those of the training: subsets of one rule contain each other.
fn holds_all(trained: SubsetSummary, taken: SubsetSummary) -> bool {
    let is_all = trained.rule.is_none();
    taken.of == trained.of && taken.count <= trained.count && (is_all || taken.rule == trained.rule)
}

#[cfg(test)]
impl Finding {
    /// A finding of `exactness` about a run.
    pub(crate) fn in_tests(run: &str, answer: Answer) -> Self {
        let record = RunRecord {
            folder: run.into(),
            architecture: "fcn4".into(),
            dataset: "d".into(),
            seed: Some(1),
            averaged_seeds: Vec::new(),
            epochs: vec![2],
            shuffled_labels: false,
            trained_on: None,
            gauge: "worst-case".into(),
            precision: "f32".into(),
            terms: 5,
            points: 6,
            taken: None,
            device: "flex".into(),
        };
        Self {
            format: FORMAT,
            experiment: "exactness".into(),
            question: "Is it so?".into(),
            method: vec!["As ever.".into()],
            parameters: BTreeMap::from([("p".into(), Value::from(3))]),
            runs: vec![record],
            fingerprint: "abc".into(),
            answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use tropex_train::data::SubsetRule;

    use super::super::number_id::NumberId;
    use super::super::table::TableCell;
    use super::*;
    use crate::render::{LinePlot, Plot, PlotAxis, PlotLine};
    use crate::unit::Unit;

    #[test]
    fn written_findings_are_read_back() {
        let mut table = Table::new("rows", "Rows", &[("a", Unit::Text), ("b", Unit::Share)]);
        table.push(vec!["x".into(), 0.1.into()]);
        table.push(vec![TableCell::Missing, (1.0 / 3.0).into()]);
        let curves = LinePlot {
            x: PlotAxis::linear("epoch", Unit::Epochs),
            y: PlotAxis::logarithmic("value", Unit::Number),
            curves: vec![PlotLine::new("c", [[0.0, 1e-300], [1.0, f64::NAN]])],
        };
        let answer = Answer::new("yes")
            .value(&NumberId::new("share", Unit::Share), 0.3)
            .value(&NumberId::new("none", Unit::Number), f64::NAN)
            .table(table)
            .figure(Figure::new("f", "F", Plot::Curves(curves)))
            .note("note");
        let finding = Finding::in_tests("run", answer);
        let text = serde_json::to_string(&finding).unwrap();
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), finding);
    }

    #[test]
    fn images_of_terms_are_counted_among_those_of_the_training() {
        let rule = Some(SubsetRule::DEFAULT);
        let subset = |count, rule| SubsetSummary { count, of: 60, rule };
        let words = |trained_on, terms| {
            let mut run = Finding::in_tests("run", Answer::new("")).runs.swap_remove(0);
            let test = SubsetSummary { count: 10, of: 10, rule: None };
            (run.trained_on, run.taken) = (Some(trained_on), Some(TakenImages { terms, test }));
            run.chosen_images().unwrap()
        };
        let among = words(subset(20, rule), subset(10, rule));
        assert!(among.starts_with("10 of 20 images of the training, "), "{among}");
        assert_eq!(words(subset(20, rule), subset(20, rule)), "all");
        let all = words(subset(60, None), subset(10, rule));
        assert!(all.starts_with("10 of 60 images of the training, "), "{all}");
        let apart = words(subset(20, Some(SubsetRule::First)), subset(10, rule));
        assert!(apart.starts_with("10 of 60 training images, "), "{apart}");
    }
}
