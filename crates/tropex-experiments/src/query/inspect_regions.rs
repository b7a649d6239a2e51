//! Linear regions of single images, their nearest boundaries, and the straight path to another
//! image.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use serde::Serialize;
use tropex_extract::{Cancelled, Network, PointSource};
use tropex_geometry::{
    Distances, Facet, LargestBall, Nearest, NearestBoundaries, Paths, Patterns, Polytope,
    RedundancyRemoval, Regions,
};

use crate::Error;
use crate::data::{ImagePoints, Split};

/// An image and its linear region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegionInspection {
    /// The image, counted from 0.
    pub image: usize,
    /// The class that the network predicts.
    pub predicted: usize,
    /// A hash of the activation pattern of the region.
    pub region: String,
    /// The nearest boundary in the l2, the l-infinity and the l1 norm; `None` for a region without
    /// boundary.
    pub nearest: [Option<NearestBoundary>; 3],
    /// What lies beyond the boundaries that contain the image, if there are any. The image then has
    /// distance 0 from them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touching: Option<TouchingSides>,
    /// Facets and largest ball of the region, if [`InspectOptions::shape`] asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<RegionShape>,
    /// The path to [`InspectOptions::to`].
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(rename = "way")]
    pub path: Option<PathToImage>,
}

/// The nearest boundary of a region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NearestBoundary {
    /// Distance from the image.
    pub distance: f64,
    /// Number of the node whose unit changes, counted from 1 since the input is node 0.
    pub node: usize,
    /// Name of its operation.
    pub op: String,
    /// Unit of the node, counted from 0.
    pub unit: usize,
}

/// The boundaries that contain an image, and the next ones.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TouchingSides {
    /// Number of boundaries that contain the image.
    pub sides: usize,
    /// The nearest of all other boundaries in the l2, the l-infinity and the l1 norm.
    pub beyond: [Option<NearestBoundary>; 3],
}

/// A region as a polytope.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegionShape {
    /// Number of inequalities, one per unit and per competitor in a pooling window.
    pub sides: usize,
    /// Number of inequalities found so far that others do not imply.
    pub facets: usize,
    /// Number of inequalities examined.
    pub examined: usize,
    /// Whether everything was found within the time limit.
    pub complete: bool,
    /// Radius of the largest ball in the region; `None` if balls in it have any radius, or if it
    /// was not found within the time limit.
    pub inradius: Option<f64>,
}

/// Progress of the inspection of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RegionProgress {
    /// The image.
    pub image: usize,
    /// The current task.
    pub task: &'static str,
    /// Finished units of work.
    pub done: usize,
    /// All units of work.
    pub total: usize,
}

/// Is called with the progress of an inspection. `Break` cancels it.
type RegionProgressFn<'a> = &'a dyn Fn(RegionProgress) -> ControlFlow<()>;

/// The straight path from one image to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PathToImage {
    /// The other image.
    pub to: usize,
    /// Distance between the two images.
    pub length: f64,
    /// Number of linear regions on the path, including the first and the last.
    pub regions: usize,
    /// End of the first region, as a share of the path.
    pub first_crossing: Option<f64>,
    /// Position at which the predicted class first changes, as a share of the path, and the class
    /// behind it.
    pub class_change: Option<(f64, usize)>,
}

/// The images to inspect, and the results to compute.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InspectOptions {
    /// The images.
    pub images: Vec<usize>,
    /// The split that the images belong to.
    pub split: Split,
    /// Whether to find facets and the largest ball, by linear programs.
    pub shape: bool,
    /// Time limit for the linear programs of an image.
    pub time_limit: Option<Duration>,
    /// The end of the path.
    pub to: Option<usize>,
}

impl InspectOptions {
    /// The regions and nearest boundaries of images of a split.
    pub fn new(split: Split, images: Vec<usize>) -> Self {
        Self { images, split, shape: false, time_limit: None, to: None }
    }

    /// Sets whether to find facets and the largest ball.
    #[must_use]
    pub fn with_shape(self, shape: bool) -> Self {
        Self { shape, ..self }
    }

    /// Sets the time limit for the linear programs of an image.
    #[must_use]
    pub fn with_time_limit(self, time_limit: Option<Duration>) -> Self {
        Self { time_limit, ..self }
    }

    /// Sets the image that paths lead to.
    #[must_use]
    pub fn with_to(self, to: Option<usize>) -> Self {
        Self { to, ..self }
    }
}

/// Finds regions, nearest boundaries and paths of images, one image after the other. The device of
/// the network must support f64.
///
/// # Errors
/// [`Error::NoImage`]; numbers beyond the range of f64; linear programs that do not converge;
/// [`Error::Cancelled`].
pub fn inspect_regions(
    network: &Network,
    points: &ImagePoints<'_>,
    options: &InspectOptions,
    progress: RegionProgressFn<'_>,
) -> Result<Vec<RegionInspection>, Error> {
    let (regions, paths) = (Regions::new(network)?, Paths::new(network)?);
    let inspector = RegionInspector { regions: &regions, paths: &paths, points };
    if let Some(&missing) = options.images.iter().chain(&options.to).find(|&&i| i >= points.len()) {
        return Err(Error::NoImage { image: missing, split: options.split, images: points.len() });
    }
    let mut found = Vec::with_capacity(options.images.len());
    for &image in &options.images {
        found.push(inspector.inspect(image, options, progress)?);
    }
    Ok(found)
}

struct RegionInspector<'a> {
    regions: &'a Regions,
    paths: &'a Paths,
    points: &'a ImagePoints<'a>,
}

impl RegionInspector<'_> {
    fn point(&self, image: usize) -> Vec<f64> {
        self.points.read(image..image + 1).into_iter().map(f64::from).collect()
    }

    fn inspect(
        &self,
        image: usize,
        options: &InspectOptions,
        progress: RegionProgressFn<'_>,
    ) -> Result<RegionInspection, Error> {
        let report = |task: &'static str, done: usize, total: usize| {
            progress(RegionProgress { image, task, done, total })
        };
        let rows = self.regions.rows_per_point();
        let network = self.regions.network();
        let point = self.point(image);
        let predicted = network.classify(&point)?[0];
        let region = Patterns::new(network).of(&point)?[0].id();
        let distances = self
            .regions
            .distances_with_progress(&point, &|done| report("looking for boundaries", done, rows))?
            .remove(0);
        let shape = || -> Result<RegionShape, Error> {
            let read = |done| report("reading sides", done, rows);
            let polytope = self.regions.polytope_with_progress(&point, &read)?;
            let sides = polytope.sides();
            let report = |done| report("looking for facets", done, sides);
            RegionShape::of(&polytope, options.time_limit, &report)
        };
        let Distances { l1, l2, linf, .. } = &distances;
        Ok(RegionInspection {
            image,
            predicted,
            region: region.to_string(),
            nearest: NearestBoundary::of_norms(network, [l2, linf, l1]),
            touching: TouchingSides::of(network, &distances),
            shape: options.shape.then(shape).transpose()?,
            path: options.to.map(|to| self.path(&point, to)).transpose()?,
        })
    }

    fn path(&self, from: &[f64], to: usize) -> Result<PathToImage, Error> {
        let end = self.point(to);
        let step: Vec<f64> = end.iter().zip(from).map(|(to, from)| to - from).collect();
        let path = self.paths.segments(from, &end)?.remove(0);
        let change = self.paths.class_changes(from, &step, 1.0)?.remove(0);
        Ok(PathToImage {
            to,
            length: step.iter().map(|step| step * step).sum::<f64>().sqrt(),
            regions: path.regions(),
            first_crossing: path.crossings.first().map(|crossing| crossing.at),
            class_change: change.map(|change| (change.at, change.to)),
        })
    }
}

impl TouchingSides {
    fn of(network: &Network, distances: &Distances) -> Option<Self> {
        let NearestBoundaries { l1, l2, linf } = &distances.beyond;
        let beyond = || NearestBoundary::of_norms(network, [l2, linf, l1]);
        (distances.touching > 0).then(|| Self { sides: distances.touching, beyond: beyond() })
    }
}

impl NearestBoundary {
    fn of_norms(network: &Network, nearest: [&Option<Nearest>; 3]) -> [Option<Self>; 3] {
        nearest.map(|nearest| Some(Self::of(network, nearest.as_ref()?)))
    }

    fn of(network: &Network, nearest: &Nearest) -> Self {
        let Facet { node, unit, .. } = nearest.facet;
        let op = network.nodes()[node].op().name().to_owned();
        Self { distance: nearest.distance, node: node + 1, op, unit }
    }
}

impl RegionShape {
    fn of(
        polytope: &Polytope,
        time_limit: Option<Duration>,
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Self, Error> {
        let deadline = time_limit.and_then(|limit| Instant::now().checked_add(limit));
        let RedundancyRemoval { polytope: essential, examined, is_complete } =
            polytope.irredundant_until(deadline, &|examined, _| progress(examined))?;
        if !is_complete {
            // Either the deadline has passed or the callback has cancelled the search.
            Cancelled::check(progress(examined))?;
        }
        let ball = match is_complete {
            true => essential.ball_until(deadline)?,
            false => LargestBall::OutOfTime,
        };
        Ok(Self {
            sides: polytope.sides(),
            facets: essential.sides(),
            examined,
            complete: ball != LargestBall::OutOfTime,
            inradius: match ball {
                LargestBall::Ball(ball) => Some(ball.radius),
                LargestBall::Unbounded | LargestBall::OutOfTime => None,
            },
        })
    }
}
