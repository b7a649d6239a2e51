//! The reduction between two stages: the results of all parts become one file.

use std::path::Path;

use super::calibrated::{ReadResults, calibrate};
use super::identity::identity_of_all;
use super::stage_name::StageName;
use super::stage_result::StageFiles;
use super::work::check_stage;
use crate::gauge::tight::StageMinimum;
use crate::job::ExtractOptions;
use crate::job::extract_store::{existing, header};
use crate::{Error, Extractor, PointSource, TermStore};

impl TermStore {
    /// Joins what all parts found in a stage of the search for the tight or the calibrated shifts.
    /// The parts then read one file before the next stage, instead of one file per part. Parts
    /// without this file read the files of all parts, with equal results. A finished reduction is
    /// not repeated, and merged parts need none.
    ///
    /// # Errors
    /// A stage that the gauge or the network does not have; parts that are missing or have not
    /// finished the stage; parts of other settings, weights or points; a file that cannot be read
    /// or written.
    pub fn reduce_stage(
        folder: &Path,
        extractor: &Extractor,
        source: &dyn PointSource,
        (stage, parts): (usize, usize),
        options: &ExtractOptions,
    ) -> Result<(), Error> {
        check_stage(extractor, Some(stage))?;
        let terms = header(extractor, source, options.shard_bytes)?;
        if existing(folder, &terms, options)?.is_some_and(|manifest| manifest.check.is_some()) {
            return Ok(());
        }
        let identity = &identity_of_all(folder, parts, &terms)?;
        let files = StageFiles { folder, identity };
        let Some(mut search) = identity.search(extractor, source) else {
            return reduce_tight(files, stage);
        };
        let mut results = ReadResults { files, reduced: Some(stage) };
        match calibrate(&mut search, extractor, source.len(), &mut results)? {
            None => Ok(()),
            Some(_) => Err(Error::NoStage { stage, stages: search.check() }),
        }
    }
}

fn reduce_tight(files: StageFiles<'_>, stage: usize) -> Result<(), Error> {
    let name = StageName::tight(stage);
    if files.reduced::<StageMinimum>(name, 0)?.is_some() {
        return Ok(());
    }
    let minimum: StageMinimum = files.all((name, stage), 0)?;
    files.write_reduced(name, &minimum)
}
