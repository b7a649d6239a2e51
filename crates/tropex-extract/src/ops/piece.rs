//! The pieces that points choose.

use burn::tensor::{Int, Tensor};

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
