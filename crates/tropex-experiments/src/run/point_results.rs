//! Results for single points: computed here, or by parts.

use serde_json::json;
use tropex_extract::job::PartNumber;

use super::part_mode::PartMode;
use super::partial_files::PartialFiles;
use super::pointwise::PointwiseWork;
use super::run_context::RunContext;
use crate::Error;
use crate::data::Split;

impl RunContext<'_> {
    /// The results of a work for all points, in pieces that follow each other.
    ///
    /// # Errors
    /// Errors of the work; parts that are not finished.
    pub(crate) fn results(&self, work: &dyn PointwiseWork) -> Result<Vec<Vec<u8>>, Error> {
        match self.part_mode() {
            PartMode::Joined(of) => self.partial_files(work, of)?.join(),
            _ => Ok(vec![work.compute(0..work.points())?]),
        }
    }

    /// The results of a part of a work: those in its file, or new ones, which are written.
    ///
    /// # Errors
    /// Errors of the work; a file that cannot be read or written.
    pub(crate) fn compute_part(
        &self,
        work: &dyn PointwiseWork,
        part: PartNumber,
    ) -> Result<Vec<u8>, Error> {
        let (results, _) = self.partial_files(work, part.of())?.find_or_compute(part, work)?;
        Ok(results)
    }

    /// The files of the parts of a work.
    pub(crate) fn partial_files(
        &self,
        work: &dyn PointwiseWork,
        of: usize,
    ) -> Result<PartialFiles, Error> {
        let settings = json!({
            "points": self.points(Split::Test).summary(),
            "training points": self.points(Split::Train).summary(),
            "seed": self.settings().seed,
        });
        PartialFiles::new(self.run(), self.store()?, (&work.name(), &settings), of)
    }
}
