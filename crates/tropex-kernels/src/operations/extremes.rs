//! Smallest and largest coefficients of negative and positive terms.
//!
//! The last group of rows holds the negative terms. The other groups hold linear terms, which are
//! positive terms minus negative terms.

use burn::tensor::Tensor;

use crate::data::AffineRows;
use crate::{flex, generic};

/// For every feature the smallest coefficient of all negative and positive terms, `[features]`.
pub fn lowest(rows: &AffineRows) -> Vec<f64> {
    flex::lowest(rows).unwrap_or_else(|| generic::lowest(rows))
}

/// For every point the smallest coefficient of its negative and positive terms, and the largest
/// absolute value of these coefficients.
pub fn extremes(rows: AffineRows) -> Vec<(f64, f64)> {
    let [linear, negative] = generic::split_negative(rows);
    let all = Tensor::cat(vec![linear + negative.clone(), negative], 0);
    let smallest: Vec<f64> = all.clone().min_dim(2).min_dim(0).into_data().iter().collect();
    let largest: Vec<f64> = all.abs().max_dim(2).max_dim(0).into_data().iter().collect();
    smallest.into_iter().zip(largest).collect()
}
