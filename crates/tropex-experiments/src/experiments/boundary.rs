//! How far are points from where a network bends, and from where its class changes?

mod tables;
mod words;

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use crate::experiment::{Context, Experiment, ExperimentEntry, Scope, make};
use crate::random_points::{self, RANGES, RandomPoints, fault};
use crate::rays::{Change, RayWatch, Rays};
use crate::report::Answer;
use crate::{Error, Split, Subject};

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
    gauged: false,
    make: make::<Boundary>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Boundary {
    /// Points of every kind.
    points: usize,
    /// Points of every kind whose nearest boundary is looked for; without it as many as [`PRODUCTS`]
    /// allow.
    nearest_points: Option<usize>,
    /// Points of every kind from which the change of the class is followed, likewise.
    class_points: Option<usize>,
    /// The ranges that random points are drawn from.
    ranges: Vec<[f32; 2]>,
}

impl Default for Boundary {
    fn default() -> Self {
        Self { points: 500, nearest_points: None, class_points: None, ranges: RANGES.into() }
    }
}

/// Products that nearest boundaries, or changes of the class, may take for points of a kind, unless a
/// number of points is asked for.
const PRODUCTS: f64 = 1e11;

/// Rays whose first changes are looked for together.
const RAYS: usize = 256;

/// Points whose nearest boundaries are looked for together.
const FEW: usize = 16;

/// Points, and what they are called.
struct Kind<'a> {
    name: String,
    points: Box<dyn PointSource + 'a>,
}

/// How points of any kind are looked at.
struct Survey<'a> {
    subject: &'a Subject<'a>,
    watch: RayWatch,
    most: Most,
    seed: u64,
}

/// Points of a kind that are looked at.
#[derive(Clone, Copy, Debug)]
struct Most {
    nearest: usize,
    classes: usize,
}

/// What is found of points of one kind.
#[derive(Clone, Debug)]
struct Found {
    name: String,
    /// The first changes of units, of all points.
    units: Vec<Change>,
    /// The same from just beyond the points, which makes a difference for those on a boundary.
    beyond: Vec<f64>,
    /// The first changes of classes, of the first points.
    classes: Vec<Change>,
    /// Distances of the nearest boundaries, of the first points.
    nearest: Vec<f64>,
}

impl Found {
    /// Number of points on a boundary.
    fn on_boundary(&self) -> usize {
        self.units.iter().filter(|change| change.at == 0.0).count()
    }
}

/// Exact positions of changes.
fn exact(changes: &[Change]) -> Vec<f64> {
    changes.iter().map(|change| change.at).collect()
}

/// Changes of one sort at points of a kind.
type Changes = fn(&Found) -> &[Change];

fn units(found: &Found) -> &[Change] {
    &found.units
}

fn classes(found: &Found) -> &[Change] {
    &found.classes
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
        let effort = watch.effort();
        let most = |asked: Option<usize>, products| asked.unwrap_or((PRODUCTS / products) as usize);
        let most = Most {
            nearest: most(self.nearest_points, effort.nearest),
            classes: most(self.class_points, effort.classes),
        };
        let survey = Survey { subject, watch, most, seed: context.seed };
        let kinds = self.kinds(subject, context.seed).into_iter();
        let found = kinds.map(|kind| kind.look(&survey));
        let found: Vec<Found> = found.collect::<Result<_, _>>()?;
        let answer = words::values(Answer::new(words::text(&found)), &found);
        let answer = tables::all(&found).into_iter().fold(answer, Answer::table);
        let answer = tables::figures(&found).into_iter().fold(answer, Answer::figure);
        let answer = words::NOTES.into_iter().fold(answer, Answer::note);
        Ok(match (self.nearest_points, self.class_points) {
            (Some(_), Some(_)) => answer,
            _ => answer.note(words::effort(most, effort)),
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
            let points = subject.points(split).smaller(limit);
            Kind { name: name.to_owned(), points: Box::new(points) }
        });
        let features = subject.dataset().test.features();
        let random = self.ranges.iter().map(|&range| {
            let points = RandomPoints::new(limit, features, range, seed);
            Kind { name: random_points::name(range), points: Box::new(points) }
        });
        images.into_iter().chain(random).collect()
    }
}

impl Kind<'_> {
    /// Looks along the rays from the first points, some at a time.
    fn each<T>(
        &self,
        [most, step]: [usize; 2],
        survey: &Survey<'_>,
        what: &str,
        look: impl Fn(&Rays) -> Result<Vec<T>, Error>,
    ) -> Result<Vec<T>, Error> {
        let most = most.min(self.points.len());
        let mut found = Vec::with_capacity(most);
        for start in (0..most).step_by(step) {
            let end = most.min(start + step);
            found.extend(look(&Rays::from(&*self.points, start..end, survey.seed))?);
            survey.subject.show(&format!("{what}, {}", self.name), end, most);
        }
        Ok(found)
    }

    /// Follows rays from all points, and looks more closely at the first of them.
    fn look(self, survey: &Survey<'_>) -> Result<Found, Error> {
        let Survey { watch, most, .. } = survey;
        let all = [usize::MAX, RAYS];
        Ok(Found {
            units: self.each(all, survey, "following rays", |rays| watch.units(rays))?,
            beyond: self.each(all, survey, "following rays", |rays| watch.leaving(rays))?,
            classes: self.each([most.classes, RAYS], survey, "following classes", |rays| {
                watch.classes(rays)
            })?,
            nearest: self.each([most.nearest, FEW], survey, "looking for boundaries", |rays| {
                watch.nearest(rays)
            })?,
            name: self.name,
        })
    }
}
