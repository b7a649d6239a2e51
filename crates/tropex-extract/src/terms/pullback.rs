//! Backward walk: coefficient rows from the logits to the input.

use burn::tensor::Tensor;

use crate::Network;
use crate::network::{Trace, ValueId};
use crate::ops::Piece;
use tropex_kernels::AffineRows;

/// Rows on their way back, through the pieces that a replay chose.
///
/// Nodes are taken in reverse order. A value that is read several times receives the sum of the
/// rows from all its readers; one that none of the rows reached has none.
pub struct Pullback<'a> {
    network: &'a Network,
    /// Rows that arrived at a value and did not leave it yet.
    rows: Vec<Option<AffineRows>>,
    /// At every value where its rows are read; everywhere, if nothing is known.
    active: Vec<Option<Tensor<2>>>,
    biases: Tensor<2>,
    points: usize,
}

impl<'a> Pullback<'a> {
    /// Rows at the logits.
    pub fn from_logits(network: &'a Network, seeds: AffineRows) -> Self {
        let count = seeds.groups() * seeds.points();
        let biases = Tensor::zeros([count, 1], network.target().options());
        let mut walk = Self::with_biases(network, seeds.points(), biases);
        walk.put(network.output(), seeds);
        walk
    }

    /// A walk whose rows were put aside and are still to be [put](Self::put) back; `biases` are
    /// `[rows, 1]`.
    pub fn with_biases(network: &'a Network, points: usize, biases: Tensor<2>) -> Self {
        let values = network.nodes().len() + 1;
        Self { network, rows: vec![None; values], active: vec![None; values], biases, points }
    }

    /// The walk without what is dropped further down: rows that arrive at a value need not be right
    /// where no piece lets them through.
    pub fn masked(mut self, trace: &Trace) -> Self {
        for (index, node) in self.network.nodes().iter().enumerate() {
            let masks: Vec<_> =
                node.inputs().iter().map(|value| self.active[value.index()].clone()).collect();
            self.active[ValueId::of_node(index).index()] =
                node.op().active_mask(&masks, trace.piece(index));
        }
        self
    }

    /// Lets rows arrive at a value.
    pub fn put(&mut self, value: ValueId, rows: AffineRows) {
        let slot = &mut self.rows[value.index()];
        *slot = Some(AffineRows::sum(slot.take(), rows));
    }

    /// The rows that arrived at a value.
    pub fn at(&self, value: ValueId) -> Option<&AffineRows> {
        self.rows[value.index()].as_ref()
    }

    /// Takes rows from a node's output to its inputs, the shift `[1, features]` added to those of
    /// the last group, the negative term's.
    pub fn step(&mut self, node: usize, piece: &Piece, shift: Option<&Tensor<2>>) {
        let Some(at_output) = self.rows[ValueId::of_node(node).index()].take() else { return };
        let node = &self.network.nodes()[node];
        let active = match node.inputs() {
            [value] => self.active[value.index()].clone(),
            _ => None,
        };
        let pulled =
            node.op().pullback(at_output.with_shift(shift).with_active_mask(active), piece);
        if let Some(offset) = pulled.offset {
            self.biases = self.biases.clone() + offset;
        }
        for (value, at_input) in node.inputs().iter().zip(pulled.rows) {
            self.put(*value, at_input);
        }
    }

    /// Biases `[rows, 1]`, and all rows that are still on their way.
    pub fn into_parts(self) -> (Tensor<2>, Vec<Option<AffineRows>>) {
        (self.biases, self.rows)
    }

    /// The end of the walk: coefficients `[rows, features]` at the input, shifted, and biases
    /// `[rows, 1]`.
    pub fn finish(mut self, shift: Option<&Tensor<2>>) -> (Tensor<2>, Tensor<2>) {
        let [count, _] = self.biases.dims();
        let shape = [count, self.network.features()];
        let rows = self.rows[ValueId::INPUT.index()].take().unwrap_or_else(|| {
            AffineRows::new(Tensor::zeros(shape, self.network.target().options()), self.points)
        });
        (rows.with_shift(shift).into_tensor(), self.biases)
    }
}
