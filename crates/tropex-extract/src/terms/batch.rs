//! The terms of a batch of points.

use burn::tensor::TensorData;

use super::functions::AffineFunctions;
use super::violations::Violations;
use crate::Precision;

/// Per point the linear terms of one or all classes and the negative term, which all classes
/// share. A positive term is `linear + negative`; it is not stored, for with large shifts the
/// difference of positive and negative has no digit left of the linear term.
#[derive(Clone, Debug)]
pub struct Terms {
    /// `(per_point + 1) * points`, group by group: linear rows, then negative rows.
    rows: AffineFunctions,
    /// The logits that the linear rows stand for, group by group.
    logits: Vec<f64>,
    predicted: Vec<usize>,
    /// The largest coefficient that was added at the input.
    largest_shift: f64,
    /// How far shifts of other points fail these, where there are such.
    violations: Option<Violations>,
}

impl Terms {
    pub(crate) fn new(rows: AffineFunctions, logits: Vec<f64>, predicted: Vec<usize>) -> Self {
        Self { rows, logits, predicted, largest_shift: 0.0, violations: None }
    }

    pub(crate) fn with_largest_shift(self, largest_shift: f64) -> Self {
        Self { largest_shift, ..self }
    }

    pub(crate) fn with_violations(self, violations: Option<Violations>) -> Self {
        Self { violations, ..self }
    }

    /// How far the shifts, if they were found for other points, fail to keep coefficients of these
    /// non-negative.
    pub fn violations(&self) -> Option<&Violations> {
        self.violations.as_ref()
    }

    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // an extraction has at least one point
    pub fn len(&self) -> usize {
        self.predicted.len()
    }

    /// Linear terms per point: one, or the number of classes.
    pub fn per_point(&self) -> usize {
        self.logits.len() / self.len()
    }

    /// Values of one point.
    pub fn features(&self) -> usize {
        self.rows.features()
    }

    /// Format of the coefficients.
    pub fn precision(&self) -> Precision {
        self.rows.precision()
    }

    /// The class that the network predicts at every point.
    pub fn predicted(&self) -> &[usize] {
        &self.predicted
    }

    /// The network's own logit for a linear term.
    pub fn logit(&self, point: usize, class: usize) -> f64 {
        self.logits[class * self.len() + point]
    }

    /// Coefficients and bias of a linear term. `class` counts the terms of a point: 0 where there
    /// is one, the class itself where there are all.
    pub fn linear(&self, point: usize, class: usize) -> (Vec<f64>, f64) {
        self.rows.row(class * self.len() + point)
    }

    /// Coefficients and bias of the negative term.
    pub fn negative(&self, point: usize) -> (Vec<f64>, f64) {
        self.rows.row(self.per_point() * self.len() + point)
    }

    /// Coefficients and bias of a positive term, the sum of linear and negative.
    pub fn positive(&self, point: usize, class: usize) -> (Vec<f64>, f64) {
        let ((linear, linear_bias), (negative, negative_bias)) =
            (self.linear(point, class), self.negative(point));
        let sum = linear.iter().zip(negative).map(|(linear, negative)| linear + negative);
        (sum.collect(), linear_bias + negative_bias)
    }

    /// Coefficients `[rows, features]` and biases `[rows]` of chosen rows.
    pub(crate) fn gather(&self, rows: &[usize]) -> [TensorData; 2] {
        self.rows.gather(rows)
    }

    /// The largest coefficient that was added at the input.
    pub(crate) fn largest_shift(&self) -> f64 {
        self.largest_shift
    }

    /// All coefficients as they were computed, see [`Terms::biases`].
    pub(crate) fn rows(&self) -> &TensorData {
        self.rows.coefficients()
    }

    /// Biases of all rows: the linear ones class by class, then the negative ones.
    pub(crate) fn biases(&self) -> &[f64] {
        self.rows.biases()
    }
}
