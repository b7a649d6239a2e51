//! The results of all parts for a part that does its own work first.

use std::mem::take;

use tropex_kernels::Cancelled;

use super::PartOutcome;
use super::calibrated::calibrate;
use super::kept_rows::KeptRows;
use super::piece_record::PieceRecord;
use super::search::{PartSearch, StageResults};
use super::stage_result::StageResult;
use super::work::PartWork;
use crate::function::OwnTermValues;
use crate::gauge::tight::{PartPullback, StageMinimum};
use crate::job::Progress;
use crate::{Error, Extractor};

impl PartWork<'_> {
    /// Searches for the calibrated shifts and extracts terms, up to a stage or to the end.
    pub(super) fn run_calibrated(
        &self,
        mut search: PartSearch,
        until: Option<usize>,
    ) -> Result<PartOutcome, Error> {
        let mut results = PartResults {
            work: self,
            until,
            rows: KeptRows::Lost,
            terms: None,
            records: Vec::new(),
        };
        let found = calibrate(&mut search, self.extractor, self.source.len(), &mut results)?;
        let stages = search.check();
        match (until, found, results.terms) {
            (Some(stage), Some(_), _) => Err(Error::NoStage { stage, stages }),
            (Some(stage), None, Some(terms)) if stage == search.terms() => Ok(terms),
            (Some(stage), ..) => Ok(PartOutcome::Stage { stage, stages, points: self.points() }),
            (None, _, Some(terms)) => Ok(terms),
            (None, _, None) => Err(Error::NoStage { stage: 0, stages }),
        }
    }
}

/// Does the work of a part in every stage, and then reads the results of all parts.
struct PartResults<'a, 'w> {
    work: &'a PartWork<'w>,
    /// The only stage to do; `None` for all.
    until: Option<usize>,
    /// The rows after the last stage.
    rows: KeptRows,
    /// What came of the terms.
    terms: Option<PartOutcome>,
    records: Vec<PieceRecord>,
}

impl PartResults<'_, '_> {
    fn is_after(&self, stage: usize) -> bool {
        self.until.is_some_and(|until| until < stage)
    }

    fn of_all<R: StageResult>(
        &self,
        search: &PartSearch,
        stage: usize,
        points: usize,
    ) -> Result<Option<R>, Error> {
        if self.until == Some(stage) {
            return Ok(None);
        }
        let name = (search.name(stage), stage, search.check());
        self.work.result_of_all(name, points, self.until.is_none()).map(Some)
    }
}

impl StageResults for PartResults<'_, '_> {
    fn minimum(
        &mut self,
        search: &PartSearch,
        stage: usize,
        pullback: &PartPullback<'_>,
    ) -> Result<Option<StageMinimum>, Error> {
        if self.is_after(stage) {
            return Ok(None);
        }
        let name = (search.name(stage), search.step(stage));
        self.rows = self.work.finish_stage(name, pullback, take(&mut self.rows))?;
        self.of_all(search, stage, 0)
    }

    fn comparison(
        &mut self,
        search: &PartSearch,
        stage: usize,
        extractor: &Extractor,
    ) -> Result<Option<OwnTermValues>, Error> {
        let (work, rows, state) = (self.work, take(&mut self.rows), &search.state);
        if self.is_after(stage) {
            return Ok(None);
        }
        let points = state.chosen.len();
        work.finish(search.name(stage), points, || work.compare(extractor, &rows, state))?;
        rows.remove()?;
        self.of_all(search, stage, points)
    }

    fn terms(&mut self, search: &PartSearch, extractor: &Extractor) -> Result<bool, Error> {
        // The full scale was not compared: its rows are not needed.
        take(&mut self.rows).remove()?;
        if self.is_after(search.terms()) {
            return Ok(false);
        }
        let (outcome, records) = self.work.extract(extractor, KeptRows::Lost)?;
        (self.terms, self.records) = (Some(outcome), records);
        Ok(self.until != Some(search.terms()))
    }

    fn check(
        &mut self,
        search: &PartSearch,
        points: usize,
    ) -> Result<Option<OwnTermValues>, Error> {
        let (work, stage) = (self.work, search.check());
        work.finish(search.name(stage), points, || work.compare_at_all(&self.records))?;
        self.of_all(search, stage, points)
    }

    fn begin_trial(&mut self, trial: usize, of: usize) -> Result<(), Error> {
        Ok(Cancelled::check((self.work.progress)(Progress::Trial { trial, of }))?)
    }
}
