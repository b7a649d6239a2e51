//! Maxima of many terms at many points, without a matrix of all points by all terms.

use std::ops::Range;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::function::Assignment;
use crate::Placement;
use crate::kernels::row_maxima;
use crate::store::Shard;

/// Points and terms of one product: large enough for speed, small enough for the scores to stay in
/// cache.
const POINT_BLOCK: usize = 512;
const TERM_BLOCK: usize = 1024;

/// Points, and the best terms that were met so far.
pub(super) struct Race<'a> {
    points: &'a [f32],
    features: usize,
    blocks: Vec<Tensor<2>>,
    winners: Vec<Assignment>,
    placement: &'a Placement,
}

/// The best row of a shard at a point, by its score in the store's precision.
#[derive(Clone, Copy)]
struct Candidate {
    score: f64,
    row: usize,
}

impl<'a> Race<'a> {
    /// `points` are `[points, features]`, row by row.
    pub(super) fn new(points: &'a [f32], features: usize, placement: &'a Placement) -> Self {
        let block = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [values.len() / features, features]);
            placement.tensor(data)
        };
        let none = Assignment {
            class: 0,
            positive: 0,
            positive_value: f64::NEG_INFINITY,
            negative: 0,
            negative_value: f64::NEG_INFINITY,
        };
        Self {
            points,
            features,
            blocks: points.chunks(POINT_BLOCK * features).map(block).collect(),
            winners: vec![none; points.len() / features],
            placement,
        }
    }

    pub(super) fn into_winners(self) -> Vec<Assignment> {
        self.winners
    }

    /// Lets the terms of a shard compete. Products choose one candidate per point, and what it is
    /// worth is computed in f64.
    pub(super) fn enter(&mut self, shard: &Shard) {
        let none = Candidate { score: f64::NEG_INFINITY, row: 0 };
        let mut positive = vec![none; self.winners.len()];
        let mut negative = positive.clone();
        for start in (0..shard.len()).step_by(TERM_BLOCK) {
            let terms = start..shard.len().min(start + TERM_BLOCK);
            let block = TermBlock::new(shard, terms, self.placement);
            self.score(&block.positive, start * shard.per_point(), &mut positive);
            self.score(&block.negative, start, &mut negative);
        }
        let (points, features) = (self.points, self.features);
        let candidates = positive.into_par_iter().zip(negative);
        self.winners.par_iter_mut().zip(candidates).enumerate().for_each(
            |(index, (winner, (positive, negative)))| {
                let point = &points[index * features..][..features];
                offer_positive(winner, shard, positive.row, point);
                offer_negative(winner, shard, negative.row, point);
            },
        );
    }

    fn score(&self, terms: &Affine, first_row: usize, best: &mut [Candidate]) {
        for (points, best) in self.blocks.iter().zip(best.chunks_mut(POINT_BLOCK)) {
            let scores = points.clone().matmul(terms.coefficients.clone().transpose());
            let (scores, columns) = row_maxima(scores, terms.biases.clone());
            for ((score, column), best) in scores.into_iter().zip(columns).zip(best) {
                if score > best.score {
                    *best = Candidate { score, row: first_row + column };
                }
            }
        }
    }
}

fn offer_positive(winner: &mut Assignment, shard: &Shard, row: usize, point: &[f32]) {
    let (term, slot) = (row / shard.per_point(), row % shard.per_point());
    let value = shard.positive(term, slot).at(point).value;
    if value > winner.positive_value {
        winner.positive_value = value;
        winner.positive = shard.first + term;
        winner.class = shard.class_of(term, slot);
    }
}

fn offer_negative(winner: &mut Assignment, shard: &Shard, term: usize, point: &[f32]) {
    let value = shard.negative(term).at(point).value;
    if value > winner.negative_value {
        winner.negative_value = value;
        winner.negative = shard.first + term;
    }
}

/// Affine functions side by side.
struct Affine {
    /// `[rows, features]`
    coefficients: Tensor<2>,
    /// `[1, rows]`
    biases: Tensor<2>,
}

/// Consecutive terms of a shard, on the device.
struct TermBlock {
    positive: Affine,
    negative: Affine,
}

impl TermBlock {
    fn new(shard: &Shard, terms: Range<usize>, placement: &Placement) -> Self {
        let (per_point, features) = (shard.per_point(), shard.features());
        let linear = |data: &TensorData, width: usize| {
            let rows = part(data, terms.start * per_point * width..terms.end * per_point * width);
            placement.tensor::<1>(rows).reshape([terms.len(), per_point, width])
        };
        let negative = |data: &TensorData, width: usize| {
            let rows = part(data, terms.start * width..terms.end * width);
            placement.tensor::<1>(rows).reshape([terms.len(), 1, width])
        };
        let coefficients = negative(&shard.negative_coefficients, features);
        let biases = negative(&shard.negative_bias, 1);
        let rows = terms.len() * per_point;
        Self {
            positive: Affine {
                coefficients: (linear(&shard.linear_coefficients, features) + coefficients.clone())
                    .reshape([rows, features]),
                biases: (linear(&shard.linear_bias, 1) + biases.clone()).reshape([1, rows]),
            },
            negative: Affine {
                coefficients: coefficients.reshape([terms.len(), features]),
                biases: biases.reshape([1, terms.len()]),
            },
        }
    }
}

/// Entries of a flat range.
fn part(data: &TensorData, span: Range<usize>) -> TensorData {
    let count = span.len();
    match data.as_slice::<f32>() {
        Ok(numbers) => TensorData::new(numbers[span].to_vec(), [count]),
        Err(_) => {
            let numbers = data.as_slice::<f64>().map_or(Vec::new(), |n| n[span].to_vec());
            TensorData::new(numbers, [count])
        }
    }
}
