//! Norms of the coefficient rows of all units at a point, column by column.
//!
//! The derivatives of all values along one input are a column of their coefficient rows. One
//! forward pass gives a column of the rows of all units. The passes of neighbouring inputs share
//! the zeros of units that do not see these inputs, which the kernels skip. The passes are in f32:
//! the norms only rule out sides, and exact rows decide about the others.

use std::ops::{ControlFlow, Range};

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use crate::pattern::layout::PatternLayout;
use tropex_extract::Network;
use tropex_extract::network::Trace;
use tropex_extract::ops::Gap;
use tropex_kernels::Cancelled;

/// Largest number of entries in a batch: columns times features of the widest value. `vgg` took
/// 24 % less time with 32 columns (2^20 entries) than with 512, on two cores with AVX-512.
const BATCH: usize = 1 << 20;

/// Features of a value that one task adds up.
const CHUNK: usize = 1 << 10;

/// Three norms of some rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RowNorms {
    /// The sums of absolute values.
    pub(super) sum: Vec<f64>,
    /// The Euclidean norms; the sums of squares while columns are added.
    pub(super) length: Vec<f64>,
    /// The largest absolute values.
    pub(super) largest: Vec<f64>,
}

/// Norms of the rows of a network at a point, by node.
pub(super) struct ColumnNorms {
    /// The rows of all features of a node's output; `None` for a node with several pieces.
    pub(super) outputs: Vec<Option<RowNorms>>,
    /// The rows of the gaps between two features of a node's input, in the order of the gaps.
    /// `None` for a node whose gaps are single features.
    pub(super) differences: Vec<Option<RowNorms>>,
}

impl ColumnNorms {
    /// The norms at the point of a trace, by a network in f32. `gaps` are the gaps of every node,
    /// and `progress` receives the number of inputs that are done.
    pub(super) fn new(
        network: &Network,
        layout: &PatternLayout,
        trace: &Trace,
        gaps: &[Vec<Gap>],
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Self, Cancelled> {
        let pairs: Vec<Vec<[usize; 2]>> = gaps.iter().map(|gaps| pairs(gaps)).collect();
        let is_affine = |index: usize| layout.at(index).is_none();
        let output = |(index, node): (usize, &tropex_extract::network::Node)| {
            is_affine(index).then(|| RowNorms::zeros(node.shape().iter().product()))
        };
        let difference =
            |pairs: &Vec<[usize; 2]>| (!pairs.is_empty()).then(|| RowNorms::zeros(pairs.len()));
        let mut norms = Self {
            outputs: network.nodes().iter().enumerate().map(output).collect(),
            differences: pairs.iter().map(difference).collect(),
        };
        let features = network.features();
        let batch = (BATCH / network.widest().max(1)).clamp(1, features.max(1));
        for first in (0..features).step_by(batch) {
            let inputs = first..(first + batch).min(features);
            norms.add(network, trace, &pairs, inputs.clone());
            Cancelled::check(progress(inputs.end))?;
        }
        let all = norms.outputs.iter_mut().chain(&mut norms.differences).flatten();
        all.flat_map(|norms| &mut norms.length).for_each(|squares| *squares = squares.sqrt());
        Ok(norms)
    }

    /// Adds the columns of some inputs.
    fn add(
        &mut self,
        network: &Network,
        trace: &Trace,
        pairs: &[Vec<[usize; 2]>],
        inputs: Range<usize>,
    ) {
        network.forward(unit_vectors(network, inputs), |index, node, directions| {
            if let Some(norms) = &mut self.differences[index] {
                let rows = columns(directions[0].clone());
                let width = network.shape(node.inputs()[0]).iter().product();
                norms.add_differences(&rows, width, &pairs[index]);
            }
            let output = node.op().pushforward(directions, trace.piece(index));
            if let Some(norms) = &mut self.outputs[index] {
                norms.add_columns(&columns(output.clone()));
            }
            output
        });
    }
}

/// The numbers of an f32 tensor, row by row.
fn columns(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_into_vec().expect("columns are computed in f32")
}

/// The gaps between two features. Gaps of one feature have the norms of this feature.
fn pairs(gaps: &[Gap]) -> Vec<[usize; 2]> {
    gaps.iter().filter_map(|gap| Some([gap.above?, gap.below?])).collect()
}

/// The unit vectors of some inputs, `[inputs, features]`.
fn unit_vectors(network: &Network, inputs: Range<usize>) -> Tensor<2> {
    let shape = [inputs.len(), network.features()];
    let mut vectors = vec![0.0; shape[0] * shape[1]];
    let rows = vectors.chunks_exact_mut(shape[1]);
    inputs.zip(rows).for_each(|(input, row)| row[input] = 1.0);
    network.target().tensor(TensorData::new(vectors, shape))
}

impl RowNorms {
    fn zeros(rows: usize) -> Self {
        Self { sum: vec![0.0; rows], length: vec![0.0; rows], largest: vec![0.0; rows] }
    }

    /// Adds columns `[columns, rows]`.
    fn add_columns(&mut self, columns: &[f32]) {
        let rows = self.sum.len();
        self.add(|part, chunk| {
            for column in columns.chunks_exact(rows) {
                chunk.add(column[part.clone()].iter().map(|&value| f64::from(value)));
            }
        });
    }

    /// Adds the differences of pairs of features in columns `[columns, width]`.
    fn add_differences(&mut self, columns: &[f32], width: usize, pairs: &[[usize; 2]]) {
        self.add(|part, chunk| {
            for column in columns.chunks_exact(width) {
                let pairs = pairs[part.clone()].iter();
                chunk
                    .add(pairs.map(|&[above, below]| {
                        f64::from(column[above]) - f64::from(column[below])
                    }));
            }
        });
    }

    /// Calls `visit` with parts of the rows and their norms, on all cores.
    fn add(&mut self, visit: impl Fn(Range<usize>, &mut NormChunk<'_>) + Sync) {
        let rows = self.sum.len();
        let lengths = self.length.par_chunks_mut(CHUNK).zip(self.largest.par_chunks_mut(CHUNK));
        let parts = self.sum.par_chunks_mut(CHUNK).zip(lengths).enumerate();
        parts.for_each(|(part, (sum, (squares, largest)))| {
            let first = part * CHUNK;
            let part = first..rows.min(first + CHUNK);
            visit(part, &mut NormChunk { sum, squares, largest });
        });
    }
}

/// The norms of a part of the rows.
struct NormChunk<'a> {
    sum: &'a mut [f64],
    squares: &'a mut [f64],
    largest: &'a mut [f64],
}

impl NormChunk<'_> {
    /// Adds one coefficient of each row.
    fn add(&mut self, coefficients: impl Iterator<Item = f64>) {
        let norms = self.sum.iter_mut().zip(&mut *self.squares).zip(&mut *self.largest);
        for (((sum, squares), largest), coefficient) in norms.zip(coefficients) {
            let size = coefficient.abs();
            *sum += size;
            *squares += size * size;
            *largest = if size > *largest { size } else { *largest };
        }
    }
}
