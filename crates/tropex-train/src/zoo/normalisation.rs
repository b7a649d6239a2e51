//! Normalisation of images before the first layer.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// `(x - mean) / std`, with a mean and a standard deviation for every channel or for all channels.
///
/// This is an operation of the network. Folded into a convolution with zero padding it would be
/// wrong at the borders, where the padding stands for the mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Normalisation {
    /// One number, or one for every channel.
    pub mean: Vec<f32>,
    /// One number, or one for every channel; above zero.
    pub std: Vec<f32>,
}

/// Why a normalisation cannot be applied.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum NormalisationError {
    /// The number of values is neither 1 nor the number of channels.
    #[error("{found} numbers for the {what} of {channels} channels, expected 1 or {channels}")]
    Count {
        /// `mean` or `std`.
        what: &'static str,
        /// Number of values.
        found: usize,
        /// Channels of an image.
        channels: usize,
    },
    /// A value is not a mean or a standard deviation.
    #[error("{value} as {what}, expected finite numbers, standard deviations above 0")]
    Value {
        /// `mean` or `std`.
        what: &'static str,
        /// The value.
        value: f32,
    },
}

impl Normalisation {
    /// Checks the values for images with `channels` channels.
    pub fn check(&self, channels: usize) -> Result<(), NormalisationError> {
        for (what, values) in [("mean", &self.mean), ("std", &self.std)] {
            let found = values.len();
            if found != 1 && found != channels {
                return Err(NormalisationError::Count { what, found, channels });
            }
            // The reciprocal of a standard deviation has to be finite.
            let is_valid = |value: &f32| match what {
                "std" => value.is_normal() && *value > 0.0 && value.recip().is_normal(),
                _ => value.is_finite(),
            };
            if let Some(&value) = values.iter().find(|value| !is_valid(value)) {
                return Err(NormalisationError::Value { what, value });
            }
        }
        Ok(())
    }
}

impl Normalisation {
    /// Normalises images `[n, channels, height, width]`, or with the channels last
    /// `[n, height, width, channels]`.
    ///
    /// # Shapes
    /// - output: the shape of the input
    pub fn apply(&self, images: Tensor<4>, channels_last: bool) -> Tensor<4> {
        let options = (&images.device(), images.dtype());
        let of_channels = |values: &[f32]| {
            let mut shape = [1; 4];
            shape[if channels_last { 3 } else { 1 }] = values.len();
            Tensor::<4>::from_data(TensorData::new(values.to_vec(), shape), options)
        };
        (images - of_channels(&self.mean)) / of_channels(&self.std)
    }
}

/// A [`Normalisation`] as a module.
#[derive(Module, Debug)]
pub(super) struct NormaliseLayer {
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl NormaliseLayer {
    pub(super) fn new(Normalisation { mean, std }: Normalisation) -> Self {
        Self { mean, std }
    }

    /// Maps `[n, channels, height, width]` to the same shape.
    pub(super) fn forward(&self, images: Tensor<4>) -> Tensor<4> {
        let normalisation = Normalisation { mean: self.mean.clone(), std: self.std.clone() };
        normalisation.apply(images, false)
    }
}
