//! Tables with typed columns.

use serde::{Deserialize, Serialize};

use crate::unit::Unit;

/// A named table. Every column has a unit, so that all outputs format its numbers alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Stem of its file, unique in a finding.
    pub name: String,
    /// What the table shows, in one line.
    pub title: String,
    /// The columns, from left to right.
    pub columns: Vec<Column>,
    /// The rows, with a cell per column.
    pub rows: Vec<Vec<TableCell>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Heading.
    pub name: String,
    /// Unit of the numbers; [`Unit::Text`] for texts.
    pub unit: Unit,
}

/// The content of a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum TableCell {
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
    /// No finite number.
    Missing,
}

impl Table {
    /// A table without rows.
    pub fn new(name: &str, title: &str, columns: &[(&str, Unit)]) -> Self {
        let column = |&(name, unit): &(&str, Unit)| Column { name: name.to_owned(), unit };
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            columns: columns.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row with a cell per column.
    pub fn push(&mut self, row: Vec<TableCell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "{}", self.name);
        self.rows.push(row);
    }

    /// A message if a table that was read from a file is invalid: all outputs rely on the width of
    /// its rows.
    pub(super) fn fault(&self) -> Option<String> {
        let width = self.columns.len();
        if width == 0 {
            return Some(format!("table `{}` has no columns", self.name));
        }
        let row = self.rows.iter().position(|row| row.len() != width)?;
        let cells = self.rows[row].len();
        Some(format!("table `{}` has {cells} cells in row {row}, expected {width}", self.name))
    }

    /// The formatted table with rows and columns exchanged: the first column becomes the heading,
    /// and the names of the other columns start the rows.
    pub fn transposed(&self) -> (Vec<String>, Vec<Vec<String>>) {
        let rows = self.formatted();
        let mut transposed = self.columns.iter().enumerate().map(|(index, column)| {
            let cells = rows.iter().map(|row| row[index].clone());
            [column.name.clone()].into_iter().chain(cells).collect()
        });
        let heading = transposed.next().unwrap_or_default();
        (heading, transposed.collect())
    }

    /// The formatted rows.
    pub fn formatted(&self) -> Vec<Vec<String>> {
        let row = |row: &Vec<TableCell>| {
            let cells = row.iter().zip(&self.columns);
            cells.map(|(cell, column)| cell.format(column.unit)).collect()
        };
        self.rows.iter().map(row).collect()
    }
}

impl TableCell {
    /// The content as text.
    pub fn format(&self, unit: Unit) -> String {
        match self {
            Self::Number(value) => unit.format(*value),
            Self::Text(text) => text.clone(),
            Self::Missing => "\u{2013}".into(),
        }
    }
}

impl From<f64> for TableCell {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Number(value) } else { Self::Missing }
    }
}

impl From<Option<f64>> for TableCell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Missing, Self::from)
    }
}

impl From<usize> for TableCell {
    fn from(count: usize) -> Self {
        Self::Number(count as f64)
    }
}

impl From<&str> for TableCell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for TableCell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
