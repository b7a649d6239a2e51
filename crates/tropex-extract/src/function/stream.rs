//! Streaming evaluation of the extracted function: sets of points, distributed over devices.

use std::cell::Cell;
use std::ops::{ControlFlow, Range};

use tropex_kernels::{Cancelled, WorkerPool};

use super::extracted_function::ExtractedFunction;
use super::own_terms::OwnTermSearch;
use super::ranking::Ranking;
use super::top_k_search::{SearchRequest, TopKSearch};
use crate::terms::DominanceGap;
use crate::{ComputeTarget, Error, PointSource};

/// Bytes of points in memory, approximately. The whole store is read once per set of points.
const POINT_BYTES: usize = 256 << 20;

/// Number of sets per device with several devices, so that a fast device takes more sets.
const SETS: usize = 2;

/// Number of points that outweighs the cost of reading and packing all terms.
const SET_POINTS: usize = 1024;

impl ExtractedFunction<'_> {
    /// Computes the ranking at all points of a source and calls `take` for every set of points, in
    /// their order. Memory holds one set per device. `progress` receives the number of compared
    /// pairs of a point and a term.
    ///
    /// # Errors
    /// The errors of [`ExtractedFunction::ranking`].
    pub fn stream(
        &self,
        source: &dyn PointSource,
        top: usize,
        progress: &dyn Fn(usize) -> ControlFlow<()>,
        take: &mut dyn FnMut(Ranking),
    ) -> Result<(), Error> {
        self.stream_in_order(source, None, top, progress, take)
    }

    /// Like [`stream`](Self::stream), but at every point the terms of one position in the store are
    /// excluded: `own[i]` at point `i`. At data points without their own terms, the function has to
    /// generalize.
    ///
    /// # Errors
    /// The errors of [`ExtractedFunction::ranking`]; a number of positions other than the number of
    /// points; a position outside the store.
    pub fn stream_without(
        &self,
        source: &dyn PointSource,
        own: &[usize],
        top: usize,
        progress: &dyn Fn(usize) -> ControlFlow<()>,
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
        progress: &dyn Fn(usize) -> ControlFlow<()>,
        take: &mut dyn FnMut(Ranking),
    ) -> Result<(), Error> {
        let count = self.points_at_a_time(top, source.len());
        let starts = (0..source.len()).step_by(count);
        let sets = starts.map(|start| start..source.len().min(start + count));
        let work = |target: &ComputeTarget,
                    set: Range<usize>,
                    report_pairs: &dyn Fn(usize) -> ControlFlow<()>| {
            let request = SearchRequest { top, without: own.map(|own| &own[set.clone()]) };
            let terms_done = Cell::new(0);
            let report = |terms| report_pairs(set.len() * (terms - terms_done.replace(terms)));
            self.ranking_on(target, &source.read(set.clone()), request, &report)
        };
        self.process_sets(sets, work, progress, take)
    }

    /// The excess of other terms over the terms of selected points, at these points. `chosen` holds
    /// their positions. `progress` receives the number of terms that were compared with all of
    /// them.
    pub(crate) fn gaps(
        &self,
        source: &dyn PointSource,
        chosen: &[usize],
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Vec<DominanceGap>, Error> {
        let sets = chosen.chunks(self.points_at_a_time(1, chosen.len()));
        let work = |target: &ComputeTarget,
                    chosen: &[usize],
                    report_pairs: &dyn Fn(usize) -> ControlFlow<()>| {
            let points = chosen.iter().flat_map(|&point| source.read(point..point + 1));
            let points: Vec<f32> = points.collect();
            let mut search = OwnTermSearch::new(&points, chosen, self.features(), target)?;
            self.store.visit(|table| {
                search.add_table(table);
                Ok(Cancelled::check(report_pairs(chosen.len() * table.len()))?)
            })?;
            Ok(search.gaps())
        };
        let mut gaps = Vec::with_capacity(chosen.len());
        let report = |pairs| progress(pairs / chosen.len());
        self.process_sets(sets, work, &report, |found: Vec<DominanceGap>| gaps.extend(found))?;
        Ok(gaps)
    }

    /// Processes sets of points on all devices. `progress` receives the number of compared pairs of
    /// a point and a term.
    fn process_sets<S: Send, R: Send>(
        &self,
        sets: impl Iterator<Item = S> + Send,
        work: impl Fn(&ComputeTarget, S, &dyn Fn(usize) -> ControlFlow<()>) -> Result<R, Error> + Sync,
        progress: &dyn Fn(usize) -> ControlFlow<()>,
        mut take: impl FnMut(R),
    ) -> Result<(), Error> {
        let pairs = Cell::new(0);
        let report = |count| {
            pairs.set(pairs.get() + count);
            progress(pairs.get())
        };
        let pool = WorkerPool { workers: &self.targets, waiting: usize::MAX };
        pool.run_with_progress(sets, &report, work, |found| {
            take(found);
            Ok(())
        })
    }

    /// Number of points per set: limited by memory, and small enough that every device has work.
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
