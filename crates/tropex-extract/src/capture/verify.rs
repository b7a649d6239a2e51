//! The captured network against the module's own forward, on random points.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData, activation};

use super::record::{catching, device_of, dtype_of};
use crate::network::OutputActivation;
use crate::{Error, Network, Precision, kernels};

/// Another number of points than any recording had.
const POINTS: usize = 5;

/// What is allowed of a module on a device whose products read 11 digits of an `f32`, as NVIDIA's
/// tensor cores do in TF32: the network's own products read all of them.
const ROUNDED: f64 = 1.0 / 64.0;

pub(super) fn verify<M: Module, const D: usize>(
    network: &Network,
    module: &M,
    forward: &impl Fn(&M, Tensor<D>) -> Tensor<2>,
) -> Result<(), Error> {
    let features = network.features();
    let points = TensorData::new(uniform(POINTS * features), [POINTS, features]);
    let mut shape = [POINTS; D];
    shape[1..].copy_from_slice(network.input_shape());
    let (device, dtype) = (device_of(module), dtype_of(module));
    let input = Tensor::<2>::from_data(points.clone().convert_dtype(dtype), (&device, dtype));
    let input = input.reshape(shape);
    let is_rounded = kernels::is_rounded(&input);
    let expected = values(catching(&shape, || forward(module, input))?);
    if expected.iter().any(|value| !value.is_finite()) {
        let reason = "its own forward gives numbers that are not finite at points in [-1, 1); are \
                      its parameters too large?";
        return Err(Error::Capture(reason.into()));
    }

    let placement = network.placement();
    let dtype = placement.precision().dtype();
    let input = Tensor::from_data(points.convert_dtype(dtype), placement.options());
    let logits = network.replay(input).logits();
    let found = values(network.dropped().iter().fold(logits, |values, dropped| match dropped {
        OutputActivation::Softmax => activation::softmax(values, 1),
        OutputActivation::LogSoftmax => activation::log_softmax(values, 1),
        OutputActivation::Scale(factor) => values * *factor,
    }));

    let scale = expected.iter().fold(1.0, |scale: f64, value| scale.max(value.abs()));
    let tolerance = if is_rounded { ROUNDED } else { tolerance(placement.precision()) };
    let allowed = scale * tolerance;
    let difference = largest_difference(&expected, &found);
    // Written so that a NaN fails.
    if difference <= allowed { Ok(()) } else { Err(Error::SelfCheck { difference, allowed }) }
}

fn tolerance(precision: Precision) -> f64 {
    4096.0 * precision.epsilon()
}

fn largest_difference(left: &[f64], right: &[f64]) -> f64 {
    if left.len() != right.len() {
        return f64::INFINITY;
    }
    let differences = left.iter().zip(right).map(|(left, right)| (left - right).abs());
    differences.fold(0.0, |largest, d| if d > largest || d.is_nan() { d } else { largest })
}

fn values(tensor: Tensor<2>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}

/// Numbers in [-1, 1), always the same, without touching the generator of any device.
fn uniform(count: usize) -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        // Xorshift (Marsaglia 2003), full period for 64 bits.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}
