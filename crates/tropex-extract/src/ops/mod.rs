//! The operations of a network, one per file. A new operation needs a file and a line in `op.rs`.
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
mod op;
mod piece;
mod piecewise_linear;
mod rearrange;
mod separable;
mod shape_text;

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
pub use op::Op;
pub use piece::Piece;
use piecewise_linear::only;
pub use piecewise_linear::{PiecewiseLinear, PulledRows};
pub use rearrange::Rearrange;
pub(crate) use separable::AxisWeights;
pub use separable::Separable;
pub use shape_text::extents;
pub(crate) use shape_text::window;
