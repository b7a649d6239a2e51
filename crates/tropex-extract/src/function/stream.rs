//! The extracted function at many points: a set of them at a time, and a set on every device.

use std::cell::Cell;
use std::ops::Range;

use super::extracted_function::ExtractedFunction;
use super::own_terms::OwnTermSearch;
use super::ranking::Ranking;
use super::top_k_search::{Rules, TopKSearch};
use crate::terms::Gap;
use crate::{ComputeTarget, Error, PointSource};
use tropex_kernels::WorkerPool;

/// Bytes of points in memory at a time, about: for each set the whole store is read once.
const POINT_BYTES: usize = 256 << 20;

/// Sets for each device, where several share them: a faster one may take more.
const SETS: usize = 2;

/// Points that are worth reading and preparing all terms for.
const SET_POINTS: usize = 1024;

impl ExtractedFunction<'_> {
    /// The standings at all points of a source, handed to `take` a set of points at a time, in
    /// order. Memory holds one set a device; `progress` is told how many pairs of point and term
    /// were looked at.
    ///
    /// # Errors
    /// As for [`ExtractedFunction::ranking`].
    pub fn stream(
        &self,
        source: &dyn PointSource,
        top: usize,
        progress: &dyn Fn(usize),
        take: &mut dyn FnMut(Ranking),
    ) -> Result<(), Error> {
        self.stream_in_order(source, None, top, progress, take)
    }

    /// The same where at every point one term takes no part: `own` has its position in the store.
    /// Of points whose own terms are in the store, the function has to generalize from the terms of
    /// the others then.
    ///
    /// # Errors
    /// As for [`ExtractedFunction::ranking`]; another number of terms than of points, or terms
    /// that the store does not have.
    pub fn stream_without(
        &self,
        source: &dyn PointSource,
        own: &[usize],
        top: usize,
        progress: &dyn Fn(usize),
        take: &mut dyn FnMut(Ranking),
    ) -> Result<(), Error> {
        if own.len() != source.len() {
            return Err(Error::shape("own terms", own.len(), source.len()));
        }
        self.stream_in_order(source, Some(own), top, progress, take)
    }

    fn stream_in_order(
        &self,
        source: &dyn PointSource,
        own: Option<&[usize]>,
        top: usize,
        progress: &dyn Fn(usize),
        take: &mut dyn FnMut(Ranking),
    ) -> Result<(), Error> {
        let count = self.points_at_a_time(top, source.len());
        let starts = (0..source.len()).step_by(count);
        let sets = starts.map(|start| start..source.len().min(start + count));
        let work = |target: &ComputeTarget, set: Range<usize>, looked_at: &dyn Fn(usize)| {
            let rules = Rules { top, without: own.map(|own| &own[set.clone()]) };
            let met = Cell::new(0);
            let report = |terms| looked_at(set.len() * (terms - met.replace(terms)));
            self.ranking_on(target, &source.read(set.clone()), rules, &report)
        };
        self.share(sets, work, progress, take)
    }

    /// How far other terms exceed those of chosen points, given by position, at the points
    /// themselves. `progress` is told how many terms all of them were compared with.
    pub(crate) fn gaps(
        &self,
        source: &dyn PointSource,
        chosen: &[usize],
        progress: &dyn Fn(usize),
    ) -> Result<Vec<Gap>, Error> {
        let sets = chosen.chunks(self.points_at_a_time(1, chosen.len()));
        let work = |target: &ComputeTarget, chosen: &[usize], looked_at: &dyn Fn(usize)| {
            let points = chosen.iter().flat_map(|&point| source.read(point..point + 1));
            let points: Vec<f32> = points.collect();
            let mut search = OwnTermSearch::new(&points, chosen, self.features(), target)?;
            self.store.visit(|table| {
                search.compare(table);
                looked_at(chosen.len() * table.len());
            })?;
            Ok(search.gaps())
        };
        let mut gaps = Vec::with_capacity(chosen.len());
        let report = |pairs| progress(pairs / chosen.len());
        self.share(sets, work, &report, |further: Vec<Gap>| gaps.extend(further))?;
        Ok(gaps)
    }

    /// Looks at sets of points on all devices. `progress` is told how many pairs of point and term
    /// were looked at in all.
    fn share<S: Send, R: Send>(
        &self,
        sets: impl Iterator<Item = S> + Send,
        work: impl Fn(&ComputeTarget, S, &dyn Fn(usize)) -> Result<R, Error> + Sync,
        progress: &dyn Fn(usize),
        mut take: impl FnMut(R),
    ) -> Result<(), Error> {
        let pairs = Cell::new(0);
        let told = |further| {
            pairs.set(pairs.get() + further);
            progress(pairs.get());
        };
        let pool = WorkerPool { workers: &self.targets, waiting: usize::MAX };
        pool.run_with_progress(sets, &told, work, |found| {
            take(found);
            Ok(())
        })
    }

    /// Points of a set: as many as memory holds, but not so many that devices are left without.
    fn points_at_a_time(&self, top: usize, points: usize) -> usize {
        let devices = self.targets.len();
        let top = top.min(self.store.len());
        let fitting = POINT_BYTES / devices / TopKSearch::bytes_per_point(self.features(), top);
        let fair = match devices {
            1 => points,
            devices => points.div_ceil(SETS * devices).max(SET_POINTS),
        };
        fitting.min(fair).max(1)
    }
}
