//! The source of the terms of a batch.

use std::ops::Range;

use crate::gauge::tight::TightPullback;
use crate::points::read;
use crate::terms::{SelfCheck, Terms};
use crate::{Error, Extractor, PointSource};

/// The source of the terms of a batch.
pub(super) struct TermSource {
    /// The extractor with its shifts, if it needs them.
    pub(super) extractor: Extractor,
    /// The pullback that found the shifts; it holds the rows of all batches at the input.
    pub(super) pullback: Option<TightPullback>,
}

impl TermSource {
    /// A source that pulls back every batch under the shifts of the extractor.
    pub(super) fn of(extractor: Extractor) -> Self {
        Self { extractor, pullback: None }
    }

    /// The terms of a batch of points and their self-check, on the device of an extractor.
    pub(super) fn terms(
        &self,
        extractor: &Extractor,
        source: &dyn PointSource,
        batch: Range<usize>,
    ) -> Result<(Terms, SelfCheck), Error> {
        let start = batch.start;
        let points = read(source, batch)?;
        let terms = match &self.pullback {
            None => extractor.extract(&points)?,
            Some(pullback) => {
                let shifts = extractor.shifts().unwrap_or(pullback.shifts());
                pullback.take(extractor.spec(), shifts, start)?
            }
        };
        let check = extractor.check(&terms, &points)?;
        Ok((terms, check))
    }
}
