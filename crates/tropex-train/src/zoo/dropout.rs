//! Dropout, in training only.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use rand_chacha::rand_core::Rng;

/// Sets a share of the values to zero while a network is trained (Srivastava et al., 2014).
///
/// Burn's own layer uses the random generator of the device, which the whole process shares. Here
/// the caller passes the random numbers, so that a training can be repeated and resumed.
#[derive(Module, Debug)]
pub struct Dropout {
    pub(super) share: f64,
}

impl Dropout {
    /// Sets each value to zero with probability `share`, and divides the others by `1 - share`,
    /// which keeps the mean.
    pub(super) fn forward_training<const D: usize>(
        &self,
        input: Tensor<D>,
        random: &mut impl Rng,
    ) -> Tensor<D> {
        let kept = (1.0 / (1.0 - self.share)) as f32;
        let dropped_below = (self.share * 2f64.powi(32)) as u32;
        let shape = input.dims();
        let factor = |_| if random.next_u32() < dropped_below { 0.0 } else { kept };
        let factors: Vec<f32> = (0..shape.iter().product()).map(factor).collect();
        let factors = TensorData::new(factors, shape);
        let device = input.device();
        input * Tensor::from_data(factors, &device)
    }
}
