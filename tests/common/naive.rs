//! Affine steps and rearrangements as plain loops over the inputs of every output.

use super::plan::Step;
use super::plan::affine::loops as affine;
use super::plan::rearrange::loops as rearrange;

/// `W x + b`. Each row of `W` lists its features and their weights.
#[derive(Clone, Debug)]
pub(crate) struct Matrix {
    pub(crate) rows: Vec<Vec<(usize, f64)>>,
    pub(crate) offsets: Vec<f64>,
    pub(crate) inputs: usize,
}

impl Matrix {
    /// Adds up weights of equal features in a row.
    pub(crate) fn new(rows: Vec<(Vec<(usize, f64)>, f64)>, inputs: usize) -> Self {
        let (rows, offsets) = rows.into_iter().map(|(row, offset)| (merged(row), offset)).unzip();
        Self { rows, offsets, inputs }
    }

    /// `factor x + offset`, with a factor and an offset for every feature.
    pub(crate) fn diagonal(features: usize, at: impl Fn(usize) -> (f64, f64)) -> Self {
        let row = |index| {
            let (factor, offset) = at(index);
            (vec![(index, factor)], offset)
        };
        Self::new((0..features).map(row).collect(), features)
    }
}

fn merged(mut row: Vec<(usize, f64)>) -> Vec<(usize, f64)> {
    row.sort_by_key(|&(from, _)| from);
    row.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        earlier.1 += if same { later.1 } else { 0.0 };
        same
    });
    row.retain(|&(_, weight)| weight != 0.0);
    row
}

/// The matrix of a step on one point of a shape; `None` for steps that are not affine.
pub(crate) fn matrix(step: &Step, shape: &[usize]) -> Option<Matrix> {
    match step {
        Step::Affine(step) => Some(affine::matrix(step, shape)),
        Step::Rearrange(step) => Some(rearrange::matrix(step, shape)),
        Step::Maximum(_) | Step::Fork(_) | Step::Again { .. } => None,
    }
}

/// All positions in a shape, in row-major order.
pub(crate) fn positions(shape: &[usize]) -> Vec<Vec<usize>> {
    let mut found = vec![Vec::new()];
    for &extent in shape {
        let longer = |position: &Vec<usize>| {
            let position = position.clone();
            (0..extent).map(move |at| [position.as_slice(), &[at]].concat())
        };
        found = found.iter().flat_map(longer).collect();
    }
    found
}

/// The index of a position in row-major order.
pub(crate) fn flat(position: &[usize], shape: &[usize]) -> usize {
    position.iter().zip(shape).fold(0, |index, (at, extent)| index * extent + at)
}

/// The index of a position in row-major order. If an extent is 1, the position along its axis is
/// ignored.
pub(crate) fn broadcast(position: &[usize], extents: &[usize]) -> usize {
    let within = |(&at, &extent): (&usize, &usize)| if extent == 1 { 0 } else { at };
    let position: Vec<usize> = position.iter().zip(extents).map(within).collect();
    flat(&position, extents)
}
