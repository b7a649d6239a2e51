//! Forward walk: values of points, and the piece that every unit chose.

use std::ops::Range;

use burn::tensor::{Element, Tensor, TensorData};

use super::Network;
use crate::Error;
use crate::ops::Piece;
use tropex_kernels as kernels;
use tropex_kernels::read;

/// What a replay leaves for the walks back.
#[derive(Clone, Debug)]
pub struct Trace {
    pieces: Vec<Piece>,
    logits: Tensor<2>,
}

impl Trace {
    /// The piece that a node chose.
    pub fn piece(&self, node: usize) -> &Piece {
        &self.pieces[node]
    }

    /// Logits `[points, classes]`.
    pub fn logits(&self) -> Tensor<2> {
        self.logits.clone()
    }

    /// Number of points.
    pub fn points(&self) -> usize {
        self.logits.dims()[0]
    }

    /// The same of some of the points.
    pub(crate) fn of_points(&self, points: Range<usize>) -> Self {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Affine => Piece::Affine,
            Piece::Sign(sign) => Piece::Sign(kernels::copy_rows(sign, points.clone())),
            Piece::Winner(winner) => Piece::Winner(kernels::copy_rows(winner, points.clone())),
        });
        Self { pieces: pieces.collect(), logits: kernels::copy_rows(&self.logits, points.clone()) }
    }

    /// The pieces that all nodes chose, and nothing else.
    pub(crate) fn into_pieces(self) -> Vec<Piece> {
        self.pieces
    }
}

impl Network {
    /// Computes the logits of points `[points, features]` and remembers the pieces.
    ///
    /// A value is dropped as soon as no later node reads it.
    pub fn replay(&self, points: Tensor<2>) -> Trace {
        let mut pieces = Vec::with_capacity(self.nodes.len());
        let logits = self.forward(points, |_, node, inputs| {
            let (output, piece) = node.op.forward(inputs);
            pieces.push(piece);
            output
        });
        Trace { pieces, logits }
    }

    /// Logits `[points, classes]` of points `[points, features]`, both row by row.
    ///
    /// # Errors
    /// No points, or values that are not whole points; a device that failed.
    pub fn logits<E: Element>(&self, points: &[E]) -> Result<Vec<f64>, Error> {
        Ok(read(self.replay(self.tensor(points)?).logits())?.iter().collect())
    }

    /// The class with the largest logit at points `[points, features]`, the first on ties.
    ///
    /// # Errors
    /// No points, or values that are not whole points; a device that failed.
    pub fn classify<E: Element>(&self, points: &[E]) -> Result<Vec<usize>, Error> {
        Ok(self.logits(points)?.chunks_exact(self.classes()).map(argmax).collect())
    }

    /// Points on the network's device, in its precision.
    pub fn tensor<E: Element>(&self, points: &[E]) -> Result<Tensor<2>, Error> {
        let shape = [self.count(points)?, self.features()];
        Ok(self.target.tensor(TensorData::new(points.to_vec(), shape)))
    }

    /// Number of points.
    pub fn count<E>(&self, points: &[E]) -> Result<usize, Error> {
        let features = self.features();
        if points.is_empty() || !points.len().is_multiple_of(features) {
            let expected = format!("a multiple of {features}, and at least that");
            return Err(Error::shape("values of the points", points.len(), expected));
        }
        Ok(points.len() / features)
    }
}

/// Position of the largest entry, the first on ties.
pub fn argmax(values: &[f64]) -> usize {
    let better = |best: usize, index| if values[index] > values[best] { index } else { best };
    (0..values.len()).fold(0, better)
}
