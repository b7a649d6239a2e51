//! Forward walk of directions: how values change when points move.

use burn::tensor::Tensor;

use super::{Network, Trace};
use crate::ops::Piece;

/// Values of points, and their derivatives along directions.
#[derive(Clone, Debug)]
pub struct Jet {
    /// `[points, features]`
    pub values: Tensor<2>,
    /// `[groups * points, features]`, group by group: row `g * points + i` belongs to point `i`.
    pub derivatives: Tensor<2>,
}

/// A node as [`Network::inspect`] meets it.
#[derive(Debug)]
pub struct Inspected<'a> {
    /// Its number, counted from 0.
    pub node: usize,
    /// What it reads.
    pub inputs: &'a [Jet],
    /// What it makes of it.
    pub output: &'a Jet,
    /// The piece that it chose.
    pub piece: &'a Piece,
}

impl Network {
    /// The derivatives `[groups * points, classes]` of the logits along directions
    /// `[groups * points, features]`, in the regions that a replay of points went through: one
    /// direction for every point, or several, group by group.
    pub fn pushforward(&self, trace: &Trace, directions: Tensor<2>) -> Tensor<2> {
        self.forward(directions, |index, node, inputs| {
            node.op.pushforward(inputs, trace.piece(index))
        })
    }

    /// Replays points `[points, features]` together with directions `[groups * points, features]`
    /// and shows every node with its values and derivatives. Returns those of the logits.
    ///
    /// Memory stays bounded: what no later node reads is dropped, pieces included.
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
