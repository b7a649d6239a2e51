//! The tight gauge: the smallest shifts that keep the rows of all extracted points
//! non-negative; and the [calibrated](Calibration) one, which makes do with less.
//!
//! A shift must be known before any row leaves the maximum it belongs to, and it depends on the
//! rows of all points. So the network is walked back in [stages](Stage), and all batches pass one
//! stage before any enters the next. In between, rows and pieces are put on a [`Shelf`], in memory
//! or on disk. A batch takes the same steps as on its own, so that the terms at the end are those
//! that the same shifts give in one go. Devices share the batches of every stage: what a batch
//! leaves on the shelf, any of them takes up.

mod batch;
mod calibration;
mod pieces;
mod post;
mod regions;
mod scale;
mod shelf;
mod stages;
#[cfg(all(test, feature = "flex"))]
mod tests;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::batch::Terms;
use super::extractor::Extractor;
use super::shifts::{Shifts, constants};
use super::{Classes, Gauge};
use crate::crew::Crew;
use crate::network::ValueId;
use crate::{Error, Network};

use batch::Batch;
pub(crate) use calibration::{Calibration, Searched, Tried};
use post::Post;
pub(crate) use scale::Scale;
pub(crate) use shelf::Shelf;
use stages::{Stage, stages};

/// How far a walk is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    /// Points that passed the stage.
    pub(crate) points: usize,
    /// The stage, counted from 1.
    pub(crate) stage: usize,
    /// All stages.
    pub(crate) stages: usize,
}

/// Reads the points of a range.
pub(crate) type Read<'a> = dyn Fn(Range<usize>) -> Result<Vec<f32>, Error> + Sync + 'a;

/// Batches that arrived at the input, and the shifts that were found on their way.
pub(crate) struct TightWalk {
    shifts: Shifts,
    shelf: Shelf,
    /// By their first point.
    batches: Mutex<HashMap<usize, Batch>>,
}

impl Shifts {
    /// The smallest shifts that keep all rows of the points `[points, features]` non-negative. They
    /// are found in memory; [`TermStore`](crate::TermStore) finds those of larger sets.
    ///
    /// # Errors
    /// A class that the network does not have; values that are not whole points; numbers that are
    /// not finite.
    pub fn tight(network: &Network, classes: Classes, points: &[f32]) -> Result<Self, Error> {
        let extractor = Extractor::new(network, Gauge::Tight, classes)?;
        Ok(at_once(&extractor, points)?.0)
    }

    /// The smallest multiple of the tight shifts under which, at each of the points
    /// `[points, features]`, its own terms are maximal. It is found in memory;
    /// [`TermStore`](crate::TermStore) finds that of larger sets.
    ///
    /// # Errors
    /// As for [`Shifts::tight`].
    pub fn calibrated(network: &Network, classes: Classes, points: &[f32]) -> Result<Self, Error> {
        let extractor = Extractor::new(network, Gauge::Calibrated, classes)?;
        Ok(at_once(&extractor, points)?.0)
    }
}

/// Shifts and terms of points that are extracted together, all in memory.
pub(super) fn at_once(extractor: &Extractor, points: &[f32]) -> Result<(Shifts, Terms), Error> {
    let count = points.len() / extractor.network().features();
    let (all, read) = (0..count, |_| Ok(points.to_vec()));
    let batches = std::slice::from_ref(&all);
    if extractor.gauge() == Gauge::Calibrated {
        let chosen: Vec<usize> = (0..count).collect();
        let shifts = Calibration {
            extractor,
            batches,
            read: &read,
            shelf: &Shelf::in_memory,
            chosen: &chosen,
            points,
            tried: Tried::NOTHING,
            finished: &|_| Ok(()),
        };
        let shifts = shifts.find(&|_| {})?;
        let terms = extractor.resumed(&shifts)?.extract(points)?;
        return Ok((shifts, terms));
    }
    let walk = TightWalk::new(extractor, Scale::WHOLE, batches, &read, Shelf::in_memory(), &|_| {});
    let walk = walk?;
    let terms = walk.take(extractor, 0)?;
    Ok((walk.shifts, terms))
}

impl TightWalk {
    /// Walks batches of points back to the input. Shifts at maxima are multiplied by a scale before
    /// rows go on.
    pub(crate) fn new(
        extractor: &Extractor,
        scale: Scale,
        batches: &[Range<usize>],
        read: &Read<'_>,
        shelf: Shelf,
        progress: &dyn Fn(Passed),
    ) -> Result<Self, Error> {
        let stages = stages(extractor.network());
        let post = |extractor| Post::new(extractor, scale);
        let posts = extractor.workers().into_iter().map(post).collect();
        let waiting = batches.iter().map(|_| None).collect();
        let mut walk = Walk { posts, batches, waiting, read, shelf };
        for (number, stage) in stages.iter().enumerate() {
            let passed =
                |points| progress(Passed { points, stage: number + 1, stages: stages.len() });
            walk.pass(stage, &passed)?;
        }
        let Walk { mut posts, waiting, shelf, .. } = walk;
        let arrived: Vec<Batch> = waiting.into_iter().flatten().collect();
        let shifts = posts.swap_remove(0).shifts.with_start(start(extractor, &arrived));
        let batches = batches.iter().map(|span| span.start).zip(arrived).collect();
        Ok(Self { shifts, shelf, batches: Mutex::new(batches) })
    }

    /// The shifts, on the extractor's own device.
    pub(crate) fn shifts(&self) -> &Shifts {
        &self.shifts
    }

    /// The terms of the batch that begins with a point, on the device of an extractor: the walk's
    /// own, or one that was [resumed](Extractor::resumed) with the shifts. Every batch can be taken
    /// once.
    pub(crate) fn take(&self, extractor: &Extractor, first: usize) -> Result<Terms, Error> {
        let batch = self.batches.lock().unwrap_or_else(PoisonError::into_inner).remove(&first);
        let mut batch = batch.expect("every batch is taken once");
        let shifts = extractor.shifts().unwrap_or(&self.shifts);
        let walk = batch.resume(extractor.network(), &[ValueId::INPUT], &self.shelf)?;
        let pulled = walk.finish(shifts.tensor_at(ValueId::INPUT));
        extractor.collect(pulled, shifts, batch.into_decision())
    }
}

/// The constant at the start: the largest negative part over the classes extracted.
fn start(extractor: &Extractor, batches: &[Batch]) -> f64 {
    let constants = constants(extractor.network());
    let predicted = batches.iter().flat_map(Batch::predicted);
    let predicted: HashSet<usize> = predicted.copied().collect();
    let groups = 0..extractor.per_point();
    let classes = groups.flat_map(|group| {
        predicted.iter().map(move |&predicted| extractor.classes().of(group, predicted))
    });
    classes.fold(0.0, |start, class| start.max(-constants[class]))
}

/// A walk on its way.
struct Walk<'a> {
    posts: Vec<Post<'a>>,
    batches: &'a [Range<usize>],
    /// The batches where they are, none before the first stage.
    waiting: Vec<Option<Batch>>,
    read: &'a Read<'a>,
    shelf: Shelf,
}

impl Walk<'_> {
    /// Takes all batches through a stage, and sets the shift at its end. `passed` is told how many
    /// points did.
    fn pass(&mut self, stage: &Stage, passed: &dyn Fn(usize)) -> Result<(), Error> {
        let (read, shelf) = (self.read, &self.shelf);
        let work = |post: &Post<'_>, (span, batch): (&Range<usize>, &mut Option<Batch>)| {
            let passed = post.extractor.at_work(|| {
                let batch = match batch {
                    Some(batch) => batch,
                    none => none.insert(Batch::enter(post.extractor, &read(span.clone())?, shelf)?),
                };
                batch.pass(stage, post, shelf)
            });
            Ok((span.end, passed?))
        };
        let mut lowest = None;
        let take = |(points, further): (usize, Option<Vec<f64>>)| {
            lowest = least(lowest.take(), further);
            passed(points);
            Ok(())
        };
        let crew = Crew { workers: &self.posts, waiting: usize::MAX };
        crew.share(self.batches.iter().zip(&mut self.waiting), work, take)?;
        let Some(lowest) = lowest else { return Ok(()) };
        self.posts.iter_mut().try_for_each(|post| post.close(stage, &lowest))
    }
}

/// The smaller of two coefficients, feature by feature, or those that there are.
fn least(lowest: Option<Vec<f64>>, further: Option<Vec<f64>>) -> Option<Vec<f64>> {
    match (lowest, further) {
        (Some(lowest), Some(further)) => {
            Some(lowest.into_iter().zip(further).map(|(a, b)| a.min(b)).collect())
        }
        (lowest, further) => lowest.or(further),
    }
}
