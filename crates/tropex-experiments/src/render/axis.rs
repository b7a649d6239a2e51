//! Axes of plots.

use serde::{Deserialize, Serialize};

use crate::unit::Unit;

/// An axis of a plot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlotAxis {
    /// What the numbers measure.
    pub label: String,
    /// Unit of the numbers.
    pub unit: Unit,
    /// How numbers are spaced.
    pub spacing: Spacing,
}

/// How numbers are spaced on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spacing {
    /// Equal differences are equally far apart.
    Linear,
    /// Equal ratios are equally far apart; numbers are positive.
    Logarithmic,
}

/// Ratio of the largest to the smallest number above which a linear axis does not show both.
const WIDE: f64 = 1000.0;

impl PlotAxis {
    /// An axis on which equal differences are equally far apart.
    pub fn linear(label: &str, unit: Unit) -> Self {
        Self { label: label.to_owned(), unit, spacing: Spacing::Linear }
    }

    /// An axis on which equal ratios are equally far apart.
    pub fn logarithmic(label: &str, unit: Unit) -> Self {
        Self { label: label.to_owned(), unit, spacing: Spacing::Logarithmic }
    }

    /// An axis that suits its values: logarithmic if they are positive numbers without unit whose
    /// ratio exceeds 1000, else linear.
    pub fn fitting(label: &str, unit: Unit, values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = values
            .into_iter()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
        match unit == Unit::Number && low > 0.0 && high > WIDE * low {
            true => Self::logarithmic(label, unit),
            false => Self::linear(label, unit),
        }
    }

    /// Label and unit, as they stand beside the axis.
    pub(super) fn heading(&self) -> String {
        match self.unit.symbol() {
            Some(symbol) => format!("{} ({symbol})", self.label),
            None => self.label.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_very_different_sizes_need_a_logarithmic_axis() {
        for (unit, values, expected) in [
            (Unit::Number, [1e-3, 2.0], Spacing::Logarithmic),
            (Unit::Number, [1.0, 900.0], Spacing::Linear),
            (Unit::Number, [-1e-3, 2e9], Spacing::Linear),
            (Unit::Share, [1e-5, 1.0], Spacing::Linear),
        ] {
            assert_eq!(PlotAxis::fitting("x", unit, values).spacing, expected, "{values:?}");
        }
    }
}
