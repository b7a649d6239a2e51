//! Rearrangement of features: permutation, selection, repetition, padding with zeros.

use burn::tensor::Tensor;
use tropex_kernels::{AffineRows, Columns, gather, scatter_add};

use super::{Interval, Op, Piece, PiecewiseLinear, PulledRows, only};
use crate::ComputeTarget;

/// Output feature `j` is input feature `source[j]`, or zero if `source[j]` is `None`. Examples are
/// permutations, slices, padding, expansion and unfolded windows.
#[derive(Clone, Debug)]
pub struct Rearrange {
    name: &'static str,
    /// Number of input features.
    inputs: usize,
    source: Columns,
    /// The output feature of each input feature; `None` if an input feature has several output
    /// features.
    inverse: Option<Columns>,
}

impl Rearrange {
    /// The rearrangement with a name for listings. Sources must be smaller than `inputs`.
    pub(crate) fn new(
        name: &'static str,
        inputs: usize,
        source: &[Option<usize>],
        target: &ComputeTarget,
    ) -> Self {
        let inverse = inverse(inputs, source).map(|inverse| Columns::new(&inverse, target));
        Self { name, inputs, source: Columns::new(source, target), inverse }
    }

    fn pull(&self, rows: Tensor<2>) -> Tensor<2> {
        match &self.inverse {
            Some(inverse) => gather(rows, inverse),
            None => scatter_add(rows, &self.source, self.inputs),
        }
    }
}

/// The output feature of each input feature; `None` if an input feature has several output
/// features.
fn inverse(inputs: usize, source: &[Option<usize>]) -> Option<Vec<Option<usize>>> {
    let mut target = vec![None; inputs];
    for (output, source) in source.iter().enumerate() {
        let Some(source) = *source else { continue };
        if target[source].replace(output).is_some() {
            return None;
        }
    }
    Some(target)
}

impl PiecewiseLinear for Rearrange {
    fn name(&self) -> &'static str {
        self.name
    }

    fn constants(&self) -> Vec<&[u8]> {
        vec![self.source.bytes()]
    }

    fn to_target(&self, target: &ComputeTarget) -> Op {
        let inverse = self.inverse.as_ref().map(|inverse| inverse.to_target(target));
        Self { source: self.source.to_target(target), inverse, ..self.clone() }.into()
    }

    fn map_constants(&self, _: &dyn Fn(f64) -> f64, target: &ComputeTarget) -> Op {
        self.to_target(target)
    }

    fn forward(&self, inputs: Vec<Tensor<2>>) -> (Tensor<2>, Piece) {
        (gather(only(inputs), &self.source), Piece::Affine)
    }

    fn pushforward(&self, directions: Vec<Tensor<2>>, _: &Piece) -> Tensor<2> {
        self.forward(directions).0
    }

    fn pullback(&self, rows: AffineRows, _: &Piece) -> PulledRows {
        PulledRows::one(rows.map(|rows| self.pull(rows)))
    }

    fn bound(&self, interval: Interval) -> Vec<Interval> {
        vec![interval.map(|rows| self.pull(rows))]
    }
}
