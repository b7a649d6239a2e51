//! Transposition of the constant matrices of `Gemm`, once instead of in every run.

use std::collections::HashMap;
use std::sync::Arc;

use crate::constant::HostTensor;
use crate::graph::{OnnxNode, ValueIndex};
use crate::run::Program;

impl Program {
    /// Transposes the constant matrices of `Gemm`, which then are parameters in Burn's layout.
    /// PyTorch exports its linear layers with transposed matrices.
    pub(crate) fn transpose_weights(&mut self) {
        let mut readers: HashMap<ValueIndex, usize> = HashMap::new();
        for slot in self.nodes.iter().flat_map(|node| node.inputs.iter().flatten()) {
            *readers.entry(*slot).or_default() += 1;
        }
        for node in &mut self.nodes {
            let Some(slot) = transposed_weight(node) else { continue };
            let Some(constant) = self.constants.get_mut(&slot) else { continue };
            if let (Some(1), Some(transposed)) = (readers.get(&slot), transposed(constant)) {
                *constant = Arc::new(transposed);
                node.attributes.clear("transB");
            }
        }
    }
}

/// The second matrix of a `Gemm` with `transB`.
fn transposed_weight(node: &OnnxNode) -> Option<ValueIndex> {
    let is_gemm = node.operator == "Gemm" && node.domain.is_empty();
    let slot = node.inputs.get(1).copied().flatten()?;
    (is_gemm && node.attributes.is_set("transB")).then_some(slot)
}

fn transposed(matrix: &HostTensor) -> Option<HostTensor> {
    let &[rows, columns] = &matrix.shape[..] else { return None };
    let column = |column: usize| (0..rows).map(move |row| matrix.numbers[row * columns + column]);
    let numbers = (0..columns).flat_map(column).collect();
    Some(HostTensor::new(vec![columns, rows], numbers, matrix.kind))
}
