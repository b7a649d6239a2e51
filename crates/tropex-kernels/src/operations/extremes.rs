//! Smallest and largest coefficients of negative and positive terms.
//!
//! The last group of rows holds the negative terms; the other groups hold linear ones, positive minus
//! negative.

use burn::tensor::Tensor;

use crate::data::AffineRows;
use crate::{flex, generic};

/// Per feature the smallest coefficient of all negative and all positive terms.
pub fn lowest(rows: &AffineRows) -> Vec<f64> {
    flex::lowest(rows).unwrap_or_else(|| generic::lowest(rows))
}

/// Per point the smallest coefficient of its negative and positive terms, and the largest absolute
/// value of a coefficient.
pub fn extremes(rows: AffineRows) -> Vec<(f64, f64)> {
    let [linear, negative] = generic::split_negative(rows);
    let all = Tensor::cat(vec![linear + negative.clone(), negative], 0);
    let smallest: Vec<f64> = all.clone().min_dim(2).min_dim(0).into_data().iter().collect();
    let largest: Vec<f64> = all.abs().max_dim(2).max_dim(0).into_data().iter().collect();
    smallest.into_iter().zip(largest).collect()
}
