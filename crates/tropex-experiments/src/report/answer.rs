//! The answer of an experiment: text, numbers, tables, figures and notes.

use serde::{Deserialize, Serialize};

use super::number_id::NumberId;
use super::reproducibility::Reproducibility;
use super::table::{Table, TableCell};
use crate::render::Figure;
use crate::unit::Unit;

/// The meaning of a missing number.
const MISSING: &str = "A dash (an empty cell of a CSV file, null in JSON) stands for a missing \
    number: there was nothing to measure, or the number is infinite.";

/// The answer of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The answer in words.
    pub text: String,
    /// Numbers by name.
    pub values: Vec<Measure>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Figures.
    pub figures: Vec<Figure>,
    /// Remarks that a reader needs to interpret the rest.
    pub notes: Vec<String>,
}

/// A number with its name and unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// Name, unique in a finding.
    pub name: String,
    /// The number; `None` if there was nothing to measure.
    pub value: Option<f64>,
    /// Unit.
    pub unit: Unit,
    /// How well the number can be reproduced.
    #[serde(default, skip_serializing_if = "Reproducibility::is_nearly")]
    pub repeats: Reproducibility,
}

impl Measure {
    /// A number; `None` stands for nothing to measure.
    pub fn new(id: &NumberId, value: Option<f64>) -> Self {
        let (name, unit, repeats) = (id.name().to_owned(), id.unit(), id.reproducibility());
        Self { name, value, unit, repeats }
    }

    /// The number as text, with its unit.
    pub fn format(&self) -> String {
        match self.value {
            Some(value) => self.unit.format(value),
            None => "\u{2013} (nothing to measure)".into(),
        }
    }
}

impl Answer {
    /// An answer in words, without numbers.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Adds a number; one that is not finite stands for nothing to measure.
    #[must_use]
    pub fn value(mut self, id: &NumberId, value: f64) -> Self {
        self.values.push(Measure::new(id, value.is_finite().then_some(value)));
        self
    }

    /// The value of a number; `None` if the answer lacks it or there was nothing to measure.
    pub fn number(&self, id: &NumberId) -> Option<f64> {
        self.value_of(id.name())
    }

    /// The value of a number by its name in this answer.
    pub(crate) fn value_of(&self, name: &str) -> Option<f64> {
        self.values.iter().find(|measure| measure.name == name)?.value
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

    /// Adds a note that explains missing numbers, if any are missing.
    #[must_use]
    pub(crate) fn with_missing_explained(self) -> Self {
        let is_missing = |cell: &TableCell| *cell == TableCell::Missing;
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
