//! Blocks of terms in the format of the product kernels.

use std::collections::HashMap;
use std::ops::{Range, RangeInclusive};

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;
use tropex_kernels::PackedWeight;

use super::rounding::{DOUBLE, OUTWARD, ProductRounding, gamma};
use crate::ComputeTarget;
use crate::exact::power_of_two;
use crate::terms::{ReducedTerm, ReferenceTerm, Term, TermTable};

/// The two maxima of the extracted function, its tropical polynomials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Polynomial {
    /// The maximum of positive terms, `F^X`.
    Positive,
    /// The maximum of negative terms, `G^X`.
    Negative,
}

impl Polynomial {
    /// Number of rows of a table per point.
    pub(super) fn per_point(self, table: &TermTable) -> usize {
        match self {
            Self::Positive => table.per_point(),
            Self::Negative => 1,
        }
    }

    /// Position in the store and class of a row of a table. Negative terms have no class; the class
    /// is 0 for them.
    pub(super) fn identity(self, table: &TermTable, row: usize) -> (usize, usize) {
        match self {
            Self::Positive => {
                let (term, slot) = (row / table.per_point(), row % table.per_point());
                (table.first + term, table.class_of(term, slot))
            }
            Self::Negative => (table.first + row, 0),
        }
    }

    pub(super) fn term(self, table: &TermTable, row: usize) -> Term<'_> {
        match self {
            Self::Positive => table.positive(row / table.per_point(), row % table.per_point()),
            Self::Negative => table.negative(row),
        }
    }
}

/// Bounds on the errors of computed values of a row at a point `x`, in units of `||(x, 1)||`.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowError {
    /// Error of the score times the scale of the block.
    pub(super) score: f64,
    /// Error of [`Term::above`].
    pub(super) value: f64,
}

/// Consecutive rows of a table minus the reference, on the device. The *score* of a row at a point
/// is its value minus the value of the reference, divided by `scale`, in `f32`.
pub(super) struct ScoreBlock {
    /// `[rows, features]`
    pub(super) coefficients: PackedWeight,
    /// `[1, rows]`
    pub(super) biases: Tensor<2>,
    /// Divisor of all rows, a power of two.
    pub(super) scale: f64,
    pub(super) errors: Vec<RowError>,
    /// For every row, the number of equal terms before it in the block.
    pub(super) copies: Vec<usize>,
    /// Largest score error of a row.
    pub(super) worst: f64,
    /// Largest Euclidean norm of a row.
    length: f64,
    /// Row of the table that is the first row of the block.
    pub(super) first: usize,
}

/// Range of norms for which the scale is 1: their squares are normal `f32` numbers.
const ORDINARY: RangeInclusive<f64> = 1e-18..=1e18;

impl ScoreBlock {
    pub(super) fn new(
        table: &TermTable,
        polynomial: Polynomial,
        terms: Range<usize>,
        reference: &ReferenceTerm,
        target: &ComputeTarget,
        rounding: ProductRounding,
    ) -> Self {
        let rows =
            terms.start * polynomial.per_point(table)..terms.end * polynomial.per_point(table);
        let reduce = |scale| reduce(table, polynomial, rows.clone(), reference, scale);
        let (mut scale, (mut coefficients, mut reduced)) = (1.0, reduce(1.0));
        let largest = reduced.iter().map(|row| row.largest).fold(0.0, f64::max);
        if largest > 0.0 && !ORDINARY.contains(&largest) {
            scale = power_of_two_near(largest);
            (coefficients, reduced) = reduce(scale);
        }
        let features = table.features();
        let in_score = rounding.relative(features);
        let in_value = gamma(features + 8, DOUBLE);
        let underflow = ProductRounding::absolute(features);
        let underflow_in_value = (features + 8) as f64 * f64::MIN_POSITIVE;
        let bound = |per_length: f64, row: &ReducedTerm| {
            // An entry of the row is rounded by two additions in `f64`.
            let bound = per_length * row.length + 4.0 * DOUBLE * row.size + underflow;
            or_infinite(scale * OUTWARD * bound) + underflow_in_value
        };
        let errors = reduced.iter();
        let errors: Vec<_> = errors
            .map(|row| RowError { score: bound(in_score, row), value: bound(in_value, row) })
            .collect();
        let biases = reduced.iter().map(|row| row.bias).collect();
        Self {
            coefficients: PackedWeight::new(
                target.tensor(TensorData::new(coefficients, [rows.len(), features])),
            ),
            biases: target.tensor(TensorData::new::<f32, _>(biases, [1, rows.len()])),
            scale,
            worst: errors.iter().map(|error| error.score).fold(0.0, f64::max),
            length: reduced.iter().map(|row| or_infinite(row.length)).fold(0.0, f64::max),
            errors,
            copies: copies(table, polynomial, rows.clone(), &reduced),
            first: rows.start,
        }
    }

    /// Whether all scores at a point with this norm are in the range of `f32`, and their multiples
    /// by the scale in the range of `f64`.
    pub(super) fn is_finite_at(&self, length: f64) -> bool {
        let largest = self.length * length;
        largest < 2_f64.powi(125) && largest * self.scale < 2_f64.powi(1000)
    }
}

/// Rows minus the reference, divided by the scale.
fn reduce(
    table: &TermTable,
    polynomial: Polynomial,
    rows: Range<usize>,
    reference: &ReferenceTerm,
    scale: f64,
) -> (Vec<f32>, Vec<ReducedTerm>) {
    let mut coefficients = vec![0.0; rows.len() * table.features()];
    let reduced = coefficients
        .par_chunks_exact_mut(table.features())
        .zip(rows)
        .map(|(into, row)| polynomial.term(table, row).reduce(reference, scale, into));
    let reduced = reduced.collect();
    (coefficients, reduced)
}

/// For every row, the number of equal terms before it. Only rows with equal norms are compared.
fn copies(
    table: &TermTable,
    polynomial: Polynomial,
    rows: Range<usize>,
    reduced: &[ReducedTerm],
) -> Vec<usize> {
    let mut seen: HashMap<_, Vec<usize>> = HashMap::with_capacity(rows.len());
    let counts = rows.zip(reduced).map(|(row, reduced)| {
        let lengths = [reduced.length.to_bits(), reduced.size.to_bits()];
        let candidates = seen.entry(lengths).or_default();
        let term = polynomial.term(table, row);
        let count =
            candidates.iter().filter(|&&other| polynomial.term(table, other) == term).count();
        candidates.push(row);
        count
    });
    counts.collect()
}

/// The bound, or infinity instead of NaN after an overflow.
fn or_infinite(bound: f64) -> f64 {
    if bound.is_nan() { f64::INFINITY } else { bound }
}

/// The largest power of two below a positive number, clamped so that it and its inverse are normal.
fn power_of_two_near(number: f64) -> f64 {
    let exponent = ((number.to_bits() >> 52) & 0x7ff) as i32 - 1023;
    power_of_two(exponent.clamp(-1000, 1000))
}
