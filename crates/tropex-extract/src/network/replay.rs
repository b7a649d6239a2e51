//! Replay: the forward walk that records the pieces of every unit.

use std::ops::Range;

use burn::tensor::{Element, Tensor, TensorData};
use tropex_kernels::{self as kernels, ComputeTarget, read};

use super::Network;
use crate::Error;
use crate::ops::Piece;

/// The result of a replay: the chosen pieces and the logits.
#[derive(Clone, Debug)]
pub struct Trace {
    pieces: Vec<Piece>,
    logits: Tensor<2>,
}

impl Trace {
    /// The pieces that a node chose.
    pub fn piece(&self, node: usize) -> &Piece {
        &self.pieces[node]
    }

    /// The logits, `[points, classes]`.
    pub fn logits(&self) -> Tensor<2> {
        self.logits.clone()
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.logits.dims()[0]
    }

    /// The trace for the network [on another target](Network::to_target), with equal pieces.
    pub fn to_target(&self, target: &ComputeTarget) -> Self {
        let place = |tensor: Tensor<2>| target.tensor(tensor.into_data());
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Affine => Piece::Affine,
            // A small positive number may be zero in another precision.
            Piece::Sign(sign) => Piece::Sign(place(sign.clone().sign())),
            Piece::Winner(winner) => Piece::Winner(winner.clone().to_device(target.device())),
        });
        Self { pieces: pieces.collect(), logits: place(self.logits.clone()) }
    }

    /// The trace of a range of points.
    pub(crate) fn of_points(&self, points: Range<usize>) -> Self {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Affine => Piece::Affine,
            Piece::Sign(sign) => Piece::Sign(kernels::copy_rows(sign, points.clone())),
            Piece::Winner(winner) => Piece::Winner(kernels::copy_rows(winner, points.clone())),
        });
        Self { pieces: pieces.collect(), logits: kernels::copy_rows(&self.logits, points.clone()) }
    }

    /// The pieces of all nodes.
    pub(crate) fn into_pieces(self) -> Vec<Piece> {
        self.pieces
    }
}

impl Network {
    /// Computes the logits of points and records the pieces. A value is dropped after its last
    /// reader.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`
    pub fn replay(&self, points: Tensor<2>) -> Trace {
        let mut pieces = Vec::with_capacity(self.nodes.len());
        let logits = self.forward(points, |_, node, inputs| {
            let (output, piece) = node.op.forward(inputs);
            pieces.push(piece);
            output
        });
        Trace { pieces, logits }
    }

    /// The logits of points.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    /// - output: `[points, classes]`, row by row
    ///
    /// # Errors
    /// No points, or a number of values that is not a multiple of the features; a device that
    /// fails.
    pub fn logits<E: Element>(&self, points: &[E]) -> Result<Vec<f64>, Error> {
        Ok(read(self.replay(self.tensor(points)?).logits())?.iter().collect())
    }

    /// The class with the largest logit at each point; the first class wins a tie.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    /// - output: `[points]`
    ///
    /// # Errors
    /// No points, or a number of values that is not a multiple of the features; a device that
    /// fails.
    pub fn classify<E: Element>(&self, points: &[E]) -> Result<Vec<usize>, Error> {
        Ok(self.logits(points)?.chunks_exact(self.classes()).map(argmax).collect())
    }

    /// Points as a tensor on the network's device, in its precision.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`, row by row
    ///
    /// # Errors
    /// No points, or a number of values that is not a multiple of the features.
    pub fn tensor<E: Element>(&self, points: &[E]) -> Result<Tensor<2>, Error> {
        let shape = [self.count(points)?, self.features()];
        Ok(self.target.tensor(TensorData::new(points.to_vec(), shape)))
    }

    /// Number of points in a list of values, `[points, features]` row by row.
    ///
    /// # Errors
    /// No points, or a number of values that is not a multiple of the features.
    pub fn count<E>(&self, points: &[E]) -> Result<usize, Error> {
        let features = self.features();
        if points.is_empty() || !points.len().is_multiple_of(features) {
            let expected = format!("a multiple of {features}, and at least that");
            return Err(Error::shape("values of the points", points.len(), expected));
        }
        Ok(points.len() / features)
    }
}

/// Index of the largest entry; the first one wins a tie.
pub fn argmax(values: &[f64]) -> usize {
    let better = |best: usize, index| if values[index] > values[best] { index } else { best };
    (0..values.len()).fold(0, better)
}
