//! The tensors of a shard: their names, and the shapes of numbers.

use super::header::TermsHeader;

/// Names of the tensors of integers, with one integer for each point.
pub(super) const INTEGERS: [&str; 3] = ["index", "label", "predicted"];

/// Names of the tensors of numbers.
pub(super) const NUMBERS: [&str; 4] =
    ["linear.coefficients", "linear.bias", "negative.coefficients", "negative.bias"];

/// The shapes of the tensors of [`NUMBERS`] at one point.
pub(super) fn number_shapes(terms: &TermsHeader) -> [Vec<usize>; 4] {
    let features = terms.features();
    let classes = match terms.per_point() {
        1 => vec![],
        classes => vec![classes],
    };
    [[&classes[..], &[features]].concat(), classes, vec![features], vec![]]
}
