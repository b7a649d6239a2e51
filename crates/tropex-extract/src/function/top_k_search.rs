//! Top-k search: the largest terms at many points, without the matrix of all points by all terms.

#[cfg(test)]
mod tests;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;
use tropex_kernels::visit_rows;

use super::ranking::Ranking;
use super::rounding::{ProductRounding, length};
use super::score_block::{Polynomial, ScoreBlock};
use super::top_k::{ExactTerm, RowContext, TopK};
use crate::terms::{ReferenceTerm, TermTable};
use crate::{ComputeTarget, Error};

/// Points and terms of one product. Large blocks use the kernel well; the scores of a block must
/// fit in the cache.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockSizes {
    pub(super) points: usize,
    pub(super) terms: usize,
}

impl Default for BlockSizes {
    fn default() -> Self {
        Self { points: 512, terms: 1024 }
    }
}

/// The request of a search.
#[derive(Clone, Copy, Debug)]
pub(super) struct SearchRequest<'a> {
    /// Number of positive terms to find at every point.
    pub(super) top: usize,
    /// Position in the store whose terms are excluded, for every point.
    pub(super) without: Option<&'a [usize]>,
}

/// Points and the largest terms found so far.
pub(super) struct TopKSearch<'a> {
    points: &'a [f32],
    features: usize,
    /// The points on the device, one tensor per product.
    tensors: Vec<Tensor<2>>,
    positive: Vec<TopK>,
    negative: Vec<TopK>,
    reference: Option<ReferenceTerm>,
    blocks: BlockSizes,
    target: &'a ComputeTarget,
    rounding: ProductRounding,
    /// Number of compared pairs of a point and a term.
    pairs: u64,
}

impl<'a> TopKSearch<'a> {
    /// `points` are `[points, features]`, row by row. `target` has the precision `f32`.
    ///
    /// # Errors
    /// A value that is not finite.
    pub(super) fn new(
        points: &'a [f32],
        features: usize,
        request: SearchRequest<'_>,
        blocks: BlockSizes,
        target: &'a ComputeTarget,
    ) -> Result<Self, Error> {
        if let Some(index) = points.iter().position(|x| !x.is_finite()) {
            let what = format!("value {} of point {}", index % features, index / features);
            return Err(Error::shape(what, points[index], "a finite number"));
        }
        let tensor = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [values.len() / features, features]);
            target.tensor(data)
        };
        let searches = |top| {
            let points = points.par_chunks_exact(features).enumerate();
            let top_k = |(point, values): (usize, &[f32])| {
                TopK::new(length(values), top, request.without.map(|without| without[point]))
            };
            points.map(top_k).collect()
        };
        Ok(Self {
            points,
            features,
            tensors: points.chunks(blocks.points * features).map(tensor).collect(),
            positive: searches(request.top),
            negative: searches(1),
            reference: None,
            blocks,
            target,
            rounding: ProductRounding::of(target.device()),
            pairs: 0,
        })
    }

    /// Memory per point, in bytes, approximately.
    pub(super) fn bytes_per_point(features: usize, top: usize) -> usize {
        2 * (features * size_of::<f32>() + size_of::<TopK>()) + (top + 1) * size_of::<ExactTerm>()
    }

    pub(super) fn ranking(self) -> Ranking {
        Ranking::of(&self.positive, &self.negative, self.pairs)
    }

    /// Compares the terms of a table. The first table determines the reference.
    pub(super) fn add_table(&mut self, table: &TermTable) {
        let reference = self.reference.take().unwrap_or_else(|| table.mean_negative());
        for polynomial in [Polynomial::Positive, Polynomial::Negative] {
            let context = RowContext { table, polynomial, reference: &reference };
            let count = (self.blocks.terms / polynomial.per_point(table)).max(1);
            for start in (0..table.len()).step_by(count) {
                let terms = start..table.len().min(start + count);
                let (target, rounding) = (self.target, self.rounding);
                let block = ScoreBlock::new(table, polynomial, terms, &reference, target, rounding);
                self.pairs += (block.errors.len() * self.positive.len()) as u64;
                self.add_block(&block, context);
            }
            self.resolve_exact(context);
        }
        self.reference = Some(reference);
    }

    fn add_block(&mut self, block: &ScoreBlock, context: RowContext<'_>) {
        let (features, count) = (self.features, self.blocks.points);
        let searches = match context.polynomial {
            Polynomial::Positive => &mut self.positive,
            Polynomial::Negative => &mut self.negative,
        };
        let points = self.points.chunks(count * features);
        for ((tensor, points), searches) in
            self.tensors.iter().zip(points).zip(searches.chunks_mut(count))
        {
            let scores = block.coefficients.transposed_product(tensor.clone(), tensor.dims()[0]);
            let mut states: Vec<_> = searches.iter_mut().zip(points.chunks(features)).collect();
            visit_rows(
                scores,
                block.biases.clone(),
                &mut states,
                |(top_k, _), peak| top_k.may_contain(block, peak),
                |(top_k, point), scores| top_k.add_block(block, scores, context, point),
            );
        }
    }

    fn resolve_exact(&mut self, context: RowContext<'_>) {
        let searches = match context.polynomial {
            Polynomial::Positive => &mut self.positive,
            Polynomial::Negative => &mut self.negative,
        };
        let points = self.points.par_chunks_exact(self.features);
        searches
            .par_iter_mut()
            .zip(points)
            .for_each(|(top_k, point)| top_k.resolve_exact(context, point));
    }
}
