//! Assigns images to the training images whose terms win there.

use serde::Serialize;
use tropex_extract::function::{RankedTerm, Ranking, WorkStats};
use tropex_extract::job::PartNumber;
use tropex_extract::{Devices, Gauge, PointSource};
use tropex_train::data::{Dataset, SubsetSummary};
use tropex_train::run::Run;

use crate::Error;
use crate::data::{ImagePoints, Split};
use crate::run::{ProgressFn, RankedPart, TermRanking, predict, term_points};

/// The images to assign, and the terms that compete.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AssignSettings {
    /// The gauge of the terms of the training images.
    pub gauge: Gauge,
    /// The images to assign.
    pub split: Split,
    /// Number of images, with every class in proportion; `None` for all of them.
    pub limit: Option<usize>,
    /// Number of best terms per image.
    pub top: usize,
}

impl Default for AssignSettings {
    fn default() -> Self {
        Self { gauge: Gauge::WorstCase, split: Split::Test, limit: None, top: 1 }
    }
}

impl AssignSettings {
    /// Sets the gauge of the terms of the training images.
    #[must_use]
    pub fn with_gauge(self, gauge: Gauge) -> Self {
        Self { gauge, ..self }
    }

    /// Sets the split to assign.
    #[must_use]
    pub fn with_split(self, split: Split) -> Self {
        Self { split, ..self }
    }

    /// Sets the number of images; `None` for all of them.
    #[must_use]
    pub fn with_limit(self, limit: Option<usize>) -> Self {
        Self { limit, ..self }
    }

    /// Sets the number of best terms per image.
    #[must_use]
    pub fn with_top(self, top: usize) -> Self {
        Self { top, ..self }
    }
}

/// An image and its best terms.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AssignedImage {
    /// Index of the image in its split.
    pub image: usize,
    /// True class.
    pub label: usize,
    /// Class that the network predicts.
    pub network: usize,
    /// Index of the training image whose negative term wins.
    pub negative: usize,
    /// The best positive terms in descending order; the class of the first one is the class of the
    /// extracted function.
    pub best: Vec<RankedImage>,
}

/// One of the best positive terms at an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankedImage {
    /// Index of the training image that the term belongs to.
    pub training_image: usize,
    /// Class of the term.
    pub class: usize,
    /// Value of the term minus the value of the winning negative term.
    pub value: f64,
    /// Value of the best term minus the value of this one.
    pub gap: f64,
}

/// Assigned images, and the work of the assignment.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignedImages {
    /// The images, in the order of the split.
    pub images: Vec<AssignedImage>,
    /// The choice of these images from the split.
    pub taken: SubsetSummary,
    /// The training images whose terms compete.
    pub terms: SubsetSummary,
    /// Numbers of values by the way they were computed.
    pub work: WorkStats,
}

/// Name of the task in progress reports.
const ASSIGNING: &str = "assigning images to terms";

/// Assigns images to the terms of a run's training images. Several devices share the images if
/// there are many.
///
/// # Errors
/// [`Error::NoTerms`], [`Error::StaleTerms`], damaged shards, [`Error::Cancelled`].
pub fn assign(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &AssignSettings,
    progress: ProgressFn<'_>,
) -> Result<AssignedImages, Error> {
    let ranking = settings.ranking(run, dataset, devices.into())?;
    let mut assigned = Assigned::new(&ranking, dataset)?;
    let all = 0..ranking.points.len();
    ranking.stream(all, (ASSIGNING, progress), &mut |found| assigned.add(found))?;
    Ok(assigned.images)
}

/// Assigns the images of a part, for [`assign_joined`]. Every part reads all terms. A part may be
/// repeated.
///
/// # Errors
/// Those of [`assign`]; a file of the part that cannot be read or written.
pub fn assign_part(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &AssignSettings,
    part: PartNumber,
    progress: ProgressFn<'_>,
) -> Result<RankedPart, Error> {
    let ranking = settings.ranking(run, dataset, devices.into())?;
    ranking.rank_part(part, (ASSIGNING, progress))
}

/// The result of [`assign`] from the files of a number of parts.
///
/// # Errors
/// [`tropex_extract::Error::MissingParts`]; those of [`assign`].
pub fn assign_joined(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &AssignSettings,
    parts: usize,
) -> Result<AssignedImages, Error> {
    let ranking = settings.ranking(run, dataset, devices.into())?;
    let joined = ranking.joined(parts)?;
    let mut assigned = Assigned::new(&ranking, dataset)?;
    joined.into_iter().for_each(|found| assigned.add(found));
    Ok(assigned.images)
}

impl AssignSettings {
    fn ranking<'a>(
        &self,
        run: &'a Run,
        dataset: &'a Dataset,
        devices: Devices,
    ) -> Result<TermRanking<'a>, Error> {
        TermRanking::open(run, dataset, devices, (self.gauge, self.split, self.limit, self.top))
    }
}

/// The images that are assigned so far.
struct Assigned<'a> {
    images: AssignedImages,
    points: &'a ImagePoints<'a>,
    with_terms: ImagePoints<'a>,
    predicted: Vec<usize>,
}

impl<'a> Assigned<'a> {
    fn new(ranking: &'a TermRanking<'a>, dataset: &'a Dataset) -> Result<Self, Error> {
        let points = &ranking.points;
        let predicted = predict(&ranking.network, points)?;
        let with_terms = term_points(&ranking.store, dataset)?;
        let images = AssignedImages {
            images: Vec::with_capacity(points.len()),
            taken: points.summary(),
            terms: with_terms.summary(),
            work: WorkStats::default(),
        };
        Ok(Self { images, points, with_terms, predicted })
    }

    /// Adds the ranking at the next images.
    fn add(&mut self, ranking: Ranking) {
        let Self { images: assigned, points, with_terms, predicted } = self;
        assigned.work = assigned.work.with(ranking.work);
        for (winner, best) in ranking.assignments.into_iter().zip(ranking.best) {
            let point = assigned.images.len();
            let (image, label) = (points.index(point), points.label(point));
            let (network, negative) = (predicted[point], with_terms.index(winner.negative));
            let best = best.into_iter().map(|RankedTerm { position, class, value, gap }| {
                RankedImage { training_image: with_terms.index(position), class, value, gap }
            });
            let best = best.collect();
            assigned.images.push(AssignedImage { image, label, network, negative, best });
        }
    }
}
