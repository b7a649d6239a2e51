//! Identifiers of the numbers that experiments find.

use std::borrow::Cow;

use super::reproducibility::Reproducibility;
use crate::unit::Unit;

/// Identifies a number of an experiment: its name in findings, its unit and how well it can be
/// reproduced.
///
/// An experiment defines its numbers as constants. Code that reads a finding uses these constants,
/// so that a renamed number cannot become an empty cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberId {
    name: Cow<'static, str>,
    unit: Unit,
    reproducibility: Reproducibility,
}

impl NumberId {
    /// A number that depends on the weights.
    pub const fn new(name: &'static str, unit: Unit) -> Self {
        Self { name: Cow::Borrowed(name), unit, reproducibility: Reproducibility::Nearly }
    }

    /// A number that theory or settings fix, for any weights.
    pub const fn exact(name: &'static str, unit: Unit) -> Self {
        Self { name: Cow::Borrowed(name), unit, reproducibility: Reproducibility::Exactly }
    }

    /// A number of which only the order of magnitude is meaningful, such as a rounding error.
    pub const fn rough(name: &'static str, unit: Unit) -> Self {
        Self { name: Cow::Borrowed(name), unit, reproducibility: Reproducibility::Roughly }
    }

    /// The number for one of several parts, named `number, part`.
    #[must_use]
    pub fn of(&self, part: &str) -> Self {
        self.renamed(format!("{}, {part}", self.name))
    }

    /// A number of the same kind under another name.
    #[must_use]
    pub fn renamed(&self, name: String) -> Self {
        Self { name: Cow::Owned(name), ..self.clone() }
    }

    /// Name in findings.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Unit of the number.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// How well the number can be reproduced.
    pub fn reproducibility(&self) -> Reproducibility {
        self.reproducibility
    }
}
