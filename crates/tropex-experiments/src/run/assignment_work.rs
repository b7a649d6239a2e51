//! The winning terms at sets of points, which parts can compute.

use std::ops::Range;

use tropex_extract::PointSource;
use tropex_extract::function::{Assignment, Ranking};
use tropex_extract::points::PointRange;

use super::assigned_points::AssignedPoints;
use super::part_mode::PartMode;
use super::pointwise::{PointwiseWork, range_of};
use super::run_context::RunContext;
use crate::Error;
use crate::data::Split;

/// Number of points per batch where parts are cut. Winning terms do not depend on it.
pub(crate) const BATCH: usize = 256;

/// The search for the winning terms at points.
#[derive(Debug)]
pub(crate) struct AssignmentWork<'a> {
    context: &'a RunContext<'a>,
    points: AssignedPoints,
}

impl<'a> AssignmentWork<'a> {
    pub(crate) fn new(context: &'a RunContext<'a>, points: AssignedPoints) -> Self {
        Self { context, points }
    }

    /// The search as a work of an experiment, which may have several.
    pub(crate) fn boxed(
        context: &'a RunContext<'a>,
        points: AssignedPoints,
    ) -> Box<dyn PointwiseWork + 'a> {
        Box::new(Self::new(context, points))
    }

    fn source(&self) -> Box<dyn PointSource + 'a> {
        match self.points {
            AssignedPoints::Images(split) => Box::new(self.context.points(split)),
            AssignedPoints::TrainingWithoutOwn => Box::new(self.context.points(Split::Train)),
            AssignedPoints::Random(points) => Box::new(points),
        }
    }

    /// Positions in the store of the terms that are left out, `[range.len()]`.
    fn own(&self, range: Range<usize>) -> Option<Vec<usize>> {
        let AssignedPoints::TrainingWithoutOwn = self.points else { return None };
        let (points, terms) = (self.context.points(Split::Train), self.context.term_points());
        Some(range.filter_map(|point| terms.position(points.index(point))).collect())
    }

    /// The winning terms at a range of points.
    fn rank(&self, range: Range<usize>) -> Result<Ranking, Error> {
        let (context, source, own) = (self.context, self.source(), self.own(range.clone()));
        let source = PointRange::new(&*source, range);
        let (function, mut all) = (context.function()?, Ranking::default());
        let report = context.report_pairs(source.len())?;
        let mut take = |ranking| all.append(ranking);
        match own {
            None => function.stream(&source, 1, &report, &mut take)?,
            Some(own) => function.stream_without(&source, &own, 1, &report, &mut take)?,
        }
        Ok(all)
    }
}

impl PointwiseWork for AssignmentWork<'_> {
    fn name(&self) -> String {
        match self.points {
            AssignedPoints::Images(split) => format!("winners-{split}"),
            AssignedPoints::TrainingWithoutOwn => "winners-train-without-own".into(),
            AssignedPoints::Random(points) => format!("winners-random-{}", points.name()),
        }
    }

    fn points(&self) -> usize {
        self.source().len()
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn compute(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        Ok(self.rank(range)?.to_bytes())
    }
}

impl RunContext<'_> {
    /// The winning terms at points. The result is not kept.
    ///
    /// # Errors
    /// Those of [`RunContext::store`]; parts that are not finished.
    pub(crate) fn assigned_at(&self, points: AssignedPoints) -> Result<Vec<Assignment>, Error> {
        let work = AssignmentWork::new(self, points);
        let PartMode::Joined(of) = self.part_mode() else {
            return Ok(work.rank(0..work.points())?.assignments);
        };
        let mut assigned = Vec::with_capacity(work.points());
        for piece in self.results(&work)? {
            assigned.extend(assignments(&piece).unwrap_or_default());
        }
        match assigned.len() == work.points() {
            true => Ok(assigned),
            false => Err(self.partial_files(&work, of)?.damaged()),
        }
    }

    /// The winning terms at images of a split. In a part, the range is that of the part.
    ///
    /// # Errors
    /// Those of [`RunContext::assigned`].
    pub(crate) fn assigned_in(
        &self,
        split: Split,
        range: Range<usize>,
    ) -> Result<Vec<Assignment>, Error> {
        let work = AssignmentWork::new(self, AssignedPoints::Images(split));
        match self.part_mode() {
            PartMode::One(part) if range == range_of(part, &work) => {
                Ok(assignments(&self.compute_part(&work, part)?).unwrap_or_default())
            }
            _ => Ok(self.assigned(split)?[range].to_vec()),
        }
    }
}

fn assignments(bytes: &[u8]) -> Option<Vec<Assignment>> {
    Some(Ranking::from_bytes(bytes)?.assignments)
}
