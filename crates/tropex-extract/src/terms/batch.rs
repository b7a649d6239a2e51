//! The terms of a batch of points.

use burn::tensor::TensorData;

use super::functions::AffineFunctions;
use super::violations::Violations;
use crate::Precision;

/// The terms of a batch: for every point the linear terms of one class or of all classes, and one
/// negative term for all classes.
///
/// A positive term is `linear + negative`. It is computed on demand: with large shifts, the
/// difference of a stored positive and a stored negative term would lose the digits of the linear
/// term.
#[derive(Clone, Debug)]
pub struct Terms {
    /// `(per_point + 1) * points` rows: the linear rows of the first class for all points, those of
    /// the next class, ..., and the negative rows.
    rows: AffineFunctions,
    /// The logit of every linear row, in the order of `rows`.
    logits: Vec<f64>,
    predicted: Vec<usize>,
    /// Largest coefficient of the shift at the input.
    largest_shift: f64,
    /// Violations, if the shifts were found for other points.
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

    /// The coefficients that are negative because the shifts were found for other points; `None` if
    /// the shifts belong to these points.
    pub fn violations(&self) -> Option<&Violations> {
        self.violations.as_ref()
    }

    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // a batch has at least one point
    pub fn len(&self) -> usize {
        self.predicted.len()
    }

    /// Number of linear terms per point: 1, or the number of classes.
    pub fn per_point(&self) -> usize {
        self.logits.len() / self.len()
    }

    /// Number of input features of a point.
    pub fn features(&self) -> usize {
        self.rows.features()
    }

    /// Floating-point format of the coefficients.
    pub fn precision(&self) -> Precision {
        self.rows.precision()
    }

    /// The class that the network predicts at every point, `[points]`.
    pub fn predicted(&self) -> &[usize] {
        &self.predicted
    }

    /// The network's logit that a linear term represents.
    pub fn logit(&self, point: usize, class: usize) -> f64 {
        self.logits[class * self.len() + point]
    }

    /// Coefficients `[features]` and bias of a linear term. `class` is the class if the batch has
    /// terms of all classes, and 0 otherwise.
    pub fn linear(&self, point: usize, class: usize) -> (Vec<f64>, f64) {
        self.rows.row(class * self.len() + point)
    }

    /// Coefficients `[features]` and bias of the negative term.
    pub fn negative(&self, point: usize) -> (Vec<f64>, f64) {
        self.rows.row(self.per_point() * self.len() + point)
    }

    /// Coefficients `[features]` and bias of a positive term, the sum of linear and negative term.
    pub fn positive(&self, point: usize, class: usize) -> (Vec<f64>, f64) {
        let ((linear, linear_bias), (negative, negative_bias)) =
            (self.linear(point, class), self.negative(point));
        let sum = linear.iter().zip(negative).map(|(linear, negative)| linear + negative);
        (sum.collect(), linear_bias + negative_bias)
    }

    /// Coefficients `[rows, features]` and biases `[rows]` of selected rows.
    pub(crate) fn gather(&self, rows: &[usize]) -> [TensorData; 2] {
        self.rows.gather(rows)
    }

    /// Largest coefficient of the shift at the input.
    pub(crate) fn largest_shift(&self) -> f64 {
        self.largest_shift
    }

    /// All coefficients, `[rows, features]`; [`Terms::biases`] gives the order of rows.
    pub(crate) fn rows(&self) -> &TensorData {
        self.rows.coefficients()
    }

    /// Biases of all rows: the linear rows class by class, then the negative rows.
    pub(crate) fn biases(&self) -> &[f64] {
        self.rows.biases()
    }
}
