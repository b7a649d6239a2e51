//! The trait of operations.

use std::fmt::Debug;

use burn::tensor::Tensor;
use tropex_kernels::AffineRows;

use super::{ActivationRule, Interval, Op, Piece};
use crate::ComputeTarget;

/// The result of a pullback through an operation.
#[derive(Debug)]
pub struct PulledRows {
    /// The rows at each input.
    pub rows: Vec<AffineRows>,
    /// The constant that the offset of the operation adds to the bias of each row, `[rows, 1]`.
    pub offset: Option<Tensor<2>>,
}

impl PulledRows {
    /// Rows at the input of an operation with one input and without an offset.
    pub fn one(rows: AffineRows) -> Self {
        Self { rows: vec![rows], offset: None }
    }
}

/// Trait parent that keeps [`PiecewiseLinear`] sealed: it is implemented for the operations of
/// [`Op`] only.
pub trait Sealed {}

/// An operation that is a maximum of affine pieces.
///
/// The trait is sealed: the operations in [`Op`] implement it, other crates cannot.
pub trait PiecewiseLinear: Sealed + Debug + Send + Sync {
    /// Name of the operation in listings.
    fn name(&self) -> &'static str;

    /// Settings of the operation for listings, such as kernel and stride.
    fn detail(&self) -> String {
        String::new()
    }

    /// Number of weights and offsets.
    fn parameters(&self) -> usize {
        0
    }

    /// The bytes of every constant; equal for equal constants.
    fn constants(&self) -> Vec<&[u8]> {
        Vec::new()
    }

    /// Whether the operation has more than one piece. Rows at its output must then be non-negative.
    fn is_maximum(&self) -> bool {
        false
    }

    /// The rule by which the `units` units choose their pieces; `None` if every unit has one piece.
    /// Algorithms on regions treat an operation without a rule as affine.
    fn activation_rule(&self, _units: usize) -> Option<ActivationRule> {
        None
    }

    /// The operation with its constants on another device or in another precision.
    fn to_target(&self, target: &ComputeTarget) -> Op;

    /// The operation with `change` applied to every weight, offset and slope.
    fn map_constants(&self, change: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op;

    /// Evaluates the operation. Returns the output and the chosen pieces.
    ///
    /// # Shapes
    /// - `inputs`: `[points, features]` each
    /// - output: `[points, features]`
    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece);

    /// For every output entry, the sum of the squares of its summands: the square of the scale of
    /// its rounding error. `None` if the operation does not round.
    fn squares(&self, _inputs: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        None
    }

    /// The active mask at the output, `[points, features]`: an entry of a row affects the inputs
    /// only if its mask is positive. `None` means that every entry affects the inputs.
    ///
    /// # Shapes
    /// - `masks`: the active masks at the inputs, `[points, features]` each
    fn active_mask(&self, _masks: &[Option<Tensor<2>>], _piece: &Piece) -> Option<Tensor<2>> {
        None
    }

    /// Pushes directions forward through the chosen pieces: `v` becomes `W v` for the piece `W x +
    /// b`.
    ///
    /// # Shapes
    /// - `directions`: `[groups * points, features]` for every input; row `g * points + i` belongs
    ///   to point `i`
    /// - output: `[groups * points, features]`
    fn pushforward(&self, directions: Vec<Tensor<2>>, piece: &Piece) -> Tensor<2>;

    /// Pulls rows back through the chosen pieces: a row `B` becomes `B W` and its offset is `B . b`
    /// for the piece `W x + b`.
    fn pullback(&self, rows: AffineRows, piece: &Piece) -> PulledRows;

    /// Bounds at every input from bounds at the output, valid for every piece.
    fn bound(&self, interval: Interval) -> Vec<Interval>;
}

/// The input of an operation with one input.
pub(super) fn only(inputs: Vec<Tensor<2>>) -> Tensor<2> {
    inputs.into_iter().next().expect("operations are built with their inputs")
}
