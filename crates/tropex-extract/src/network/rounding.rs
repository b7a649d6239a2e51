//! How far rounding moves the output of a network.
//!
//! Bounds that hold for whatever network are useless for deep ones, since they grow with the norms of
//! all weights. So it is measured: every value is moved at random by what its type rounds off a number
//! of the size of what is summed there, and what comes of that at the output, a few times, is the
//! size of rounding.

use burn::tensor::{DType, Tensor, TensorData};

use super::random::Random;
use super::{Network, OutputActivation};
use crate::Precision;

/// What a module's type rounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rounding {
    /// Difference, relative to the largest output, that nobody needs an explanation for.
    pub(crate) usual: f64,
    /// Largest relative error of one rounding.
    unit: f64,
    /// Absolute error of a rounding to the smallest numbers.
    least: f64,
    /// Multiple of the measured movement that is allowed.
    factor: f64,
}

/// The network's own type is f32 or f64: differences below so many units are usual.
const USUAL: f64 = 4096.0;

/// What is allowed of a module on a device whose products read 11 digits of an `f32`, as NVIDIA's
/// tensor cores do in TF32: the network's own products read all of them.
const TENSOR_CORES: f64 = 1.0 / 64.0;

/// Sums of hundreds of thousands of terms, rounded one after the other, stay below so many times the
/// root of the sum of their squares.
const OF_SUMS: f64 = 64.0;

/// Types of 8 or 11 digits are rounded to after sums, which have 24 digits, so that only a few
/// roundings a value are to be explained.
const OF_RESULTS: f64 = 8.0;

/// Times that every point is moved.
const DRAWS: usize = 4;

impl Rounding {
    /// The rounding of a type; `is_rounded` on devices whose products round an `f32` before.
    pub(crate) fn of(dtype: DType, is_rounded: bool) -> Self {
        let usual = USUAL * Precision::F32.epsilon();
        let single = f64::from(f32::MIN_POSITIVE);
        match dtype {
            DType::F64 => Self {
                usual: USUAL * f64::EPSILON,
                unit: f64::EPSILON / 2.0,
                least: f64::MIN_POSITIVE,
                factor: OF_SUMS,
            },
            DType::BF16 => Self { usual, unit: 0.5_f64.powi(8), least: single, factor: OF_RESULTS },
            DType::F16 | DType::Flex32 => {
                Self { usual, unit: 0.5_f64.powi(11), least: 0.5_f64.powi(24), factor: OF_RESULTS }
            }
            _ if is_rounded => Self {
                usual: TENSOR_CORES,
                unit: 0.5_f64.powi(11),
                least: single,
                factor: OF_RESULTS,
            },
            _ => Self { usual, unit: 0.5_f64.powi(24), least: single, factor: OF_SUMS },
        }
    }

    /// The difference that rounding explains, class by class: of outputs that `ended` makes of the
    /// logits of a network in f64 at points `[points, features]`.
    pub(crate) fn explains(
        self,
        network: &Network,
        points: &TensorData,
        ended: impl Fn(&Network, Tensor<2>) -> Tensor<2>,
    ) -> Vec<f64> {
        let logits = self.moved(network, points);
        let largest: f64 = logits.clone().abs().max().into_scalar();
        let of_ending = self.unit * ending_scale(network, largest);
        let outputs: Vec<f64> = ended(network, logits).into_data().iter().collect();
        let explained = movements(&outputs, network.classes());
        explained.iter().map(|movement| self.factor * (movement + of_ending)).collect()
    }

    /// The difference that rounding explains of the logits of a network in f64 at points
    /// `[points, features]`, whatever the class.
    pub(crate) fn explains_logits(self, network: &Network, points: &TensorData) -> f64 {
        let logits: Vec<f64> = self.moved(network, points).into_data().iter().collect();
        let explained = movements(&logits, network.classes());
        self.factor * explained.into_iter().fold(0.0, larger)
    }

    /// Logits at points `[points, features]`, and below them those of the same points with every value
    /// moved at random, a few times: `[(1 + DRAWS) * points, classes]`.
    fn moved(self, network: &Network, points: &TensorData) -> Tensor<2> {
        let [count, features] = [points.shape()[0], points.shape()[1]];
        let once: Vec<f64> = points.iter().collect();
        let all = TensorData::new(once.repeat(1 + DRAWS), [count * (1 + DRAWS), features]);
        let mut random = Random::new();
        network.forward(network.target().tensor(all), |_, node, inputs| {
            let squares = node.op.squares(inputs.clone());
            let (output, _) = node.op.forward(inputs);
            let Some(squares) = squares else { return output };
            let moves = signs(&mut random, &output, count);
            output + (squares.sqrt() * self.unit + self.least) * moves
        })
    }
}

/// How far every class was moved, of outputs at points that are followed by the same points moved.
fn movements(outputs: &[f64], classes: usize) -> Vec<f64> {
    let (exact, moved) = outputs.split_at(outputs.len() / (1 + DRAWS));
    let mut largest = vec![0.0; classes];
    for (index, (moved, exact)) in moved.iter().zip(exact.iter().cycle()).enumerate() {
        largest[index % classes] = larger(largest[index % classes], (moved - exact).abs());
    }
    largest
}

/// The larger of two numbers; a number that is none explains nothing.
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

/// The size of what a softmax at the end rounds itself, its results and what it subtracts, at logits
/// of a size; zero without one.
fn ending_scale(network: &Network, mut largest: f64) -> f64 {
    let mut scale = 0.0;
    for dropped in network.output_activations() {
        match dropped {
            OutputActivation::Scale(factor) => largest *= factor,
            OutputActivation::Softmax | OutputActivation::LogSoftmax => scale = 1.0 + largest,
        }
    }
    scale
}

/// Zero for the first rows of a tensor, plus or minus one for all others.
fn signs(random: &mut Random, like: &Tensor<2>, zeros: usize) -> Tensor<2> {
    let [rows, features] = like.dims();
    let of_row = |row: usize| if row < zeros { 0.0 } else { 1.0 };
    let signs = (0..rows * features).map(|at| of_row(at / features) * random.sign());
    let data = TensorData::new(signs.collect::<Vec<f64>>(), [rows, features]);
    Tensor::from_data(data, (&like.device(), like.dtype()))
}
