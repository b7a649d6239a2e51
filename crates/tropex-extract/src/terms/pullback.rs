//! Backward walk: coefficient rows from the logits to the input.

use burn::tensor::Tensor;

use super::gauge::Shifts;
use crate::Network;
use crate::network::{Trace, ValueId};
use crate::rows::Rows;

/// Rows at the input and their biases.
pub(super) struct Pulled {
    /// `[rows, features]`
    pub(super) coefficients: Tensor<2>,
    /// `[rows, 1]`
    pub(super) biases: Tensor<2>,
}

/// Pulls rows at the logits back to the input, through the pieces that a replay chose.
///
/// With shifts the last group of rows is the negative term. A value that is read several times
/// receives the sum of the rows from all its readers; a value that none of the rows reached is
/// passed over.
pub(super) fn pullback(
    network: &Network,
    trace: &Trace,
    seeds: Rows,
    shifts: Option<&Shifts>,
) -> Pulled {
    let points = seeds.points();
    let count = seeds.groups() * points;
    let options = network.placement().options();
    let mut biases = Tensor::zeros([count, 1], options);
    let mut rows: Vec<Option<Rows>> = vec![None; network.nodes().len() + 1];
    rows[network.output().index()] = Some(seeds);
    for (index, node) in network.nodes().iter().enumerate().rev() {
        let Some(at_output) = rows[ValueId::of_node(index).index()].take() else { continue };
        let shift = shifts.and_then(|shifts| shifts.at_node(index));
        let pulled = node.op().pullback(at_output.with_shift(shift), trace.piece(index));
        if let Some(offset) = pulled.offset {
            biases = biases + offset;
        }
        for (value, at_input) in node.inputs().iter().zip(pulled.rows) {
            let slot = &mut rows[value.index()];
            *slot = Some(match slot.take() {
                None => at_input,
                Some(other) => other.add(at_input),
            });
        }
    }
    let at_input = rows[ValueId::INPUT.index()]
        .take()
        .unwrap_or_else(|| Rows::new(Tensor::zeros([count, network.features()], options), points));
    let shift = shifts.and_then(Shifts::at_input);
    Pulled { coefficients: at_input.with_shift(shift).into_tensor(), biases }
}
