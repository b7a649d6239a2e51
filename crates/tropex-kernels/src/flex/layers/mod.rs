//! Layers that are trained, on the `flex` backend: convolutions and poolings of whole batches, with
//! gradients.
//!
//! On an autodiff device a layer is recorded with its own backward pass. Results are in the layout
//! of [`planes`], so that the next layer reads them without a copy.

mod activation;
mod conv2d;
mod convolve;
mod flatten;
mod geometry;
mod max_pool;
mod max_pool2d;
mod planes;
mod recorded;
#[cfg(test)]
mod tests;
mod weight_gradient;

pub(crate) use conv2d::conv2d;
pub(crate) use flatten::{flatten, row_major};
pub(crate) use max_pool2d::max_pool2d;
