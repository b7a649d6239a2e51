//! The search for the calibrated shifts, as stages that parts do together.
//!
//! A search tries scales at selected points, as one process does. A trial has the stages of the
//! tight gauge under its scale, and a stage that compares the terms at the selected points. After
//! the trials, the terms are extracted and compared at all points. If this check refutes the scale,
//! the next search has more points.
//!
//! The stages are numbered as if every search had all trials that bisection can need:
//!
//! ```text
//! trial 1: pullback stages, comparison;  trial 2 ...;  full scale: pullback stages;  terms;  check
//! ```

use super::stage_name::StageName;
use crate::function::OwnTermValues;
use crate::gauge::tight::{PartPullback, StageMinimum};
use crate::gauge::{Gauge, ShiftScale, Shifts};
use crate::job::calibration::{Trial, Trials, TryScale};
use crate::job::calibration_state::CalibrationState;
use crate::terms::DominanceGap;
use crate::{Error, Extractor, Precision};

/// A search for the calibrated shifts and the points at which it tries scales.
#[derive(Clone, Debug)]
pub(super) struct PartSearch {
    /// Number of the search, from 1.
    pub(super) number: usize,
    pub(super) state: CalibrationState,
    /// Number of stages of the searches before.
    before: usize,
    /// Number of stages of a pullback.
    pullback: usize,
}

/// Gives the results of all parts after a stage; `None`, or `false`, ends the search at this stage.
pub(super) trait StageResults {
    fn minimum(
        &mut self,
        search: &PartSearch,
        stage: usize,
        pullback: &PartPullback<'_>,
    ) -> Result<Option<StageMinimum>, Error>;

    /// `extractor` knows the shifts of the trial.
    fn comparison(
        &mut self,
        search: &PartSearch,
        stage: usize,
        extractor: &Extractor,
    ) -> Result<Option<OwnTermValues>, Error>;

    /// The terms are extracted with an extractor that knows the shifts.
    fn terms(&mut self, search: &PartSearch, extractor: &Extractor) -> Result<bool, Error>;

    /// `points` is the number of all points.
    fn check(&mut self, search: &PartSearch, points: usize)
    -> Result<Option<OwnTermValues>, Error>;

    /// A trial begins, with its number and the largest number of trials.
    fn begin_trial(&mut self, _trial: usize, _of: usize) -> Result<(), Error> {
        Ok(())
    }
}

impl PartSearch {
    /// The first search.
    pub(super) fn first(state: CalibrationState, extractor: &Extractor) -> Self {
        let pullback = PartPullback::stage_count(extractor.network());
        Self { number: 1, state, before: 0, pullback }
    }

    /// The next search, if the check at all points refutes the scale of this one; `None` otherwise.
    pub(super) fn after_check(
        &self,
        scale: ShiftScale,
        gaps: &[DominanceGap],
        precision: Precision,
    ) -> Option<Self> {
        let state = self.state.after_check(scale, gaps, precision)?;
        let (number, before) = (self.number + 1, self.check());
        Some(Self { number, state, before, pullback: self.pullback })
    }

    /// Largest number of trials.
    pub(super) fn trials(&self) -> usize {
        self.state.trials.left()
    }

    /// The first stage.
    pub(super) fn start(&self) -> usize {
        self.before + 1
    }

    /// The stage that extracts the terms.
    pub(super) fn terms(&self) -> usize {
        self.before + self.trials() * (self.pullback + 1) + self.pullback + 1
    }

    /// The stage that compares terms at all points, which is the last.
    pub(super) fn check(&self) -> usize {
        self.terms() + 1
    }

    /// The number of a stage within its trial.
    pub(super) fn step(&self, stage: usize) -> usize {
        (stage - self.start()) % (self.pullback + 1) + 1
    }

    /// The name of a stage in files.
    pub(super) fn name(&self, stage: usize) -> StageName {
        StageName { search: Some(self.number), stage: stage - self.before }
    }

    /// The shifts under the smallest scale that suffices; `None` if a stage ended the search.
    pub(super) fn run(
        &self,
        extractor: &Extractor,
        results: &mut dyn StageResults,
    ) -> Result<Option<Shifts>, Error> {
        let trials = self.state.trials;
        trials.bisect(&mut StagedSearch { search: self, extractor, results })
    }

    /// Number of stages before a trial, counted from 0.
    fn before_trial(&self, trial: usize) -> usize {
        self.before + trial * (self.pullback + 1)
    }

    /// The shifts under a scale. `before` is the number of stages before the pullback.
    fn pull_back(
        &self,
        extractor: &Extractor,
        scale: ShiftScale,
        before: usize,
        results: &mut dyn StageResults,
    ) -> Result<Option<Shifts>, Error> {
        let specs = extractor.specs();
        let mut pullback = PartPullback::new(&specs, (Gauge::Calibrated, scale));
        for stage in 1..=self.pullback {
            let Some(minimum) = results.minimum(self, before + stage, &pullback)? else {
                return Ok(None);
            };
            pullback.set_next(&minimum)?;
        }
        Ok(Some(pullback.shifts()))
    }
}

/// A search whose trials are stages.
struct StagedSearch<'a> {
    search: &'a PartSearch,
    extractor: &'a Extractor,
    results: &'a mut dyn StageResults,
}

impl TryScale for StagedSearch<'_> {
    fn try_scale(
        &mut self,
        scale: ShiftScale,
        trials: Trials,
        of: usize,
    ) -> Result<Option<Trial>, Error> {
        let (search, extractor) = (self.search, self.extractor);
        self.results.begin_trial(trials.count, of)?;
        let before = search.before_trial(trials.count - 1);
        let Some(shifts) = search.pull_back(extractor, scale, before, self.results)? else {
            return Ok(None);
        };
        let with_shifts = extractor.with_found_shifts(&shifts)?;
        let stage = before + search.pullback + 1;
        let comparison = self.results.comparison(search, stage, &with_shifts)?;
        let Some(values) = comparison else { return Ok(None) };
        let precision = extractor.network().target().precision();
        let gaps = values.gaps(&search.state.chosen);
        Ok(Some(Trial::of(&shifts, &gaps, precision)))
    }

    fn shifts(&mut self, scale: ShiftScale) -> Result<Option<Shifts>, Error> {
        let before = self.search.before_trial(self.search.trials());
        self.search.pull_back(self.extractor, scale, before, self.results)
    }
}
