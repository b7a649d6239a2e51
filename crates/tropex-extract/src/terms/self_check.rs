//! The self-check: figures that are measured for every extraction.

use burn::tensor::TensorData;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::batch::Terms;
use super::dominance::Dominance;
use super::violations::{ROUNDED_NEGATIVE, Violations};
use crate::network::rounding::RoundingModel;
use crate::{ComputeTarget, Error, Network, Precision};

/// Figures that are checked in every extraction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SelfCheck {
    /// Number of checked points.
    pub points: usize,
    /// Largest difference between the value of a linear term at its point and the network's logit.
    pub value_error: f64,
    /// Largest absolute value of a logit; the value error is relative to it.
    pub largest_logit: f64,
    /// Largest difference that the rounding of sums inside the network explains. It is measured
    /// only if the value error is larger than usual for logits of this size, and 0 otherwise.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rounding: f64,
    /// Smallest coefficient of all positive and negative terms. It must not be negative.
    pub smallest_coefficient: f64,
    /// Largest coefficient of all positive and negative terms.
    pub largest_coefficient: f64,
    /// Largest coefficient of the shift at the input. All terms may be smaller than it.
    #[serde(default)]
    pub largest_shift: f64,
    /// Points at which all linear coefficients are zero: the logits do not depend on the point
    /// there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dead: usize,
    /// Dominance of the terms of each point, once all terms are known.
    pub dominance: Option<Dominance>,
    /// Violations, if the shifts were found for other points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub violations: Option<Violations>,
}

impl SelfCheck {
    /// The figures of an empty set of points.
    pub(crate) fn empty() -> Self {
        Self {
            points: 0,
            value_error: 0.0,
            largest_logit: 0.0,
            rounding: 0.0,
            smallest_coefficient: f64::INFINITY,
            largest_coefficient: f64::NEG_INFINITY,
            largest_shift: 0.0,
            dead: 0,
            dominance: None,
            violations: None,
        }
    }

    /// The figures of terms.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, the points of the terms, row by row
    pub fn of(terms: &Terms, points: &[f32]) -> Self {
        let check = match terms.rows().as_slice::<f32>() {
            Ok(rows) => of_rows(terms, rows, points),
            Err(_) => of_rows(terms, terms.rows().as_slice::<f64>().unwrap_or(&[]), points),
        };
        let violations = terms.violations().cloned();
        Self { violations, largest_shift: terms.largest_shift(), ..check }
    }

    /// Adds the error that rounding explains, if the value error is larger than usual. Sums that
    /// cancel leave logits that are small compared with the rounded summands.
    ///
    /// # Errors
    /// Points of another shape; a device that fails.
    pub(crate) fn explained(
        self,
        network: &Network,
        points: &[f32],
        precision: Precision,
    ) -> Result<Self, Error> {
        if self.value_error <= self.usual_error(precision) {
            return Ok(self);
        }
        let exact = network.to_target(&ComputeTarget::in_f64(network.target().device())?);
        let features = network.features();
        let explained = |points: &[f32]| {
            let points = TensorData::new(points.to_vec(), [points.len() / features, features]);
            RoundingModel::of(precision.dtype(), false).explains_logits(&exact, &points)
        };
        let parts = points.chunks(MEASURED * features);
        let rounding = parts.map(explained).fold(0.0, larger);
        Ok(Self { rounding, ..self })
    }

    /// The value error that most networks stay below, for logits of this size.
    fn usual_error(&self, precision: Precision) -> f64 {
        let share = match precision {
            Precision::F32 => 1e-4,
            Precision::F64 => 1e-11,
        };
        share * self.largest_logit
    }

    /// The figures of two sets of points together, without dominance, which depends on all terms.
    pub fn merge(&self, other: &Self) -> Self {
        Self {
            points: self.points + other.points,
            value_error: larger(self.value_error, other.value_error),
            largest_logit: larger(self.largest_logit, other.largest_logit),
            rounding: larger(self.rounding, other.rounding),
            smallest_coefficient: -larger(-self.smallest_coefficient, -other.smallest_coefficient),
            largest_coefficient: larger(self.largest_coefficient, other.largest_coefficient),
            largest_shift: larger(self.largest_shift, other.largest_shift),
            dead: self.dead + other.dead,
            dominance: None,
            violations: match (&self.violations, &other.violations) {
                (Some(a), Some(b)) => Some(a.merge(b)),
                (a, b) => a.clone().or_else(|| b.clone()),
            },
        }
    }
}

/// Points at which rounding is measured together.
const MEASURED: usize = 64;

impl SelfCheck {
    /// The value error divided by the largest logit; 0 if the value error is 0.
    pub fn relative_value_error(&self) -> f64 {
        if self.value_error == 0.0 { 0.0 } else { self.value_error / self.largest_logit }
    }

    /// Whether the network is dead: no logit depends on any point.
    pub fn is_dead(&self) -> bool {
        self.points > 0 && self.dead == self.points
    }

    /// One message per failed check. If shifts of other points are violated, coefficients may be
    /// negative and other terms maximal; the extraction is correct nevertheless, so these checks
    /// are skipped.
    pub fn failures(&self, precision: Precision) -> Vec<String> {
        let mut failures = Vec::new();
        let allowed = larger(self.usual_error(precision), self.rounding);
        // Written so that the comparison is false, and the check fails, for NaN.
        let exact = self.value_error <= allowed;
        if !exact {
            let error = self.value_error;
            failures.push(format!("value error {error:.1e}, at most {allowed:.1e} is rounding"));
        }
        if self.violations.as_ref().is_some_and(|violations| violations.points > 0) {
            return failures;
        }
        let largest = larger(self.largest_coefficient, self.largest_shift);
        let lowest = -ROUNDED_NEGATIVE * precision.epsilon() * largest;
        let convex = self.smallest_coefficient >= lowest;
        if !convex {
            let smallest = self.smallest_coefficient;
            failures.push(format!("a coefficient of {smallest:.1e}, none may be negative"));
        }
        if let Some(dominance) = &self.dominance
            && dominance.dominant < dominance.checked
        {
            failures.push(format!(
                "the own term is maximal at {} of {} points only",
                dominance.dominant, dominance.checked
            ));
        }
        failures
    }
}

fn is_zero<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}

/// The larger of two numbers, or NaN if one of them is NaN.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

fn of_rows<F: Copy + Into<f64> + Sync>(terms: &Terms, rows: &[F], points: &[f32]) -> SelfCheck {
    let (count, features) = (terms.len(), terms.features());
    let row = |index: usize| &rows[index * features..][..features];
    let figures = |point: usize| {
        let negative = row(terms.per_point() * count + point);
        let input = &points[point * features..][..features];
        let is_zero = |class: usize| row(class * count + point).iter().all(|&x| x.into() == 0.0);
        let dead = usize::from((0..terms.per_point()).all(is_zero));
        let mut check = SelfCheck { points: 1, dead, ..SelfCheck::empty() };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sound() -> SelfCheck {
        let dominance = Dominance { checked: 10, dominant: 10, largest_gap: 0.0, tolerance: 1e-14 };
        SelfCheck {
            points: 10,
            value_error: 1e-13,
            largest_logit: 20.0,
            rounding: 0.0,
            smallest_coefficient: 0.0,
            largest_coefficient: 1e3,
            largest_shift: 10.0,
            dead: 0,
            dominance: Some(dominance),
            violations: None,
        }
    }

    #[test]
    fn each_figure_can_fail() {
        let failures = |check: &SelfCheck| check.failures(Precision::F64).join("; ");
        assert_eq!(failures(&sound()), "");
        let off = SelfCheck { value_error: 1e-9, ..sound() };
        assert_eq!(failures(&off), "value error 1.0e-9, at most 2.0e-10 is rounding");
        let unknown = SelfCheck { value_error: f64::NAN, ..sound() };
        assert!(failures(&unknown).starts_with("value error NaN"));
        let negative = SelfCheck { smallest_coefficient: -1e-3, ..sound() };
        assert_eq!(failures(&negative), "a coefficient of -1.0e-3, none may be negative");
        let mut beaten = sound();
        beaten.dominance.as_mut().unwrap().dominant = 9;
        assert_eq!(failures(&beaten), "the own term is maximal at 9 of 10 points only");
    }

    #[test]
    fn effects_of_violated_shifts_are_not_failures() {
        let mut check = SelfCheck { smallest_coefficient: -1.0, ..sound() };
        check.dominance.as_mut().unwrap().dominant = 9;
        for (points, expected) in [(0, 2), (3, 0)] {
            check.violations = Some(Violations { points, largest: 1e-3 });
            assert_eq!(check.failures(Precision::F64).len(), expected);
        }
        let off = SelfCheck { value_error: 1e-9, ..check };
        assert_eq!(off.failures(Precision::F64).len(), 1);
    }

    #[test]
    fn rounding_is_relative_to_the_largest_shift() {
        let mut check =
            SelfCheck { smallest_coefficient: -1e-14, largest_coefficient: 1e-3, ..sound() };
        assert_eq!(check.failures(Precision::F64), Vec::<String>::new());
        check.largest_shift = 0.0;
        assert_eq!(check.failures(Precision::F64).len(), 1);
    }

    #[test]
    fn errors_of_f64_may_be_rounding_in_f32() {
        let check = SelfCheck { value_error: 1e-5, smallest_coefficient: -1e-4, ..sound() };
        assert_eq!(check.failures(Precision::F32), Vec::<String>::new());
        assert_eq!(check.failures(Precision::F64).len(), 2);
    }
}
