//! Effect of rounding on the output of a network.
//!
//! Bounds for every network grow with the norms of all weights and are useless for deep networks.
//! The effect is therefore measured: every value is perturbed at random by the rounding error of
//! its type at the scale of its summands, several times. The movement of the outputs is the effect
//! of rounding.

use burn::tensor::{DType, Tensor, TensorData};

use super::random::Xorshift;
use super::{Network, OutputActivation};
use crate::Precision;

/// The rounding errors of a floating-point type.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundingModel {
    /// Difference, relative to the largest output, that needs no explanation.
    pub(crate) usual: f64,
    /// Largest relative error of one rounding.
    unit: f64,
    /// Absolute error of a rounding to a subnormal number.
    subnormal: f64,
    /// Allowed multiple of the measured movement.
    factor: f64,
}

/// Usual relative difference of two computations in `f32` or `f64`, in units of the epsilon.
const USUAL: f64 = 4096.0;

/// Usual relative difference on a device whose products round `f32` operands to 11 significand
/// bits, as NVIDIA's tensor cores do in TF32.
const TENSOR_CORES: f64 = 1.0 / 64.0;

/// Allowed multiple for `f32` and `f64`. The error of a sum of hundreds of thousands of terms,
/// added one by one, stays below this multiple of the root of the sum of squares.
const SUM_FACTOR: f64 = 64.0;

/// Allowed multiple for types with 8 or 11 significand bits: sums are computed with 24 bits and
/// rounded once, so there are few roundings per value.
const RESULT_FACTOR: f64 = 8.0;

/// Number of perturbations of every point.
const DRAWS: usize = 4;

impl RoundingModel {
    /// The rounding of a type. `is_rounded` says that products round `f32` operands first.
    pub(crate) fn of(dtype: DType, is_rounded: bool) -> Self {
        let usual = USUAL * Precision::F32.epsilon();
        let single = f64::from(f32::MIN_POSITIVE);
        match dtype {
            DType::F64 => Self {
                usual: USUAL * f64::EPSILON,
                unit: f64::EPSILON / 2.0,
                subnormal: f64::MIN_POSITIVE,
                factor: SUM_FACTOR,
            },
            DType::BF16 => {
                Self { usual, unit: 0.5_f64.powi(8), subnormal: single, factor: RESULT_FACTOR }
            }
            DType::F16 | DType::Flex32 => Self {
                usual,
                unit: 0.5_f64.powi(11),
                subnormal: 0.5_f64.powi(24),
                factor: RESULT_FACTOR,
            },
            _ if is_rounded => Self {
                usual: TENSOR_CORES,
                unit: 0.5_f64.powi(11),
                subnormal: single,
                factor: RESULT_FACTOR,
            },
            _ => Self { usual, unit: 0.5_f64.powi(24), subnormal: single, factor: SUM_FACTOR },
        }
    }

    /// The difference of outputs that rounding explains, for each class. `network` is in `f64`;
    /// `with_output_activations` applies the output activations to its logits.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`
    /// - output: `[classes]`
    pub(crate) fn explains(
        self,
        network: &Network,
        points: &TensorData,
        with_output_activations: impl Fn(&Network, Tensor<2>) -> Tensor<2>,
    ) -> Vec<f64> {
        let logits = self.perturbed(network, points);
        let largest: f64 = logits.clone().abs().max().into_scalar();
        let of_activations = self.unit * activation_scale(network, largest);
        let outputs: Vec<f64> =
            with_output_activations(network, logits).into_data().iter().collect();
        let explained = movements(&outputs, network.classes());
        explained.iter().map(|movement| self.factor * (movement + of_activations)).collect()
    }

    /// The difference of logits that rounding explains, the largest over all classes. `network` is
    /// in `f64`; `points` are `[points, features]`.
    pub(crate) fn explains_logits(self, network: &Network, points: &TensorData) -> f64 {
        let logits: Vec<f64> = self.perturbed(network, points).into_data().iter().collect();
        let explained = movements(&logits, network.classes());
        self.factor * explained.into_iter().fold(0.0, larger)
    }

    /// Logits at points `[points, features]`, followed by the logits of all perturbations: `[(1 +
    /// DRAWS) * points, classes]`.
    fn perturbed(self, network: &Network, points: &TensorData) -> Tensor<2> {
        let [count, features] = [points.shape()[0], points.shape()[1]];
        let once: Vec<f64> = points.iter().collect();
        let all = TensorData::new(once.repeat(1 + DRAWS), [count * (1 + DRAWS), features]);
        let mut random = Xorshift::new();
        network.forward(network.target().tensor(all), |_, node, inputs| {
            let squares = node.op.squares(inputs.clone());
            let (output, _) = node.op.forward(inputs);
            let Some(squares) = squares else { return output };
            let signs = signs(&mut random, &output, count);
            output + (squares.sqrt() * self.unit + self.subnormal) * signs
        })
    }
}

/// The largest movement of each class, in outputs at points that are followed by the outputs of all
/// perturbations.
fn movements(outputs: &[f64], classes: usize) -> Vec<f64> {
    let (exact, moved) = outputs.split_at(outputs.len() / (1 + DRAWS));
    let mut largest = vec![0.0; classes];
    for (index, (moved, exact)) in moved.iter().zip(exact.iter().cycle()).enumerate() {
        largest[index % classes] = larger(largest[index % classes], (moved - exact).abs());
    }
    largest
}

/// The larger of two numbers. NaN is ignored, because it explains nothing.
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// The scale of the numbers that a softmax at the end rounds, its results and the subtracted
/// maximum, for logits up to `largest`; 0 without a softmax.
fn activation_scale(network: &Network, mut largest: f64) -> f64 {
    let mut scale = 0.0;
    for activation in network.output_activations() {
        match activation {
            OutputActivation::Scale(factor) => largest *= factor,
            OutputActivation::Softmax | OutputActivation::LogSoftmax => scale = 1.0 + largest,
        }
    }
    scale
}

/// Zeros for the first rows of a tensor, 1 or -1 at random for the others.
fn signs(random: &mut Xorshift, like: &Tensor<2>, zeros: usize) -> Tensor<2> {
    let [rows, features] = like.dims();
    let of_row = |row: usize| if row < zeros { 0.0 } else { 1.0 };
    let signs = (0..rows * features).map(|at| of_row(at / features) * random.sign());
    let data = TensorData::new(signs.collect::<Vec<f64>>(), [rows, features]);
    Tensor::from_data(data, (&like.device(), like.dtype()))
}
