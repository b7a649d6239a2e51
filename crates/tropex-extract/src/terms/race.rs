//! Maxima of many terms at many points, without a matrix of all points by all terms.

#[cfg(test)]
mod tests;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::assignment::Standings;
use super::block::{Side, TermBlock};
use super::contest::{Best, Contest, Ground};
use super::rounding::{ProductRounding, length};
use crate::kernels::visit_rows;
use crate::store::{Reference, Shard};
use crate::{Error, Placement};

/// Points and terms of one product: large enough for speed, small enough for the scores to stay in
/// cache.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blocks {
    pub(super) points: usize,
    pub(super) terms: usize,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { points: 512, terms: 1024 }
    }
}

/// What is asked about points.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    /// How many positive terms are wanted at every point.
    pub(super) top: usize,
    /// For every point the position in the store whose terms take no part.
    pub(super) without: Option<&'a [usize]>,
}

/// Points, and the best terms that were met so far.
pub(super) struct Race<'a> {
    points: &'a [f32],
    features: usize,
    /// The points on the device, as many in one as a product takes.
    tensors: Vec<Tensor<2>>,
    positive: Vec<Contest>,
    negative: Vec<Contest>,
    reference: Option<Reference>,
    blocks: Blocks,
    placement: &'a Placement,
    rounding: ProductRounding,
    /// Pairs of point and term.
    pairs: u64,
}

impl<'a> Race<'a> {
    /// `points` are `[points, features]`, row by row; `placement` is in f32.
    ///
    /// # Errors
    /// Points that are not finite numbers.
    pub(super) fn new(
        points: &'a [f32],
        features: usize,
        rules: Rules<'_>,
        blocks: Blocks,
        placement: &'a Placement,
    ) -> Result<Self, Error> {
        if let Some(index) = points.iter().position(|x| !x.is_finite()) {
            let what = format!("value {} of point {}", index % features, index / features);
            return Err(Error::shape(what, points[index], "a finite number"));
        }
        let tensor = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [values.len() / features, features]);
            placement.tensor(data)
        };
        let contests = |top| {
            let points = points.par_chunks_exact(features).enumerate();
            let contest = |(point, values): (usize, &[f32])| {
                Contest::new(length(values), top, rules.without.map(|without| without[point]))
            };
            points.map(contest).collect()
        };
        Ok(Self {
            points,
            features,
            tensors: points.chunks(blocks.points * features).map(tensor).collect(),
            positive: contests(rules.top),
            negative: contests(1),
            reference: None,
            blocks,
            placement,
            rounding: ProductRounding::of(placement.device()),
            pairs: 0,
        })
    }

    /// Memory that a point takes, about.
    pub(super) fn bytes_per_point(features: usize, top: usize) -> usize {
        2 * (features * size_of::<f32>() + size_of::<Contest>()) + (top + 1) * size_of::<Best>()
    }

    pub(super) fn standings(self) -> Standings {
        Standings::of(&self.positive, &self.negative, self.pairs)
    }

    /// Lets the terms of a shard compete. The terms of the first one say what all have in common.
    pub(super) fn enter(&mut self, shard: &Shard) {
        let reference = self.reference.take().unwrap_or_else(|| shard.mean_negative());
        for side in [Side::Positive, Side::Negative] {
            let ground = Ground { shard, side, reference: &reference };
            let count = (self.blocks.terms / side.per_point(shard)).max(1);
            for start in (0..shard.len()).step_by(count) {
                let terms = start..shard.len().min(start + count);
                let (placement, rounding) = (self.placement, self.rounding);
                let block = TermBlock::new(shard, side, terms, &reference, placement, rounding);
                self.pairs += (block.errors.len() * self.positive.len()) as u64;
                self.score(&block, ground);
            }
            self.settle(ground);
        }
        self.reference = Some(reference);
    }

    fn score(&mut self, block: &TermBlock, ground: Ground<'_>) {
        let (features, count) = (self.features, self.blocks.points);
        let contests = match ground.side {
            Side::Positive => &mut self.positive,
            Side::Negative => &mut self.negative,
        };
        let points = self.points.chunks(count * features);
        for ((tensor, points), contests) in
            self.tensors.iter().zip(points).zip(contests.chunks_mut(count))
        {
            let scores = block.coefficients.transposed_product(tensor.clone(), tensor.dims()[0]);
            let mut states: Vec<_> = contests.iter_mut().zip(points.chunks(features)).collect();
            visit_rows(
                scores,
                block.biases.clone(),
                &mut states,
                |(contest, _), peak| contest.is_open_to(block, peak),
                |(contest, point), scores| contest.enter(block, scores, ground, point),
            );
        }
    }

    fn settle(&mut self, ground: Ground<'_>) {
        let contests = match ground.side {
            Side::Positive => &mut self.positive,
            Side::Negative => &mut self.negative,
        };
        let points = self.points.par_chunks_exact(self.features);
        contests
            .par_iter_mut()
            .zip(points)
            .for_each(|(contest, point)| contest.settle(ground, point));
    }
}
