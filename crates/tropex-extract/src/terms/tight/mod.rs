//! The tight gauge: the smallest shifts that keep the rows of all extracted points
//! non-negative; and the [calibrated](Calibration) one, which makes do with less.
//!
//! A shift must be known before any row leaves the maximum it belongs to, and it depends on the
//! rows of all points. So the network is walked back in [stages](Stage), and all batches pass one
//! stage before any enters the next. In between, rows and pieces are put on a [`Shelf`], in memory
//! or on disk. A batch takes the same steps as on its own, so that the terms at the end are those
//! that the same shifts give in one go.

mod calibration;
mod pieces;
mod regions;
mod scale;
mod shelf;
mod stages;
#[cfg(all(test, feature = "flex"))]
mod tests;

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use burn::tensor::TensorData;

use super::batch::Terms;
use super::decision::Decision;
use super::extractor::Extractor;
use super::pullback::Pullback;
use super::shifts::{Shifts, constants};
use super::{Classes, Gauge};
use crate::kernels::lowest;
use crate::network::ValueId;
use crate::rows::Rows;
use crate::{Error, Network};

pub(crate) use calibration::{Calibration, Searched};
use pieces::Packed;
pub(crate) use scale::Scale;
pub(crate) use shelf::Shelf;
use shelf::Shelved;
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
pub(crate) type Read<'a> = dyn Fn(Range<usize>) -> Result<Vec<f32>, Error> + 'a;

/// Batches that arrived at the input, and the shifts that were found on their way.
pub(crate) struct TightWalk {
    shifts: Shifts,
    shelf: Shelf,
    /// By their first point.
    batches: HashMap<usize, Batch>,
}

/// A batch between two stages.
struct Batch {
    decision: Decision,
    /// `[rows, 1]`
    biases: TensorData,
    /// The pieces that rows are still to pass, by node.
    pieces: Vec<Option<Packed>>,
    /// Rows that wait at a value, by value.
    rows: Vec<Option<Shelved>>,
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
            refuted: Scale::NONE,
        };
        let shifts = shifts.find(&|_| {})?;
        let terms = extractor.resumed(shifts.clone()).extract(points)?;
        return Ok((shifts, terms));
    }
    let walk = TightWalk::new(extractor, Scale::WHOLE, batches, &read, Shelf::in_memory(), &|_| {});
    let mut walk = walk?;
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
        let network = extractor.network();
        let stages = stages(network);
        let mut shifts = Shifts::starting_at(extractor.gauge(), network, 0.0).scaled(scale);
        let mut walk = Walk { network, shelf, lowest: None };
        let mut waiting = Vec::with_capacity(batches.len());
        for (number, stage) in stages.iter().enumerate() {
            for (index, span) in batches.iter().enumerate() {
                if number == 0 {
                    waiting.push(walk.enter(extractor, &read(span.clone())?)?);
                }
                walk.pass(&mut waiting[index], stage, &shifts)?;
                let stages = stages.len();
                progress(Passed { points: span.end, stage: number + 1, stages });
            }
            walk.close(stage, &mut shifts)?;
        }
        let shifts = shifts.with_start(start(extractor, &waiting));
        let batches = batches.iter().map(|span| span.start).zip(waiting).collect();
        Ok(Self { shifts, shelf: walk.shelf, batches })
    }

    /// The shifts.
    pub(crate) fn shifts(&self) -> &Shifts {
        &self.shifts
    }

    /// The terms of the batch that begins with a point. Every batch can be taken once.
    pub(crate) fn take(&mut self, extractor: &Extractor, first: usize) -> Result<Terms, Error> {
        let mut batch = self.batches.remove(&first).expect("every batch is taken once");
        let network = extractor.network();
        let walk = batch.resume(network, &[ValueId::INPUT], &mut self.shelf)?;
        let pulled = walk.finish(self.shifts.tensor_at(ValueId::INPUT));
        extractor.collect(pulled, &self.shifts, batch.decision)
    }
}

/// The constant at the start: the largest negative part over the classes extracted.
fn start(extractor: &Extractor, batches: &[Batch]) -> f64 {
    let constants = constants(extractor.network());
    let predicted = batches.iter().flat_map(|batch| batch.decision.predicted());
    let predicted: HashSet<usize> = predicted.copied().collect();
    let groups = 0..extractor.per_point();
    let classes = groups.flat_map(|group| {
        predicted.iter().map(move |&predicted| extractor.classes().of(group, predicted))
    });
    classes.fold(0.0, |start, class| start.max(-constants[class]))
}

/// A walk on its way.
struct Walk<'a> {
    network: &'a Network,
    shelf: Shelf,
    /// Per feature the smallest coefficient of the rows that arrived at the end of a stage.
    lowest: Option<Vec<f64>>,
}

impl Walk<'_> {
    /// Rows of points at the logits.
    fn enter(&mut self, extractor: &Extractor, points: &[f32]) -> Result<Batch, Error> {
        let trace = self.network.replay(self.network.tensor(points)?);
        let decision = Decision::of(&trace);
        let walk = Pullback::from_logits(self.network, extractor.seeds(&decision));
        let pieces = trace.into_pieces().into_iter();
        let pieces = pieces.map(|piece| Packed::pack(piece, &mut self.shelf).map(Some));
        let mut batch = Batch {
            decision,
            biases: TensorData::new(Vec::<f32>::new(), [0, 1]),
            pieces: pieces.collect::<Result<_, _>>()?,
            rows: (0..=self.network.nodes().len()).map(|_| None).collect(),
        };
        batch.put_aside(walk, &mut self.shelf)?;
        Ok(batch)
    }

    /// Takes a batch through a stage, at whose end the smallest coefficients are noted.
    fn pass(&mut self, batch: &mut Batch, stage: &Stage, shifts: &Shifts) -> Result<(), Error> {
        let mut walk = batch.resume(self.network, &stage.values, &mut self.shelf)?;
        for node in stage.nodes.clone().rev() {
            let value = ValueId::of_node(node);
            let Some(piece) = batch.pieces[node].take() else { continue };
            let piece = piece.unpack(self.network.placement(), &mut self.shelf)?;
            walk.step(node, &piece, shifts.tensor_at(value));
        }
        if let Some(rows) = walk.at(stage.end) {
            self.note(lowest(rows));
        }
        batch.put_aside(walk, &mut self.shelf)
    }

    fn note(&mut self, further: Vec<f64>) {
        match &mut self.lowest {
            None => self.lowest = Some(further),
            Some(lowest) => {
                lowest
                    .iter_mut()
                    .zip(further)
                    .for_each(|(lowest, value)| *lowest = lowest.min(value));
            }
        }
    }

    /// Sets the shift at the end of a stage that all batches passed.
    fn close(&mut self, stage: &Stage, shifts: &mut Shifts) -> Result<(), Error> {
        let Some(lowest) = self.lowest.take() else { return Ok(()) };
        // At the input a shift changes nothing but signs.
        let scale = if stage.end == ValueId::INPUT { 1.0 } else { shifts.scale() };
        let shift = lowest.into_iter().map(|lowest| scale * (-lowest).max(0.0)).collect();
        shifts.set(stage.end, shift, self.network)
    }
}

impl Batch {
    fn points(&self) -> usize {
        self.decision.points()
    }

    /// The walk of the batch, with the rows that wait at some values.
    fn resume<'a>(
        &mut self,
        network: &'a Network,
        values: &[ValueId],
        shelf: &mut Shelf,
    ) -> Result<Pullback<'a>, Error> {
        let placement = network.placement();
        let biases = placement.tensor(self.biases.clone());
        let mut walk = Pullback::resumed(network, self.points(), biases);
        for &value in values {
            if let Some(rows) = self.rows[value.index()].take() {
                let rows = placement.tensor(shelf.take(rows)?);
                walk.put(value, Rows::new(rows, self.points()));
            }
        }
        Ok(walk)
    }

    /// Puts the rows of a walk aside.
    fn put_aside(&mut self, walk: Pullback<'_>, shelf: &mut Shelf) -> Result<(), Error> {
        let (biases, rows) = walk.into_parts();
        self.biases = biases.into_data();
        for (place, rows) in self.rows.iter_mut().zip(rows) {
            if let Some(rows) = rows {
                *place = Some(shelf.put(rows.into_tensor().into_data())?);
            }
        }
        Ok(())
    }
}
