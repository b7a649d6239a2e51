//! The ranking of the stored terms of a run at images, by one process or in parts.

use std::ops::Range;

use serde_json::json;
use tropex_extract::function::Ranking;
use tropex_extract::job::PartNumber;
use tropex_extract::points::PointRange;
use tropex_extract::{Devices, ExtractedFunction, Gauge, Network, PointSource, TermStore};
use tropex_train::data::Dataset;
use tropex_train::run::Run;

use super::assignment_work::BATCH;
use super::partial_files::PartialFiles;
use super::pipeline::open_terms;
use super::pointwise::{PointwiseWork, range_of};
use super::progress::{ProgressFn, TaskProgress};
use crate::Error;
use crate::data::{ImagePoints, Split};

/// The terms of a run's training images, and the images at which they are compared.
pub(crate) struct TermRanking<'a> {
    pub(crate) store: TermStore,
    pub(crate) network: Network,
    pub(crate) points: ImagePoints<'a>,
    run: &'a Run,
    devices: Devices,
    split: Split,
    top: usize,
}

/// What a part did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RankedPart {
    /// Folder of the results.
    pub folder: std::path::PathBuf,
    /// Points of the part.
    pub points: usize,
    /// Whether the part was finished before.
    pub is_known: bool,
}

impl<'a> TermRanking<'a> {
    /// Opens the terms. Number of images: with every class in proportion; `None` for all of them.
    ///
    /// # Errors
    /// [`Error::NoTerms`], [`Error::StaleTerms`].
    pub(crate) fn open(
        run: &'a Run,
        dataset: &'a Dataset,
        devices: Devices,
        (gauge, split, limit, top): (Gauge, Split, Option<usize>, usize),
    ) -> Result<Self, Error> {
        let (store, network) = open_terms(run, dataset, devices.first(), gauge)?;
        let points = ImagePoints::new(split.of(dataset), limit);
        Ok(Self { store, network, points, run, devices, split, top })
    }

    /// Computes the ranking at a range of the images. Several devices share them if there are many.
    pub(crate) fn stream(
        &self,
        range: Range<usize>,
        (task, progress): (&str, ProgressFn<'_>),
        take: &mut dyn FnMut(Ranking),
    ) -> Result<(), Error> {
        let function = ExtractedFunction::new(&self.store, self.devices.first())?;
        let function = function.share_with(self.devices.others())?;
        let all = range.len() * self.store.len();
        let report = |pairs| progress(TaskProgress::new(task, pairs, all));
        let points = PointRange::new(&self.points, range);
        Ok(function.stream(&points, self.top, &report, take)?)
    }

    /// Computes the ranking at the images of a part, and writes it to the file of the part.
    ///
    /// # Errors
    /// Damaged shards; a file that cannot be read or written; [`Error::Cancelled`].
    pub(crate) fn rank_part(
        &self,
        part: PartNumber,
        progress: (&str, ProgressFn<'_>),
    ) -> Result<RankedPart, Error> {
        let files = self.files(part.of())?;
        let work = RankingWork { ranking: self, progress };
        let (_, is_known) = files.find_or_compute(part, &work)?;
        let (folder, points) = (files.folder().to_owned(), range_of(part, &work).len());
        Ok(RankedPart { folder, points, is_known })
    }

    /// The rankings of all parts, in the order of the images.
    ///
    /// # Errors
    /// [`tropex_extract::Error::MissingParts`].
    pub(crate) fn joined(&self, of: usize) -> Result<Vec<Ranking>, Error> {
        let files = self.files(of)?;
        let pieces = files.join()?;
        let rankings = pieces.iter().map(|piece| Ranking::from_bytes(piece));
        let rankings: Vec<_> = rankings.collect::<Option<_>>().ok_or_else(|| files.damaged())?;
        let points: usize = rankings.iter().map(|ranking| ranking.assignments.len()).sum();
        match points == self.points.len() {
            true => Ok(rankings),
            false => Err(files.damaged()),
        }
    }

    fn files(&self, of: usize) -> Result<PartialFiles, Error> {
        let settings = json!({ "points": self.points.summary(), "top": self.top });
        PartialFiles::new(self.run, &self.store, (&self.name(), &settings), of)
    }

    fn name(&self) -> String {
        format!("terms-at-{}", self.split)
    }
}

/// The images as work that parts share.
struct RankingWork<'a> {
    ranking: &'a TermRanking<'a>,
    progress: (&'a str, ProgressFn<'a>),
}

impl PointwiseWork for RankingWork<'_> {
    fn name(&self) -> String {
        self.ranking.name()
    }

    fn points(&self) -> usize {
        self.ranking.points.len()
    }

    fn batch(&self) -> usize {
        BATCH
    }

    fn compute(&self, range: Range<usize>) -> Result<Vec<u8>, Error> {
        let mut all = Ranking::default();
        self.ranking.stream(range, self.progress, &mut |ranking| all.append(ranking))?;
        Ok(all.to_bytes())
    }
}
