//! Which training images' terms win at images.

use serde::{Serialize, Serializer};
use tropex_extract::terms::{Effort, Ranked};
use tropex_extract::{Devices, ExtractedFunction, Gauge, PointSource};
use tropex_train::data::Dataset;
use tropex_train::run::Run;

use crate::pipeline::{open_terms, predict};
use crate::{Error, ImagePoints, Split};

/// Which terms to assign images to, and which images.
#[derive(Clone, Debug)]
pub struct AssignSettings {
    /// The gauge of the terms, which are those of the training images.
    pub gauge: Gauge,
    /// The images to assign.
    pub split: Split,
    /// The first so many of them.
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
    /// Training image whose negative term wins.
    pub negative: usize,
    /// The best positive terms, best first; the class of the first is that of the extracted
    /// function. Positions are indices of training images.
    #[serde(serialize_with = "with_training_images")]
    pub best: Vec<Ranked>,
}

/// Writes terms as people know them here: by the training images that they were extracted at.
fn with_training_images<S: Serializer>(terms: &[Ranked], serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Term {
        training_image: usize,
        class: usize,
        value: f64,
        gap: f64,
    }
    serializer.collect_seq(terms.iter().map(|&Ranked { position, class, gap, value }| Term {
        training_image: position,
        class,
        value,
        gap,
    }))
}

/// The images, and what their assignment took.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignedImages {
    /// In the order of the split.
    pub images: Vec<AssignedImage>,
    /// How many values had to be computed in which way.
    pub effort: Effort,
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
    let function = function.share_with(devices.further())?;
    let all = points.len() * store.len();
    let mut assigned =
        AssignedImages { images: Vec::with_capacity(points.len()), effort: Effort::default() };
    let report = |pairs| progress(pairs, all);
    function.stream(&points, settings.top, &report, &mut |standings| {
        assigned.effort = assigned.effort.with(standings.effort);
        for (winner, best) in standings.assignments.into_iter().zip(standings.best) {
            let image = assigned.images.len();
            let (label, network) = (points.label(image), predicted[image]);
            let negative = winner.negative;
            assigned.images.push(AssignedImage { image, label, network, negative, best });
        }
    })?;
    Ok(assigned)
}
