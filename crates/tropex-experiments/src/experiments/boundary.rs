//! How far are points from where a network bends, and from where its class changes?

mod telling;

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::random_points::{self, RANGES, RandomPoints, fault};
use crate::rays::{Change, RayWatch, Rays};
use crate::report::Answer;
use crate::{Error, ImagePoints, Split, Subject};

pub(super) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "boundary",
    question: "How far are images, and points unlike them, from the boundaries of their regions?",
    method: [
        "Rays leave training images, test images and random points in random directions of length \
         one; the position at which the first unit changes its piece is computed exactly, and \
         looked for on the published grid of 100 steps.",
        "For some of the points the distance to the nearest boundary in any direction is computed \
         as well, and the position at which the predicted class first changes.",
        "Positions and distances are Euclidean, and all of it is computed in f64.",
    ],
    scope: Scope::Each,
    make: make::<Boundary>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Boundary {
    /// Points of every kind.
    points: usize,
    /// Points of every kind whose nearest boundary and change of class are looked for; without it as
    /// many as [`PRODUCTS`] allow.
    exact_points: Option<usize>,
    /// The ranges that random points are drawn from.
    ranges: Vec<[f32; 2]>,
}

impl Default for Boundary {
    fn default() -> Self {
        Self { points: 500, exact_points: None, ranges: RANGES.into() }
    }
}

/// Products that distances to boundaries may take for points of a kind, unless a number of points is
/// asked for.
const PRODUCTS: f64 = 1e11;

/// Rays whose first changes are looked for together.
const RAYS: usize = 256;

/// Points whose nearest boundaries are looked for together.
const FEW: usize = 16;

/// Points, and what they are called.
type Kind<'a> = (String, Box<dyn PointSource + 'a>);

/// What is found of points of one kind.
#[derive(Clone, Debug)]
struct Found {
    name: String,
    /// The first changes of units, of all points.
    units: Vec<Change>,
    /// The first changes of classes, of the first points.
    classes: Vec<Change>,
    /// Distances of the nearest boundaries, of the first points.
    nearest: Vec<f64>,
}

impl Experiment for Boundary {
    fn run(&self, context: &Context<'_>) -> Result<Answer, Error> {
        if let Some(reason) = fault("points", self.points, &self.ranges) {
            return Err(ENTRY.refuse(&reason));
        }
        if self.points == 0 {
            return Err(ENTRY.refuse("points is 0, expected at least 1"));
        }
        let subject = context.subject();
        let watch = RayWatch::new(subject.network()?)?;
        let exact = self.exact_points.unwrap_or((PRODUCTS / watch.products()) as usize);
        let kinds = self.kinds(subject, context.seed).into_iter();
        let found = kinds.map(|kind| Found::of(kind, exact, subject, &watch, context.seed));
        let found: Vec<Found> = found.collect::<Result<_, _>>()?;
        let answer = telling::values(Answer::new(telling::text(&found)), &found);
        let answer = telling::tables(&found).into_iter().fold(answer, Answer::table);
        let answer = telling::figures(&found).into_iter().fold(answer, Answer::figure);
        let answer = answer.note(telling::GRID).note(telling::NEVER);
        Ok(match self.exact_points {
            Some(_) => answer,
            None => answer.note(telling::effort(exact, watch.products())),
        })
    }
}

impl Boundary {
    /// The points that rays begin at, with their names: of images no more than are looked at, and
    /// not more random points than `--points` allows.
    fn kinds<'a>(&self, subject: &Subject<'a>, seed: u64) -> Vec<Kind<'a>> {
        let limit = self.points.min(subject.settings().points.unwrap_or(usize::MAX));
        let images = [("training images", Split::Train), ("test images", Split::Test)];
        let images = images.map(|(name, split)| {
            let count = subject.points(split).len().min(limit);
            let points: Box<dyn PointSource> =
                Box::new(ImagePoints::new(subject.images(split), Some(count)));
            (name.to_owned(), points)
        });
        let features = subject.dataset().test.features();
        let random = self.ranges.iter().map(|&range| {
            let points: Box<dyn PointSource> =
                Box::new(RandomPoints::new(limit, features, range, seed));
            (random_points::name(range), points)
        });
        images.into_iter().chain(random).collect()
    }
}

impl Found {
    /// Follows rays from all points, and looks around the first `exact` of them.
    fn of(
        (name, points): Kind<'_>,
        exact: usize,
        subject: &Subject<'_>,
        watch: &RayWatch,
        seed: u64,
    ) -> Result<Self, Error> {
        let (all, exact) = (points.len(), points.len().min(exact));
        let mut found = Self { name, units: Vec::new(), classes: Vec::new(), nearest: Vec::new() };
        let rays = |start: usize, end: usize| Rays::from(&*points, start..end, seed);
        for start in (0..all).step_by(RAYS) {
            let end = all.min(start + RAYS);
            found.units.extend(watch.units(&rays(start, end))?);
            subject.show(&format!("following rays, {}", found.name), end, all);
        }
        for start in (0..exact).step_by(RAYS) {
            let end = exact.min(start + RAYS);
            found.classes.extend(watch.classes(&rays(start, end))?);
            subject.show(&format!("following classes, {}", found.name), end, exact);
        }
        for start in (0..exact).step_by(FEW) {
            let end = exact.min(start + FEW);
            found.nearest.extend(watch.nearest(&rays(start, end))?);
            subject.show(&format!("looking for boundaries, {}", found.name), end, exact);
        }
        Ok(found)
    }
}
