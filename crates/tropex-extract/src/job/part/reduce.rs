//! The reduction between two stages: the minima of all parts become one file.

use std::path::Path;

use super::identity::identity_of_all;
use super::reduced_stage;
use super::stage_work::minimum_of_parts;
use super::work::{check_stage, require_divisible};
use crate::job::ExtractOptions;
use crate::job::extract_store::{existing, header};
use crate::{Error, Extractor, PointSource, TermStore};

impl TermStore {
    /// Joins the minima that all parts found in a stage of the search for the tight shifts. The
    /// parts then read one file before the next stage, instead of one file per part. Parts without
    /// this file read the files of all parts, with equal results. A finished reduction is not
    /// repeated, and merged parts need none.
    ///
    /// # Errors
    /// A stage that the gauge or the network does not have; parts that are missing or have not
    /// finished the stage; parts of other settings, weights or points; a file that cannot be read or
    /// written.
    pub fn reduce_stage(
        folder: &Path,
        extractor: &Extractor,
        source: &dyn PointSource,
        (stage, parts): (usize, usize),
        options: &ExtractOptions,
    ) -> Result<(), Error> {
        require_divisible(extractor)?;
        check_stage(extractor, Some(stage))?;
        let terms = header(extractor, source, options.shard_bytes)?;
        if existing(folder, &terms, options)?.is_some_and(|manifest| manifest.check.is_some()) {
            return Ok(());
        }
        let identity = identity_of_all(folder, parts, &terms)?;
        match reduced_stage::find(folder, &identity, stage)? {
            Some(_) => Ok(()),
            None => {
                let minimum = minimum_of_parts(folder, &identity, stage)?;
                reduced_stage::write(folder, &identity, stage, &minimum)
            }
        }
    }
}
