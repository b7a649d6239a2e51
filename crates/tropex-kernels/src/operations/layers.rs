//! Layers of networks that are trained, with gradients on an autodiff device.
//!
//! A result on the `flex` backend may be stored with the points of a batch next to each other. The
//! functions of this module read that order fastest; Burn's own operations read [`row_major`]
//! order fastest.

use burn::tensor::activation::{leaky_relu, relu};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use burn::tensor::{Tensor, module};

use crate::flex;

/// A convolution with a bias and an activation: the identity, or a ReLU with a slope below zero, at
/// least 0.
///
/// # Shapes
/// - input: `[points, channels, height, width]`
/// - weight: `[filters, channels / groups, kernel height, kernel width]`
/// - bias: `[filters]`
/// - output: `[points, filters, height', width']`
pub fn conv2d(
    input: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    options: &ConvOptions<2>,
    slope: Option<f64>,
) -> Tensor<4> {
    if let Some(output) = flex::conv2d(&input, &weight, &bias, options, slope) {
        return output;
    }
    let output = module::conv2d(input, weight, Some(bias), options.clone());
    match slope {
        None => output,
        Some(0.0) => relu(output),
        Some(slope) => leaky_relu(output, slope),
    }
}

/// The maxima of windows. The first of equal cells wins.
///
/// # Shapes
/// - input: `[points, channels, height, width]`
/// - output: `[points, channels, height', width']`
pub fn max_pool2d(input: Tensor<4>, options: &MaxPoolOptions<2>) -> Tensor<4> {
    flex::max_pool2d(&input, options).unwrap_or_else(|| module::max_pool2d(input, options.clone()))
}

/// All values of a point in one row.
///
/// # Shapes
/// - input: `[points, channels, height, width]`
/// - output: `[points, channels * height * width]`
pub fn flatten(input: Tensor<4>) -> Tensor<2> {
    flex::flatten(&input).unwrap_or_else(|| input.flatten(1, 3))
}

/// The tensor, stored in row-major order.
pub fn row_major(input: Tensor<4>) -> Tensor<4> {
    flex::row_major(&input).unwrap_or(input)
}
