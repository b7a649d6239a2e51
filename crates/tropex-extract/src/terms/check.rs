//! What an extraction finds out about itself.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::batch::Terms;

/// Figures that must hold for every extraction, whatever the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfCheck {
    /// Points looked at.
    pub points: usize,
    /// Largest difference between a linear term's value at its point and the network's logit.
    pub value_error: f64,
    /// Largest logit in absolute value, to judge the error by.
    pub largest_logit: f64,
    /// Smallest coefficient of all positive and negative terms: must not be negative.
    pub smallest_coefficient: f64,
    /// Largest coefficient of all positive and negative terms.
    pub largest_coefficient: f64,
    /// Whether each point's own terms are maximal at it, once all terms are known.
    pub dominance: Option<Dominance>,
}

/// Whether the extracted function attains the network's value at data points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dominance {
    /// Points looked at, each against all terms.
    pub checked: usize,
    /// Points at which own positive and own negative term attain the maximum, up to rounding.
    pub dominant: usize,
    /// Largest excess of another term over a point's own, relative to the size of the numbers
    /// that were added up.
    pub largest_gap: f64,
    /// The excess that rounding explains.
    pub tolerance: f64,
}

impl Dominance {
    /// Share of the checked points at which the own terms are maximal.
    pub fn rate(&self) -> f64 {
        self.dominant as f64 / self.checked.max(1) as f64
    }
}

impl SelfCheck {
    /// Figures of no points.
    pub(crate) fn empty() -> Self {
        Self {
            points: 0,
            value_error: 0.0,
            largest_logit: 0.0,
            smallest_coefficient: f64::INFINITY,
            largest_coefficient: f64::NEG_INFINITY,
            dominance: None,
        }
    }

    /// Figures of terms and the points `[points, features]` they were extracted at.
    pub fn of(terms: &Terms, points: &[f32]) -> Self {
        match terms.rows().as_slice::<f32>() {
            Ok(rows) => of_rows(terms, rows, points),
            Err(_) => of_rows(terms, terms.rows().as_slice::<f64>().unwrap_or(&[]), points),
        }
    }

    /// Figures of both together; what concerns all terms at once is left out.
    pub fn merge(&self, other: &Self) -> Self {
        Self {
            points: self.points + other.points,
            value_error: larger(self.value_error, other.value_error),
            largest_logit: larger(self.largest_logit, other.largest_logit),
            smallest_coefficient: -larger(-self.smallest_coefficient, -other.smallest_coefficient),
            largest_coefficient: larger(self.largest_coefficient, other.largest_coefficient),
            dominance: None,
        }
    }
}

/// The larger of two numbers, or NaN if either is: a figure that is not a number must show.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

fn of_rows<F: Copy + Into<f64> + Sync>(terms: &Terms, rows: &[F], points: &[f32]) -> SelfCheck {
    let (count, features) = (terms.len(), terms.features());
    let row = |index: usize| &rows[index * features..][..features];
    let figures = |point: usize| {
        let negative = row(terms.per_point() * count + point);
        let input = &points[point * features..][..features];
        let mut check = SelfCheck { points: 1, ..SelfCheck::empty() };
        for class in 0..terms.per_point() {
            let index = class * count + point;
            let (mut value, mut smallest, mut largest) =
                (terms.biases()[index], f64::INFINITY, f64::NEG_INFINITY);
            for ((&linear, &negative), &input) in row(index).iter().zip(negative).zip(input) {
                let (linear, negative): (f64, f64) = (linear.into(), negative.into());
                value += linear * f64::from(input);
                smallest = smallest.min(negative).min(linear + negative);
                largest = largest.max(negative).max(linear + negative);
            }
            let logit = terms.logit(point, class);
            check.value_error = larger(check.value_error, (value - logit).abs());
            check.largest_logit = larger(check.largest_logit, logit.abs());
            check.smallest_coefficient = check.smallest_coefficient.min(smallest);
            check.largest_coefficient = check.largest_coefficient.max(largest);
        }
        check
    };
    let figures = (0..count).into_par_iter().map(figures);
    figures.reduce(SelfCheck::empty, |a, b| a.merge(&b))
}
