//! The comparison of the terms of a part with the own terms of points, for the calibrated gauge.

use std::ops::Range;

use tropex_kernels::{Cancelled, WorkerPool};

use super::kept_rows::KeptRows;
use super::piece_record::PieceRecord;
use super::work::{PartWork, terms_of_batch};
use crate::function::{OwnTermSearch, OwnTermValues};
use crate::job::Progress;
use crate::job::calibration_state::CalibrationState;
use crate::points::read;
use crate::store::{IN_MEMORY, ShardFile};
use crate::terms::TermTable;
use crate::{ComputeTarget, Error, Extractor, Precision};

/// Bytes of points at which the terms of a part are compared at a time. The terms are read once for
/// them.
const POINT_BYTES: usize = 256 << 20;

impl PartWork<'_> {
    /// Compares the terms of the part under the shifts of an extractor at the selected points.
    /// `rows` are the rows at the input.
    pub(super) fn compare(
        &self,
        extractor: &Extractor,
        rows: &KeptRows,
        state: &CalibrationState,
    ) -> Result<OwnTermValues, Error> {
        if self.points() == 0 {
            return Ok(OwnTermValues::default());
        }
        let (points, target) = (state.read(self.source)?, self.search_target()?);
        let features = self.source.features();
        let mut search = OwnTermSearch::new(&points, &state.chosen, features, &target)?;
        let source = self.source;
        let work = |extractor: &&Extractor, batch: Range<usize>| {
            let terms =
                extractor.spec().on_batch(|| terms_of_batch(extractor, source, &batch, rows))?;
            Ok((batch, terms))
        };
        let (mut compared, of) = (0, self.points());
        let pool = WorkerPool { workers: &extractor.workers(), waiting: 1 };
        pool.run(self.batches(), work, |(batch, terms)| {
            search.add_table(&TermTable::of(&terms, batch.start, extractor.classes()));
            compared += batch.len();
            Cancelled::check((self.progress)(Progress::Checked { terms: compared, of }))?;
            Ok::<_, Error>(())
        })?;
        Ok(search.values())
    }

    /// Compares the extracted terms of the part at all points.
    pub(super) fn compare_at_all(&self, records: &[PieceRecord]) -> Result<OwnTermValues, Error> {
        if self.points() == 0 {
            return Ok(OwnTermValues::default());
        }
        let (features, target) = (self.source.features(), self.search_target()?);
        let (count, at_a_time) =
            (self.source.len(), POINT_BYTES / (2 * features * size_of::<f32>()));
        let mut all = OwnTermValues::default();
        for start in (0..count).step_by(at_a_time.max(1)) {
            let chosen: Vec<usize> = (start..count.min(start + at_a_time.max(1))).collect();
            let points = read(self.source, start..start + chosen.len())?;
            let mut search = OwnTermSearch::new(&points, &chosen, features, &target)?;
            for record in records {
                let terms = &self.identity.terms;
                let file = ShardFile::open(
                    self.own.path(),
                    &record.entry,
                    terms,
                    record.first,
                    IN_MEMORY,
                )?;
                for table in file {
                    search.add_table(&table?);
                }
            }
            all.append(search.values());
            let end = start + chosen.len();
            Cancelled::check((self.progress)(Progress::Checked { terms: end, of: count }))?;
        }
        Ok(all)
    }

    /// The target of products in a search.
    fn search_target(&self) -> Result<ComputeTarget, Error> {
        let device = self.extractor.network().target().device();
        Ok(ComputeTarget::new(device, Precision::F32)?)
    }
}
