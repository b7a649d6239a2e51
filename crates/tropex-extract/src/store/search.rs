//! Which scale the terms of a store need, with the calibrated gauge.

use super::source::sample;
use crate::terms::{Gap, Scale};
use crate::{Error, PointSource, Precision};

/// Points that are chosen at a time, at most, of those that refuted a scale.
const REFUTING: usize = 1024;

/// What is known of the scale before shifts are looked for.
#[derive(Debug)]
pub(super) struct Search {
    /// Positions of the points at which scales are tried out, ascending.
    pub(super) chosen: Vec<usize>,
    /// A scale that does not suffice.
    pub(super) refuted: Scale,
}

impl Search {
    /// Nothing: so many points are chosen that stand for all.
    pub(super) fn among(source: &dyn PointSource, count: usize) -> Self {
        Self { chosen: source.sample(count), refuted: Scale::NONE }
    }

    /// What remains if a scale did not suffice at all points. None if it did, or if there is
    /// nothing to be done.
    pub(super) fn after(&self, scale: Scale, gaps: &[Gap], precision: Precision) -> Option<Self> {
        let open = gaps.iter().filter(|gap| gap.is_open(precision));
        let open: Vec<usize> = open.map(|gap| gap.position).collect();
        if open.is_empty() || scale == Scale::WHOLE {
            return None;
        }
        let refuting = sample(open.len(), REFUTING).into_iter().map(|index| open[index]);
        let mut chosen: Vec<usize> = self.chosen.iter().copied().chain(refuting).collect();
        chosen.sort_unstable();
        chosen.dedup();
        Some(Self { chosen, refuted: scale })
    }

    /// The chosen points, `[chosen, features]`.
    pub(super) fn read(&self, source: &dyn PointSource) -> Result<Vec<f32>, Error> {
        let mut points = Vec::with_capacity(self.chosen.len() * source.features());
        for &point in &self.chosen {
            points.extend(super::source::read(source, point..point + 1)?);
        }
        Ok(points)
    }
}
