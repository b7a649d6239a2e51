//! The calibrated gauge: how small a multiple of the tight shifts is enough.

use std::ops::Range;

use super::{Passed, Read, Scale, Shelf, TightWalk};
use crate::crew::Crew;
use crate::store::Shard;
use crate::terms::extractor::Extractor;
use crate::terms::{OwnRace, Shifts};
use crate::{Error, Placement, Precision};

/// A search for the smallest scale under which the own terms of chosen points are maximal.
///
/// A larger scale is taken to suffice wherever a smaller one does, which halves what is left with
/// every trial. That is no certainty, nor are the chosen points all there are: what is found is
/// to be checked at all of them.
pub(crate) struct Calibration<'a> {
    pub(crate) extractor: &'a Extractor,
    pub(crate) batches: &'a [Range<usize>],
    pub(crate) read: &'a Read<'a>,
    /// Where rows wait in a trial.
    pub(crate) shelf: &'a dyn Fn() -> Shelf,
    /// Positions of the chosen points.
    pub(crate) chosen: &'a [usize],
    /// The chosen points, `[chosen, features]`.
    pub(crate) points: &'a [f32],
    /// Trials that were finished before.
    pub(crate) tried: Tried,
    /// Told what is known after every trial.
    pub(crate) finished: &'a dyn Fn(Tried) -> Result<(), Error>,
}

/// What trials have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tried {
    /// The smallest scale that suffices at the chosen points.
    pub(crate) sufficient: Scale,
    /// The largest that does not.
    pub(crate) refuted: Scale,
    /// Finished trials.
    pub(crate) trials: usize,
}

impl Tried {
    /// Before the first trial.
    pub(crate) const NOTHING: Self =
        Self { sufficient: Scale::WHOLE, refuted: Scale::NONE, trials: 0 };
}

/// How far a search is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Searched {
    /// A trial begins.
    Trial {
        /// The trial, counted from 1.
        trial: usize,
        /// All trials, or a few more.
        of: usize,
    },
    /// Points passed a stage.
    Passed(Passed),
    /// Terms of so many points were compared.
    Compared(usize),
}

impl Calibration<'_> {
    /// The shifts under the smallest scale that was found to suffice.
    pub(crate) fn find(&self, progress: &dyn Fn(Searched)) -> Result<Shifts, Error> {
        let device = self.extractor.network().placement().device();
        let placement = Placement::new(device, Precision::F32)?;
        let mut tried = self.tried;
        let (mut found, of) = (None, tried.trials + tried.sufficient.trials(tried.refuted));
        while let Some(scale) = tried.sufficient.between(tried.refuted) {
            tried.trials += 1;
            progress(Searched::Trial { trial: tried.trials, of });
            match self.try_out(scale, &placement, progress)? {
                Some(shifts) => (tried.sufficient, found) = (scale, Some(shifts)),
                None => tried.refuted = scale,
            }
            (self.finished)(tried)?;
        }
        match found {
            Some(shifts) => Ok(shifts),
            // Nobody kept the shifts of an earlier trial, and without a scale they are the whole.
            None => Ok(self.walk(tried.sufficient, progress)?.shifts().clone()),
        }
    }

    fn walk(&self, scale: Scale, progress: &dyn Fn(Searched)) -> Result<TightWalk, Error> {
        let passed = |passed| progress(Searched::Passed(passed));
        TightWalk::new(self.extractor, scale, self.batches, self.read, (self.shelf)(), &passed)
    }

    /// The shifts under a scale, if it suffices.
    fn try_out(
        &self,
        scale: Scale,
        placement: &Placement,
        progress: &dyn Fn(Searched),
    ) -> Result<Option<Shifts>, Error> {
        let walk = self.walk(scale, progress)?;
        let network = self.extractor.network();
        let mut race = OwnRace::new(self.points, self.chosen, network.features(), placement)?;
        let extractor = self.extractor.resumed(walk.shifts())?;
        let crew = Crew { workers: &extractor.workers(), waiting: 1 };
        let work = |extractor: &&Extractor, batch: Range<usize>| {
            let terms = extractor.at_work(|| walk.take(extractor, batch.start))?;
            Ok((batch, terms))
        };
        crew.share(self.batches.iter().cloned(), work, |(batch, terms)| {
            race.enter(&Shard::of(&terms, batch.start, extractor.classes()));
            progress(Searched::Compared(batch.end));
            Ok(())
        })?;
        let precision = network.placement().precision();
        let suffices = race.gaps().iter().all(|gap| !gap.is_open(precision));
        Ok(suffices.then(|| walk.shifts().clone()))
    }
}
