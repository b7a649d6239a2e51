//! Which training images' terms win at images.

use serde::Serialize;
use tropex_extract::function::{Ranked, WorkStats};
use tropex_extract::{Devices, ExtractedFunction, Gauge, PointSource};
use tropex_train::data::{Dataset, SubsetSummary};
use tropex_train::run::Run;

use crate::pipeline::{open_terms, predict, term_points};
use crate::{Error, ImagePoints, Split};

/// Which terms to assign images to, and which images.
#[derive(Clone, Debug)]
pub struct AssignSettings {
    /// The gauge of the terms, which are those of the training images.
    pub gauge: Gauge,
    /// The images to assign.
    pub split: Split,
    /// Number of images, every class in its share; `None` for all of them.
    pub limit: Option<usize>,
    /// How many of the best terms are wanted for each.
    pub top: usize,
}

/// An image and the terms that are best there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AssignedImage {
    /// Index of the image in its split.
    pub image: usize,
    /// Its true class.
    pub label: usize,
    /// The class that the network gives it.
    pub network: usize,
    /// Index of the training image whose negative term wins.
    pub negative: usize,
    /// The best positive terms, best first; the class of the first is that of the extracted
    /// function.
    pub best: Vec<RankedImage>,
}

/// One of the best positive terms at an image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankedImage {
    /// Index of the training image whose term it is.
    pub training_image: usize,
    /// The class that the term stands for.
    pub class: usize,
    /// Its value less that of the winning negative term.
    pub value: f64,
    /// How much less it is worth than the best.
    pub gap: f64,
}

/// The images, and what their assignment took.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignedImages {
    /// In the order of the split.
    pub images: Vec<AssignedImage>,
    /// What was taken of the split.
    pub taken: SubsetSummary,
    /// The training images whose terms take part.
    pub terms: SubsetSummary,
    /// How many values had to be computed in which way.
    pub effort: WorkStats,
}

/// Assigns images to the terms of a run's training images. Several devices share the images, if
/// these are many. `progress` is told pairs of image and term looked at, of all.
///
/// # Errors
/// No terms, or terms of other weights or images; damaged shards.
pub fn assign(
    run: &Run,
    dataset: &Dataset,
    devices: impl Into<Devices>,
    settings: &AssignSettings,
    progress: &dyn Fn(usize, usize),
) -> Result<AssignedImages, Error> {
    let devices = devices.into();
    let (store, network) = open_terms(run, dataset, devices.first(), settings.gauge)?;
    let points = ImagePoints::new(settings.split.of(dataset), settings.limit);
    let predicted = predict(&network, &points)?;
    let function = ExtractedFunction::new(&store, devices.first())?;
    let function = function.share_with(devices.others())?;
    let all = points.len() * store.len();
    let with_terms = term_points(&store, dataset)?;
    let mut assigned = AssignedImages {
        images: Vec::with_capacity(points.len()),
        taken: points.summary(),
        terms: with_terms.summary(),
        effort: WorkStats::default(),
    };
    let report = |pairs| progress(pairs, all);
    function.stream(&points, settings.top, &report, &mut |standings| {
        assigned.effort = assigned.effort.with(standings.work);
        for (winner, best) in standings.assignments.into_iter().zip(standings.best) {
            let point = assigned.images.len();
            let (image, label) = (points.index(point), points.label(point));
            let (network, negative) = (predicted[point], with_terms.index(winner.negative));
            let best = best.into_iter().map(|Ranked { position, class, value, gap }| RankedImage {
                training_image: with_terms.index(position),
                class,
                value,
                gap,
            });
            let best = best.collect();
            assigned.images.push(AssignedImage { image, label, network, negative, best });
        }
    })?;
    Ok(assigned)
}
