//! The result of an experiment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tropex_train::data::SubsetSummary;

use super::{Cell, Figure, Repeats, Table, Unit};

/// Version of the layout of a finding; others are made again.
pub const FORMAT: u32 = 2;

/// What a missing number means.
const MISSING: &str = "A dash (an empty cell of a CSV file, null in JSON) stands for no number: there \
     was nothing of that kind to measure, or the number is infinite.";

/// What was asked, how, of what, and what came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Version of the layout, [`FORMAT`].
    pub format: u32,
    /// Name of the experiment.
    pub experiment: String,
    /// What was asked.
    pub question: String,
    /// How it was answered, line by line.
    pub method: Vec<String>,
    /// The experiment's own settings.
    pub parameters: BTreeMap<String, Value>,
    /// What was looked at: one run, or those that were compared.
    pub subjects: Vec<SubjectRecord>,
    /// SHA-256 of everything that decides the answer; equal ones need not be computed again.
    pub fingerprint: String,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
}

impl Finding {
    /// What is wrong with a finding that was read from a file, which anybody may have written.
    pub(super) fn fault(&self) -> Option<String> {
        let Answer { tables, figures, .. } = &self.answer;
        let names = tables.iter().map(|table| &table.name);
        let mut names = names.chain(figures.iter().map(|figure| &figure.name));
        if let Some(name) = names.find(|name| !is_stem(name)) {
            return Some(format!("`{name}` is no name of a file: letters, digits, - and _"));
        }
        let figure = figures.iter().find_map(Figure::fault);
        figure.or_else(|| tables.iter().find_map(Table::fault))
    }
}

fn is_stem(name: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    (1..=100).contains(&name.len()) && name.chars().all(is_plain)
}

/// A run, and what of it an experiment looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubjectRecord {
    /// Folder of the run.
    pub run: String,
    /// Its architecture.
    pub architecture: String,
    /// Its dataset.
    pub dataset: String,
    /// Seed of its training; none for imported weights.
    pub seed: Option<u64>,
    /// Epochs whose weights were looked at; the last is that of the final weights.
    pub epochs: Vec<usize>,
    /// Whether it was trained on shuffled labels.
    pub shuffled_labels: bool,
    /// Gauge of its terms.
    pub gauge: String,
    /// Format of their numbers.
    pub precision: String,
    /// Training images whose terms make up the extracted function.
    pub terms: usize,
    /// Test images looked at.
    pub points: usize,
    /// Which images these are; not known of findings of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<TakenImages>,
    /// Device that the network was trained on.
    pub device: String,
}

/// The images that an experiment looked at, of their splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenImages {
    /// Training images whose terms make up the extracted function.
    pub terms: SubsetSummary,
    /// Test images.
    pub test: SubsetSummary,
}

impl TakenImages {
    /// Both in words, where not all images were taken.
    pub fn words(&self) -> Option<String> {
        let splits = [(self.terms, "training images"), (self.test, "test images")];
        let chosen = splits.into_iter().filter(|(taken, _)| taken.rule.is_some());
        let words: Vec<_> = chosen.map(|(taken, images)| taken.describe(images)).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// What came out of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer in words.
    pub text: String,
    /// Its figures, by name.
    pub values: Vec<Measure>,
    /// Its tables.
    pub tables: Vec<Table>,
    /// Its pictures.
    pub figures: Vec<Figure>,
    /// What a reader has to know besides.
    pub notes: Vec<String>,
}

/// A number with a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Its name, unique in a finding.
    pub name: String,
    /// The number; none where there was nothing to measure.
    pub value: Option<f64>,
    /// Its unit.
    pub unit: Unit,
    /// How it comes out again elsewhere.
    #[serde(default, skip_serializing_if = "Repeats::is_nearly")]
    pub repeats: Repeats,
}

impl Measure {
    /// The number as people read it.
    pub fn format(&self) -> String {
        match self.value {
            Some(value) => self.unit.format(value),
            None => "\u{2013} (nothing to measure)".into(),
        }
    }
}

impl Answer {
    /// An answer in words, so far without numbers.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Adds a number; one that is not finite stands for nothing to measure.
    #[must_use]
    pub fn value(self, name: &str, value: f64, unit: Unit) -> Self {
        self.add(name, value, unit, Repeats::Nearly)
    }

    /// Adds a number that theory fixes, whatever the weights are.
    #[must_use]
    pub fn exact_value(self, name: &str, value: f64, unit: Unit) -> Self {
        self.add(name, value, unit, Repeats::Exactly)
    }

    /// Adds a number of which only the order of magnitude tells anything, as of rounding errors.
    #[must_use]
    pub fn rough_value(self, name: &str, value: f64, unit: Unit) -> Self {
        self.add(name, value, unit, Repeats::Roughly)
    }

    fn add(mut self, name: &str, value: f64, unit: Unit, repeats: Repeats) -> Self {
        let value = value.is_finite().then_some(value);
        self.values.push(Measure { name: name.to_owned(), value, unit, repeats });
        self
    }

    /// Adds a table.
    #[must_use]
    pub fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// Adds a figure.
    #[must_use]
    pub fn figure(mut self, figure: Figure) -> Self {
        self.figures.push(figure);
        self
    }

    /// Adds a note on what a missing number means, if one is missing.
    #[must_use]
    pub(crate) fn with_missing_explained(self) -> Self {
        let is_missing = |cell: &Cell| *cell == Cell::Missing;
        let cells = self.tables.iter().flat_map(|table| table.rows.iter().flatten());
        let missing = self.values.iter().any(|measure| measure.value.is_none())
            || cells.into_iter().any(is_missing);
        if missing { self.note(MISSING) } else { self }
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

#[cfg(test)]
impl Finding {
    /// A finding of `exactness` about a run.
    pub(crate) fn in_tests(run: &str, answer: Answer) -> Self {
        let subject = SubjectRecord {
            run: run.into(),
            architecture: "fcn4".into(),
            dataset: "d".into(),
            seed: Some(1),
            epochs: vec![2],
            shuffled_labels: false,
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
            subjects: vec![subject],
            fingerprint: "abc".into(),
            answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Axis, Curve, Curves, Plot};
    use super::*;

    #[test]
    fn findings_are_read_as_they_were_written() {
        let mut table = Table::new("rows", "Rows", &[("a", Unit::Text), ("b", Unit::Share)]);
        table.push(vec!["x".into(), 0.1.into()]);
        table.push(vec![Cell::Missing, (1.0 / 3.0).into()]);
        let curves = Curves {
            x: Axis::linear("epoch", Unit::Epochs),
            y: Axis::logarithmic("value", Unit::Number),
            curves: vec![Curve::new("c", [[0.0, 1e-300], [1.0, f64::NAN]])],
        };
        let answer = Answer::new("yes")
            .value("share", 0.3, Unit::Share)
            .value("none", f64::NAN, Unit::Number)
            .table(table)
            .figure(Figure::new("f", "F", Plot::Curves(curves)))
            .note("note");
        let finding = Finding::in_tests("run", answer);
        let text = serde_json::to_string(&finding).unwrap();
        assert_eq!(serde_json::from_str::<Finding>(&text).unwrap(), finding);
    }
}
