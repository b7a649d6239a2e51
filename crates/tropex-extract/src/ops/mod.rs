//! The operations of a network, one per file. A new operation needs a file and a line in [`Op`].
//!
//! Every operation is a maximum of affine pieces and therefore convex in its inputs. Values are
//! `[points, features]` with features in row-major order, so flattening and reshaping need no
//! operation.

mod activation_rule;
mod add;
mod batched;
mod concat;
mod conv;
mod elementwise_affine;
mod interval;
mod leaky_relu;
mod linear;
mod max_pool2d;
mod rearrange;
mod separable;

use std::fmt::Debug;

use burn::tensor::{Int, Tensor};
use tropex_kernels::AffineRows;

use crate::ComputeTarget;

pub use activation_rule::feature_difference;
pub use activation_rule::{ActivationRule, Gap};
pub use add::Add;
pub use batched::Batched;
pub use concat::Concat;
pub use conv::ChannelPlanes;
pub use conv::{Conv, Conv2d, Conv3d, ConvSpec};
pub(crate) use conv::{Direction, Spatial};
pub use elementwise_affine::ElementwiseAffine;
pub use interval::Interval;
pub use leaky_relu::LeakyRelu;
pub use linear::Linear;
pub use max_pool2d::{MaxPool2d, MaxPool2dSpec};
pub use rearrange::Rearrange;
pub(crate) use separable::AxisWeights;
pub use separable::Separable;

/// The affine pieces of an operation that the points chose.
///
/// The enum is exhaustive: algorithms on regions must handle every kind of piece.
#[derive(Clone, Debug)]
pub enum Piece {
    /// The operation has one piece.
    Affine,
    /// Signs, `[points, features]`: a unit is active if its entry is positive.
    Sign(Tensor<2>),
    /// Winners, `[points, channels, positions]`: the cell of the channel's plane with the maximum.
    Winner(Tensor<3, Int>),
}

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

/// Trait parent that keeps [`PiecewiseLinear`] sealed.
mod sealed {
    /// Implemented for the operations of [`Op`](super::Op) only.
    pub trait Sealed {}
}

/// An operation that is a maximum of affine pieces.
///
/// The trait is sealed: the operations in [`Op`] implement it, other crates cannot.
pub trait PiecewiseLinear: sealed::Sealed + Debug + Send + Sync {
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
fn only(inputs: Vec<Tensor<2>>) -> Tensor<2> {
    inputs.into_iter().next().expect("operations are built with their inputs")
}

/// A shape as text, such as `32x32x3`.
pub fn extents(shape: &[usize]) -> String {
    let extents: Vec<_> = shape.iter().map(ToString::to_string).collect();
    extents.join("x")
}

/// A window as text, such as `3x3, stride 2x2, padding 1x1, dilation 2x2`, without default values.
pub(crate) fn window(
    kernel: &[usize],
    stride: &[usize],
    padding: &[(usize, usize)],
    dilation: &[usize],
) -> String {
    let mut text = extents(kernel);
    if stride.iter().any(|&stride| stride != 1) {
        text += &format!(", stride {}", extents(stride));
    }
    if padding.iter().any(|&padding| padding != (0, 0)) {
        let side = |&(begin, end): &(usize, usize)| {
            if begin == end { format!("{begin}") } else { format!("{begin}-{end}") }
        };
        text += &format!(", padding {}", padding.iter().map(side).collect::<Vec<_>>().join("x"));
    }
    if dilation.iter().any(|&dilation| dilation != 1) {
        text += &format!(", dilation {}", extents(dilation));
    }
    text
}

macro_rules! ops {
    ($($op:ident),+ $(,)?) => {
        /// Any operation.
        #[derive(Clone, Debug)]
        #[allow(clippy::large_enum_variant)] // one per node
        #[non_exhaustive]
        pub enum Op {
            $(#[doc = concat!("See [`", stringify!($op), "`].")] $op($op),)+
        }

        $(impl sealed::Sealed for $op {}

        impl From<$op> for Op {
            fn from(op: $op) -> Self {
                Self::$op(op)
            }
        })+

        impl std::ops::Deref for Op {
            type Target = dyn PiecewiseLinear;

            fn deref(&self) -> &Self::Target {
                match self {
                    $(Self::$op(op) => op,)+
                }
            }
        }
    };
}

ops! {
    Add,
    Concat,
    Conv2d,
    Conv3d,
    ElementwiseAffine,
    Batched,
    LeakyRelu,
    Linear,
    MaxPool2d,
    Rearrange,
    Separable,
}
