//! The region and the term of every image, which parts can compute.

use std::ops::Range;

use tropex_extract::PointSource;
use tropex_extract::points::PointRange;
use tropex_geometry::{Patterns, RegionId};

use super::term_key::{TermKey, term_key};
use crate::Error;
use crate::data::{ImagePoints, Split};
use crate::run::{PointwiseWork, PredictedTerms, RunContext};

/// Number of images whose patterns are read in one batch.
const BATCH: usize = 1024;

/// Bytes of a region and of the key of a term.
const REGION: usize = 16;
const KEY: usize = size_of::<TermKey>();

/// The region of every image, and the key of its term.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ImageRegions {
    pub(super) regions: Vec<RegionId>,
    pub(super) keys: Vec<TermKey>,
}

impl ImageRegions {
    pub(super) fn of(context: &RunContext<'_>, work: &RegionWork<'_>) -> Result<Self, Error> {
        let mut all = Self::default();
        for piece in context.results(work)? {
            for image in piece.as_chunks::<{ REGION + KEY }>().0 {
                let (region, key) = image.split_at(REGION);
                all.regions
                    .push(RegionId(u128::from_le_bytes(region.try_into().unwrap_or_default())));
                all.keys.push(key.try_into().unwrap_or_default());
            }
        }
        Ok(all)
    }
}

/// The regions and terms of the images of a split, as bytes.
pub(super) struct RegionWork<'a> {
    pub(super) context: &'a RunContext<'a>,
    pub(super) split: Split,
    /// Decimals that rounding keeps of terms.
    pub(super) decimals: u8,
}

impl PointwiseWork for RegionWork<'_> {
    fn name(&self) -> String {
        format!("regions-{}-{}-decimals", self.split, self.decimals)
    }

    fn points(&self) -> usize {
        self.images().len()
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn compute(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        let regions = self.regions(range.clone())?;
        let keys = match self.split {
            Split::Train => self.of_training(range)?,
            Split::Test => self.of_test(range)?,
        };
        let both = regions.iter().zip(&keys);
        Ok(both.flat_map(|(region, key)| [&region.0.to_le_bytes()[..], key].concat()).collect())
    }
}

impl<'a> RegionWork<'a> {
    fn images(&self) -> ImagePoints<'a> {
        match self.split {
            Split::Train => self.context.term_points(),
            Split::Test => self.context.points(Split::Test),
        }
    }

    /// The region of every image of a range.
    fn regions(&self, range: Range<usize>) -> Result<Vec<RegionId>, Error> {
        let (patterns, points) = (Patterns::new(self.context.network()?), self.images());
        let mut regions = Vec::with_capacity(range.len());
        for start in range.clone().step_by(BATCH) {
            let end = range.end.min(start + BATCH);
            regions.extend(patterns.ids(&points.read(start..end))?);
            let done = end - range.start;
            self.context.report("reading activation patterns", done, range.len())?;
        }
        Ok(regions)
    }

    /// The keys of stored terms.
    fn of_training(&self, range: Range<usize>) -> Result<Vec<TermKey>, Error> {
        let mut keys = Vec::with_capacity(range.len());
        for shard in self.context.store()?.shards_at(range.clone()) {
            let shard = shard?;
            let own = shard.first.max(range.start)..(shard.first + shard.len()).min(range.end);
            for point in own.map(|position| position - shard.first) {
                let class = shard.predicted[point] as usize;
                let (coefficients, bias) = shard.linear_term(point, class);
                // The format that terms of test images are kept in.
                let coefficients: Vec<f64> =
                    coefficients.into_iter().map(|value| f64::from(value as f32)).collect();
                keys.push(term_key(self.decimals, &coefficients, bias));
            }
        }
        Ok(keys)
    }

    /// The keys of the terms of test images, which are extracted.
    fn of_test(&self, range: Range<usize>) -> Result<Vec<TermKey>, Error> {
        let context = self.context;
        if range.len() == self.points() {
            return Ok(self.keys(context.linear_terms()?));
        }
        let (all, count) = (self.images(), range.len());
        let report = |done| context.show("extracting linear terms", done, count);
        let points = PointRange::new(&all, range);
        Ok(self.keys(&PredictedTerms::extract(context.network()?, &points, &report)?))
    }

    fn keys(&self, terms: &PredictedTerms) -> Vec<TermKey> {
        let key = |(row, &bias): (usize, &f64)| {
            let coefficients: Vec<f64> =
                terms.rows().row(row).iter().map(|&value| f64::from(value)).collect();
            term_key(self.decimals, &coefficients, bias)
        };
        terms.biases().iter().enumerate().map(key).collect()
    }
}
