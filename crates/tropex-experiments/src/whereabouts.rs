//! What is around single images: their linear regions, the nearest boundaries, and what lies between
//! an image and another.

use std::time::{Duration, Instant};

use serde::Serialize;
use tropex_extract::{Network, PointSource};
use tropex_geometry::{
    Distances, Facet, LargestBall, Nearest, Paths, Patterns, Polytope, RedundancyRemoval, Regions,
};

use crate::{Error, ImagePoints, Split};

/// An image in its linear region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Whereabouts {
    /// The image, counted from 0.
    pub image: usize,
    /// The class that the network predicts.
    pub predicted: usize,
    /// The region, a hash of its activation pattern.
    pub region: String,
    /// The nearest boundary by the Euclidean norm, by the largest and by the sum of the absolute
    /// values; none where a region has no end.
    pub nearest: [Option<Boundary>; 3],
    /// The region's facets and the largest ball in it, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shape: Option<Shape>,
    /// What lies between it and another image, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub way: Option<Way>,
}

/// A boundary of a region.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Boundary {
    /// How far it is.
    pub distance: f64,
    /// The node whose unit changes there, by its number in `tropex inspect`: from 1 on, since the input
    /// is node 0.
    pub node: usize,
    /// Name of the operation.
    pub op: String,
    /// The unit of the node, counted from 0.
    pub unit: usize,
}

/// A region as a polytope.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shape {
    /// Inequalities, one for every unit and every rival in a pooling.
    pub sides: usize,
    /// Those that no others imply, as far as they are found.
    pub facets: usize,
    /// Inequalities of which it was decided whether others imply them.
    pub examined: usize,
    /// Whether everything was found in time.
    pub complete: bool,
    /// Radius of the largest ball inside; none if there is no largest one, or if it was not found in
    /// time.
    pub inradius: Option<f64>,
}

/// What is under way around an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The image.
    pub image: usize,
    /// What is being done.
    pub what: &'static str,
    /// Parts of it that are done.
    pub done: usize,
    /// All of its parts.
    pub of: usize,
}

/// The straight way from an image to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Way {
    /// The other image.
    pub to: usize,
    /// The distance of the two.
    pub length: f64,
    /// Linear regions on the way, the first and the last among them.
    pub regions: usize,
    /// Where the first of them ends, as a share of the way.
    pub first_crossing: Option<f64>,
    /// Where the predicted class first changes, as a share of the way, and the class beyond.
    pub class_change: Option<(f64, usize)>,
}

/// What to find out about images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inquiry {
    /// The images.
    pub images: Vec<usize>,
    /// What they are counted in.
    pub split: Split,
    /// Find facets too, by rays and linear programs.
    pub shape: bool,
    /// Time for the facets and the ball of an image; then what is known so far has to do.
    pub time_limit: Option<Duration>,
    /// The image to go to.
    pub to: Option<usize>,
}

/// Finds out where images are, one after the other; `progress` is told what is under way. The network
/// must be on a device with f64.
///
/// # Errors
/// Images that are not there; numbers beyond f64; linear programs that do not end.
pub fn whereabouts(
    network: &Network,
    points: &ImagePoints<'_>,
    inquiry: &Inquiry,
    progress: &dyn Fn(Step),
) -> Result<Vec<Whereabouts>, Error> {
    let (regions, paths) = (Regions::new(network)?, Paths::new(network)?);
    let look = Look { regions: &regions, paths: &paths, points };
    if let Some(&missing) = inquiry.images.iter().chain(&inquiry.to).find(|&&i| i >= points.len()) {
        return Err(Error::NoImage { image: missing, split: inquiry.split, images: points.len() });
    }
    let mut found = Vec::with_capacity(inquiry.images.len());
    for &image in &inquiry.images {
        found.push(look.at(image, inquiry, progress)?);
    }
    Ok(found)
}

struct Look<'a> {
    regions: &'a Regions,
    paths: &'a Paths,
    points: &'a ImagePoints<'a>,
}

impl Look<'_> {
    fn point(&self, image: usize) -> Vec<f64> {
        self.points.read(image..image + 1).into_iter().map(f64::from).collect()
    }

    fn at(
        &self,
        image: usize,
        inquiry: &Inquiry,
        progress: &dyn Fn(Step),
    ) -> Result<Whereabouts, Error> {
        let tell = |what, done, of| progress(Step { image, what, done, of });
        let rows = self.regions.rows_per_point();
        let network = self.regions.network();
        let point = self.point(image);
        let predicted = network.classify(&point)?[0];
        let region = Patterns::new(network).of(&point)?[0].id();
        let Distances { l1, l2, linf } = self
            .regions
            .distances_with_progress(&point, &|done| tell("looking for boundaries", done, rows))?
            .remove(0);
        let shape = || -> Result<Shape, Error> {
            let watch = |done| tell("reading sides", done, rows);
            let polytope = self.regions.polytope_with_progress(&point, &watch)?;
            let sides = polytope.sides();
            Shape::of(&polytope, inquiry.time_limit, &|done| {
                tell("looking for facets", done, sides)
            })
        };
        let boundary = |nearest: Option<Nearest>| Some(Boundary::of(network, &nearest?));
        Ok(Whereabouts {
            image,
            predicted,
            region: region.to_string(),
            nearest: [l2, linf, l1].map(boundary),
            shape: inquiry.shape.then(shape).transpose()?,
            way: inquiry.to.map(|to| self.way(&point, to)).transpose()?,
        })
    }

    fn way(&self, from: &[f64], to: usize) -> Result<Way, Error> {
        let end = self.point(to);
        let step: Vec<f64> = end.iter().zip(from).map(|(to, from)| to - from).collect();
        let path = self.paths.segments(from, &end)?.remove(0);
        let change = self.paths.class_changes(from, &step, 1.0)?.remove(0);
        Ok(Way {
            to,
            length: step.iter().map(|step| step * step).sum::<f64>().sqrt(),
            regions: path.regions(),
            first_crossing: path.crossings.first().map(|crossing| crossing.at),
            class_change: change.map(|change| (change.at, change.to)),
        })
    }
}

impl Boundary {
    fn of(network: &Network, nearest: &Nearest) -> Self {
        let Facet { node, unit, .. } = nearest.facet;
        let op = network.nodes()[node].op().name().to_owned();
        Self { distance: nearest.distance, node: node + 1, op, unit }
    }
}

impl Shape {
    fn of(
        polytope: &Polytope,
        time_limit: Option<Duration>,
        progress: &dyn Fn(usize),
    ) -> Result<Self, Error> {
        let deadline = time_limit.and_then(|limit| Instant::now().checked_add(limit));
        let RedundancyRemoval { polytope: essential, examined, is_complete } =
            polytope.irredundant_until(deadline, &|examined, _| progress(examined))?;
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
