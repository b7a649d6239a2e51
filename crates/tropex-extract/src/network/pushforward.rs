//! Pushforward: the forward walk of directions.

use burn::tensor::Tensor;

use super::{Network, Trace};
use crate::ops::Piece;

/// Values of points and derivatives along directions.
#[derive(Clone, Debug)]
pub struct Jet {
    /// `[points, features]`
    pub values: Tensor<2>,
    /// `[groups * points, features]`, group by group: row `g * points + i` belongs to point `i`.
    pub derivatives: Tensor<2>,
}

/// A node in [`Network::inspect`].
#[derive(Debug)]
#[non_exhaustive]
pub struct Inspected<'a> {
    /// Index of the node, counted from 0.
    pub node: usize,
    /// Values and derivatives at the inputs.
    pub inputs: &'a [Jet],
    /// Values and derivatives at the output.
    pub output: &'a Jet,
    /// The pieces that the points chose.
    pub piece: &'a Piece,
}

impl Network {
    /// The derivatives of the logits along directions, in the regions of the replayed points.
    ///
    /// # Shapes
    /// - `directions`: `[groups * points, features]`, group by group, with one or more directions
    ///   per point
    /// - output: `[groups * points, classes]`
    pub fn pushforward(&self, trace: &Trace, directions: Tensor<2>) -> Tensor<2> {
        self.forward(directions, |index, node, inputs| {
            node.op.pushforward(inputs, trace.piece(index))
        })
    }

    /// Replays points together with directions and calls `visit` for every node. Returns values and
    /// derivatives of the logits. A value is dropped after its last reader.
    ///
    /// # Shapes
    /// - `points`: `[points, features]`
    /// - `directions`: `[groups * points, features]`
    pub fn inspect(
        &self,
        points: Tensor<2>,
        directions: Tensor<2>,
        mut visit: impl FnMut(Inspected<'_>),
    ) -> Jet {
        let input = Jet { values: points, derivatives: directions };
        self.forward(input, |index, node, inputs| {
            let values = inputs.iter().map(|jet| jet.values.clone()).collect();
            let (values, piece) = node.op.forward(values);
            let derivatives = inputs.iter().map(|jet| jet.derivatives.clone()).collect();
            let derivatives = node.op.pushforward(derivatives, &piece);
            let output = Jet { values, derivatives };
            visit(Inspected { node: index, inputs: &inputs, output: &output, piece: &piece });
            output
        })
    }
}
