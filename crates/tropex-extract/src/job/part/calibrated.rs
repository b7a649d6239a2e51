//! The calibrated gauge in parts: searches until the check at all points refutes none.

use super::search::{PartSearch, StageResults};
use super::stage_name::StageName;
use super::stage_result::{StageFiles, StageResult};
use crate::function::OwnTermValues;
use crate::gauge::Shifts;
use crate::gauge::tight::{PartPullback, StageMinimum};
use crate::terms::DominanceGap;
use crate::{Error, Extractor};

/// The result of all searches.
pub(super) struct Calibrated {
    pub(super) shifts: Shifts,
    /// The excess of other terms at every point, from the last check.
    pub(super) gaps: Vec<DominanceGap>,
}

/// Searches until a check refutes nothing; `None` if a stage ended it. `search` becomes the last
/// search that began. `points` is the number of all points.
pub(super) fn calibrate(
    search: &mut PartSearch,
    extractor: &Extractor,
    points: usize,
    results: &mut dyn StageResults,
) -> Result<Option<Calibrated>, Error> {
    let precision = extractor.network().target().precision();
    loop {
        let Some(shifts) = search.run(extractor, results)? else { return Ok(None) };
        let with_shifts = extractor.with_found_shifts(&shifts)?;
        if !results.terms(search, &with_shifts)? {
            return Ok(None);
        }
        let Some(values) = results.check(search, points)? else { return Ok(None) };
        let all: Vec<usize> = (0..points).collect();
        let gaps = values.gaps(&all);
        match search.after_check(shifts.shift_scale(), &gaps, precision) {
            None => return Ok(Some(Calibrated { shifts, gaps })),
            Some(next) => *search = next,
        }
    }
}

/// Reads the results of all parts, and joins those of one stage if asked.
pub(super) struct ReadResults<'a> {
    pub(super) files: StageFiles<'a>,
    /// The stage whose results are joined in one file; it ends the search.
    pub(super) reduced: Option<usize>,
}

impl ReadResults<'_> {
    /// Whether the search ends before a stage.
    fn is_after(&self, stage: usize) -> bool {
        self.reduced.is_some_and(|reduced| reduced < stage)
    }

    fn result<R: StageResult>(
        &self,
        (name, stage): (StageName, usize),
        points: usize,
    ) -> Result<Option<R>, Error> {
        if self.is_after(stage) {
            return Ok(None);
        }
        let is_reduced = self.reduced == Some(stage);
        if is_reduced && self.files.reduced::<R>(name, points)?.is_some() {
            return Ok(None);
        }
        let result: R = self.files.all((name, stage), points)?;
        if is_reduced {
            self.files.write_reduced(name, &result)?;
            return Ok(None);
        }
        Ok(Some(result))
    }
}

impl StageResults for ReadResults<'_> {
    fn minimum(
        &mut self,
        search: &PartSearch,
        stage: usize,
        _: &PartPullback<'_>,
    ) -> Result<Option<StageMinimum>, Error> {
        self.result((search.name(stage), stage), 0)
    }

    fn comparison(
        &mut self,
        search: &PartSearch,
        stage: usize,
        _: &Extractor,
    ) -> Result<Option<OwnTermValues>, Error> {
        self.result((search.name(stage), stage), search.state.chosen.len())
    }

    fn terms(&mut self, search: &PartSearch, _: &Extractor) -> Result<bool, Error> {
        Ok(self.reduced.is_none_or(|reduced| reduced > search.terms()))
    }

    fn check(
        &mut self,
        search: &PartSearch,
        points: usize,
    ) -> Result<Option<OwnTermValues>, Error> {
        self.result((search.name(search.check()), search.check()), points)
    }
}
