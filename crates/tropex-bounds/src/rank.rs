//! Ranks of trained weights.

use burn::tensor::TensorData;
use rayon::prelude::*;

use crate::BoundError;
use crate::deadline::Deadline;
use tropex_extract::Network;
use tropex_extract::ops::Op;

/// Upper bounds of the ranks of the affine maps before the hidden layers, in the order of
/// execution.
///
/// The rank of a product is at most the rank of each factor. The rank of a convolution is at most
/// the rank of its kernels times the number of its positions.
pub(super) fn ranks(network: &Network, deadline: &Deadline) -> Result<Vec<usize>, BoundError> {
    let mut ranks = Vec::new();
    let mut rank = network.features();
    for node in network.nodes() {
        if let Some(of_op) = rank_of(node.op(), deadline)? {
            rank = rank.min(of_op);
        }
        let features = node.shape().iter().product();
        if node.op().is_maximum() {
            ranks.push(std::mem::replace(&mut rank, features));
        } else {
            rank = rank.min(features);
        }
    }
    Ok(ranks)
}

/// Upper bound of the rank of the weights of an operation. `None` without weights.
fn rank_of(op: &Op, deadline: &Deadline) -> Result<Option<usize>, BoundError> {
    Ok(match op {
        Op::Linear(linear) => {
            let [_, width] = linear.extents();
            let weight: Vec<f64> = linear.weight().iter().collect();
            Some(rank(rows(&weight, width), deadline)?)
        }
        Op::Conv2d(conv) => {
            Some(kernel_rank(conv.weight(), conv.spec().groups, deadline)? * conv.windows())
        }
        Op::Conv3d(conv) => {
            Some(kernel_rank(conv.weight(), conv.spec().groups, deadline)? * conv.windows())
        }
        Op::Batched(each) => rank_of(each.op(), deadline)?.map(|rank| rank * each.pieces()),
        _ => None,
    })
}

/// Sum over the groups of the ranks of their kernels, each a row of a matrix.
fn kernel_rank(
    weight: &TensorData,
    groups: usize,
    deadline: &Deadline,
) -> Result<usize, BoundError> {
    let values: Vec<f64> = weight.iter().collect();
    let filters = weight.shape()[0];
    let width = values.len() / filters;
    let groups = values.chunks_exact(filters / groups * width);
    groups.map(|group| rank(rows(group, width), deadline)).sum()
}

fn rows(values: &[f64], width: usize) -> Vec<Vec<f64>> {
    values.chunks_exact(width).map(<[f64]>::to_vec).collect()
}

/// Rank by Gaussian elimination with complete pivoting, in `O(rows * columns * rank)`. A pivot
/// counts as zero up to `max(rows, columns) * epsilon` times the largest entry, with the epsilon of
/// f64.
fn rank(mut rows: Vec<Vec<f64>>, deadline: &Deadline) -> Result<usize, BoundError> {
    let columns = rows.first().map_or(0, Vec::len);
    deadline.expect(rows.len().min(columns));
    let mut largest = rows.iter().map(|row| largest_entry(row)).collect::<Vec<_>>();
    let scale = largest.iter().fold(0.0, |scale: f64, (value, _)| scale.max(*value));
    let tolerance = scale * rows.len().max(columns) as f64 * f64::EPSILON;
    let mut rank = 0;
    while let Some(at) = (0..rows.len()).max_by(|&a, &b| largest[a].0.total_cmp(&largest[b].0)) {
        let (value, column) = largest[at];
        if value <= tolerance {
            break;
        }
        deadline.step()?;
        rank += 1;
        let mut pivot = rows.swap_remove(at);
        largest.swap_remove(at);
        let head = pivot.swap_remove(column);
        rows.par_iter_mut().zip(&mut largest).for_each(|(row, largest)| {
            let factor = row.swap_remove(column) / head;
            row.iter_mut().zip(&pivot).for_each(|(entry, pivot)| *entry -= factor * pivot);
            *largest = largest_entry(row);
        });
    }
    Ok(rank)
}

/// The largest absolute value of a row and its position. Zero for a row without entries.
fn largest_entry(row: &[f64]) -> (f64, usize) {
    let entries = row.iter().map(|entry| entry.abs()).zip(0..);
    entries.fold((0.0, 0), |best, entry| if entry.0 > best.0 { entry } else { best })
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use rand::{Rng, RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn random(rows: usize, columns: usize, generator: &mut impl Rng) -> Vec<Vec<f64>> {
        let row = |generator: &mut _| {
            (0..columns).map(|_| RngExt::random_range(generator, -1.0..1.0)).collect()
        };
        (0..rows).map(|_| row(generator)).collect()
    }

    fn product(left: &[Vec<f64>], right: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let dot = |row: &[f64], column: usize| {
            row.iter().zip(right).map(|(a, line)| a * line[column]).sum::<f64>()
        };
        let row = |row: &Vec<f64>| (0..right[0].len()).map(|column| dot(row, column)).collect();
        left.iter().map(row).collect()
    }

    #[test]
    fn a_product_of_random_factors_has_the_rank_of_its_inner_dimension() {
        let deadline = Deadline::new(None, &|_, _| ControlFlow::Continue(()));
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        for (height, middle, width) in [(1, 1, 1), (5, 3, 7), (30, 1, 20), (20, 19, 40), (9, 9, 9)]
        {
            let (left, right) =
                (random(height, middle, &mut generator), random(middle, width, &mut generator));
            assert_eq!(rank(product(&left, &right), &deadline), Ok(middle));
        }
        assert_eq!(rank(vec![vec![0.0; 4]; 3], &deadline), Ok(0));
        assert_eq!(rank(vec![vec![1e-30, 0.0], vec![0.0, 1e-30]], &deadline), Ok(2));
        assert_eq!(rank(vec![vec![1.0, 0.0], vec![0.0, 1e-17]], &deadline), Ok(1));
    }
}
