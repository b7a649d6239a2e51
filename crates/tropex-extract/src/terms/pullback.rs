//! Pullback: the backward walk of coefficient rows from the logits to the input.

use burn::tensor::Tensor;
use tropex_kernels::AffineRows;

use crate::Network;
use crate::network::{Trace, ValueId};
use crate::ops::Piece;

/// Coefficient rows on their way from the logits to the input, through the pieces that a replay
/// recorded.
///
/// Nodes are visited in reverse order. A value with several readers receives the sum of the rows of
/// all readers. A value that no row reaches has no rows.
pub struct Pullback<'a> {
    network: &'a Network,
    /// The rows that have arrived at a value, by value.
    rows: Vec<Option<AffineRows>>,
    /// The active mask of a value, by value; `None` stands for all units.
    active: Vec<Option<Tensor<2>>>,
    biases: Tensor<2>,
    points: usize,
}

impl<'a> Pullback<'a> {
    /// A walk that starts with rows at the logits.
    ///
    /// # Shapes
    /// - `seeds`: `[groups * points, classes]`
    pub fn from_logits(network: &'a Network, seeds: AffineRows) -> Self {
        let count = seeds.groups() * seeds.points();
        let biases = Tensor::zeros([count, 1], network.target().options());
        let mut walk = Self::with_biases(network, seeds.points(), biases);
        walk.put(network.output(), seeds);
        walk
    }

    /// A walk without rows, which [`put`](Self::put) adds later.
    ///
    /// # Shapes
    /// - `biases`: `[groups * points, 1]`
    pub fn with_biases(network: &'a Network, points: usize, biases: Tensor<2>) -> Self {
        let values = network.nodes().len() + 1;
        Self { network, rows: vec![None; values], active: vec![None; values], biases, points }
    }

    /// Skips coefficients that a later step multiplies by zero: rows at a value may hold arbitrary
    /// numbers at units whose piece is zero.
    pub fn masked(mut self, trace: &Trace) -> Self {
        for (index, node) in self.network.nodes().iter().enumerate() {
            let masks: Vec<_> =
                node.inputs().iter().map(|value| self.active[value.index()].clone()).collect();
            self.active[ValueId::of_node(index).index()] =
                node.op().active_mask(&masks, trace.piece(index));
        }
        self
    }

    /// Adds rows to the rows of a value.
    pub fn put(&mut self, value: ValueId, rows: AffineRows) {
        let slot = &mut self.rows[value.index()];
        *slot = Some(AffineRows::sum(slot.take(), rows));
    }

    /// The rows that have arrived at a value.
    pub fn at(&self, value: ValueId) -> Option<&AffineRows> {
        self.rows[value.index()].as_ref()
    }

    /// Moves the rows of a node from its output to its inputs.
    ///
    /// # Shapes
    /// - `shift`: `[1, features]` at the output; it is added to the rows of the last group, which
    ///   belong to the negative term
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

    /// Biases `[rows, 1]` and the rows that have not reached the input, by value.
    pub fn into_parts(self) -> (Tensor<2>, Vec<Option<AffineRows>>) {
        (self.biases, self.rows)
    }

    /// Ends the walk: the shifted coefficients `[rows, features]` at the input and the biases
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
