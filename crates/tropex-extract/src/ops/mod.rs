//! The operations of a network, one a file. Adding one is a file and a line in [`Op`].
//!
//! Every operation is a maximum of affine pieces, hence convex in its inputs. Values are
//! `[points, features]` with features in row-major order, so rearrangements that keep that order
//! (flatten, reshape) need no operation.

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

use crate::ComputeTarget;
use tropex_kernels::AffineRows;

pub use activation_rule::difference;
pub use activation_rule::{ActivationRule, Gap};
pub use add::Add;
pub use batched::Batched;
pub use concat::Concat;
pub use conv::Planes;
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

/// The affine piece that an operation chose at every point.
#[derive(Clone, Debug)]
pub enum Piece {
    /// There is only one.
    Affine,
    /// `[points, features]`: the unit is active where the entry is positive.
    Sign(Tensor<2>),
    /// `[points, channels, positions]`: where in its channel's plane each maximum was attained.
    Winner(Tensor<3, Int>),
}

/// Rows at the inputs of an operation, and what they leave behind.
#[derive(Debug)]
pub struct Pulled {
    /// One set of rows per input.
    pub rows: Vec<AffineRows>,
    /// `[rows, 1]`: the constant that the operation's own offset adds to each row's bias.
    pub offset: Option<Tensor<2>>,
}

impl Pulled {
    /// Rows at the only input of an operation without an offset.
    pub fn one(rows: AffineRows) -> Self {
        Self { rows: vec![rows], offset: None }
    }
}

/// An operation that is a maximum of affine pieces.
pub trait PiecewiseLinear: Debug + Send + Sync {
    /// Name of the operation in listings.
    fn name(&self) -> &'static str;

    /// What there is to know beyond the name and the shapes, such as kernel and stride.
    fn detail(&self) -> String {
        String::new()
    }

    /// Number of weights and offsets.
    fn parameters(&self) -> usize {
        0
    }

    /// Every constant, as bytes that are equal for equal constants.
    fn constants(&self) -> Vec<&[u8]> {
        Vec::new()
    }

    /// Whether there is more than one piece: then rows must not be negative at the output.
    fn is_maximum(&self) -> bool {
        false
    }

    /// How its `units` units choose their pieces, if any of them has more than one. A maximum that does
    /// not say so is taken for affine where regions end.
    fn activation_rule(&self, _units: usize) -> Option<ActivationRule> {
        None
    }

    /// The same operation with its constants elsewhere.
    fn to_target(&self, target: &ComputeTarget) -> Op;

    /// The operation with every weight, offset and slope replaced by what `change` makes of it.
    fn map_constants(&self, change: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op;

    /// Values `[points, features]` of the inputs to values of the output, and the piece chosen.
    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece);

    /// For every output at these inputs, the sum of the squares of the terms that it is the sum of: the
    /// square of the scale on which it is rounded. None if nothing is.
    fn squares(&self, _inputs: Vec<Tensor<2>>) -> Option<Tensor<2>> {
        None
    }

    /// The active mask at the output, `[points, features]`: an entry of a row there has an effect on the
    /// inputs only where the mask is positive. `masks` are those of the inputs. `None` if every entry has
    /// an effect.
    fn active_mask(&self, _masks: &[Option<Tensor<2>>], _piece: &Piece) -> Option<Tensor<2>> {
        None
    }

    /// Directions `[groups * points, features]` at every input to directions at the output, through
    /// the given piece of every point: `v` becomes `W v` where the piece is `W x + b`. Row
    /// `g * points + i` belongs to point `i`.
    fn pushforward(&self, directions: Vec<Tensor<2>>, piece: &Piece) -> Tensor<2>;

    /// Rows at the output to rows at every input, through the given piece: `B` becomes `B W`, and
    /// the offset is `B . b` where the piece is `W x + b`.
    fn pullback(&self, rows: AffineRows, piece: &Piece) -> Pulled;

    /// Bounds at the output to bounds at every input, valid for whatever piece.
    fn bound(&self, interval: Interval) -> Vec<Interval>;
}

/// The input of an operation that has one.
fn only(inputs: Vec<Tensor<2>>) -> Tensor<2> {
    inputs.into_iter().next().expect("operations are built with their inputs")
}

/// A shape as text, such as `32x32x3`.
pub fn extents(shape: &[usize]) -> String {
    let extents: Vec<_> = shape.iter().map(ToString::to_string).collect();
    extents.join("x")
}

/// `3x3, stride 2x2, padding 1x1, dilation 2x2`, without what is usual.
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
        #[allow(clippy::large_enum_variant)] // one a node
        pub enum Op {
            $(#[doc = concat!("See [`", stringify!($op), "`].")] $op($op),)+
        }

        $(impl From<$op> for Op {
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
