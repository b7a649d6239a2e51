//! Backward walk: coefficient rows from the logits to the input.

use burn::tensor::Tensor;

use crate::Network;
use crate::network::{Trace, ValueId};
use crate::ops::Piece;
use crate::rows::Rows;

/// Rows on their way back, through the pieces that a replay chose.
///
/// Nodes are taken in reverse order. A value that is read several times receives the sum of the
/// rows from all its readers; one that none of the rows reached has none.
pub(crate) struct Pullback<'a> {
    network: &'a Network,
    /// Rows that arrived at a value and did not leave it yet.
    rows: Vec<Option<Rows>>,
    /// At every value where its rows are read; everywhere, if nothing is known.
    gates: Vec<Option<Tensor<2>>>,
    biases: Tensor<2>,
    points: usize,
}

impl<'a> Pullback<'a> {
    /// Rows at the logits.
    pub(crate) fn from_logits(network: &'a Network, seeds: Rows) -> Self {
        let count = seeds.groups() * seeds.points();
        let biases = Tensor::zeros([count, 1], network.placement().options());
        let mut walk = Self::resumed(network, seeds.points(), biases);
        walk.put(network.output(), seeds);
        walk
    }

    /// A walk whose rows were put aside and are still to be [put](Self::put) back; `biases` are
    /// `[rows, 1]`.
    pub(crate) fn resumed(network: &'a Network, points: usize, biases: Tensor<2>) -> Self {
        let values = network.nodes().len() + 1;
        Self { network, rows: vec![None; values], gates: vec![None; values], biases, points }
    }

    /// The walk without what is dropped further down: rows that arrive at a value need not be right
    /// where no piece lets them through.
    pub(crate) fn gated(mut self, trace: &Trace) -> Self {
        for (index, node) in self.network.nodes().iter().enumerate() {
            let gates: Vec<_> =
                node.inputs().iter().map(|value| self.gates[value.index()].clone()).collect();
            self.gates[ValueId::of_node(index).index()] =
                node.op().gate(&gates, trace.piece(index));
        }
        self
    }

    /// Lets rows arrive at a value.
    pub(crate) fn put(&mut self, value: ValueId, rows: Rows) {
        let slot = &mut self.rows[value.index()];
        *slot = Some(Rows::sum(slot.take(), rows));
    }

    /// The rows that arrived at a value.
    pub(crate) fn at(&self, value: ValueId) -> Option<&Rows> {
        self.rows[value.index()].as_ref()
    }

    /// Takes rows from a node's output to its inputs, the shift `[1, features]` added to those of
    /// the last group, the negative term's.
    pub(crate) fn step(&mut self, node: usize, piece: &Piece, shift: Option<&Tensor<2>>) {
        let Some(at_output) = self.rows[ValueId::of_node(node).index()].take() else { return };
        let node = &self.network.nodes()[node];
        let gate = match node.inputs() {
            [value] => self.gates[value.index()].clone(),
            _ => None,
        };
        let pulled = node.op().pullback(at_output.with_shift(shift).with_gate(gate), piece);
        if let Some(offset) = pulled.offset {
            self.biases = self.biases.clone() + offset;
        }
        for (value, at_input) in node.inputs().iter().zip(pulled.rows) {
            self.put(*value, at_input);
        }
    }

    /// Biases `[rows, 1]`, and all rows that are still on their way.
    pub(crate) fn into_parts(self) -> (Tensor<2>, Vec<Option<Rows>>) {
        (self.biases, self.rows)
    }

    /// The end of the walk: coefficients `[rows, features]` at the input, shifted, and biases
    /// `[rows, 1]`.
    pub(crate) fn finish(mut self, shift: Option<&Tensor<2>>) -> (Tensor<2>, Tensor<2>) {
        let [count, _] = self.biases.dims();
        let shape = [count, self.network.features()];
        let rows = self.rows[ValueId::INPUT.index()].take().unwrap_or_else(|| {
            Rows::new(Tensor::zeros(shape, self.network.placement().options()), self.points)
        });
        (rows.with_shift(shift).into_tensor(), self.biases)
    }
}
