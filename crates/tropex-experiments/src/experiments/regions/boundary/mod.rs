//! How far are points from the boundaries of their regions, and from changes of the class?

mod distances;
mod sentences;
mod tables;

use serde::{Deserialize, Serialize};
use tropex_extract::PointSource;

use self::distances::{PointDistances, PointLimits};
use crate::Error;
use crate::data::{RANGES, RandomPoints, Split, range_fault, range_name};
use crate::experiments::experiment::{Experiment, ExperimentEntry, ExperimentInputs, Scope, make};
use crate::query::rays::{RayProbe, Rays};
use crate::report::{Answer, Topic};
use crate::run::RunContext;

pub(crate) const ENTRY: ExperimentEntry = ExperimentEntry {
    name: "boundary",
    question: "How far are images, and points unlike them, from the boundaries of their regions?",
    topic: Topic::Regions,
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
    make: make::<BoundaryDistances>,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct BoundaryDistances {
    /// Number of points of every kind.
    points: usize,
    /// Number of points of every kind whose nearest boundary is computed; `None` for as many as
    /// [`MULTIPLICATIONS`] allow.
    nearest_points: Option<usize>,
    /// Number of points of every kind whose first change of the class is computed; `None` for as
    /// many as [`MULTIPLICATIONS`] allow.
    class_points: Option<usize>,
    /// Ranges of the values of random points.
    ranges: Vec<[f32; 2]>,
}

impl Default for BoundaryDistances {
    fn default() -> Self {
        Self { points: 500, nearest_points: None, class_points: None, ranges: RANGES.into() }
    }
}

/// Multiplications for nearest boundaries, and for changes of the class, of the points of a kind,
/// unless a parameter sets the number of points. They take about a minute on two cores.
const MULTIPLICATIONS: f64 = 1e11;

/// Number of rays in one batch.
const RAYS: usize = 256;

/// Number of points whose nearest boundaries are computed in one batch.
const FEW: usize = 16;

/// Points of one kind.
struct PointSet<'a> {
    name: String,
    points: Box<dyn PointSource + 'a>,
}

/// How distances are computed.
struct DistanceSurvey<'a> {
    context: &'a RunContext<'a>,
    probe: RayProbe,
    limits: PointLimits,
    seed: u64,
}

impl Experiment for BoundaryDistances {
    fn run(&self, inputs: &ExperimentInputs<'_>) -> Result<Answer, Error> {
        if let Some(reason) = range_fault("points", self.points, &self.ranges) {
            return Err(ENTRY.refuse(&reason));
        }
        if self.points == 0 {
            return Err(ENTRY.refuse("points is 0, expected at least 1"));
        }
        let context = inputs.run();
        let probe = RayProbe::new(context.network()?)?;
        let cost = probe.cost();
        let most =
            |asked: Option<usize>, products| asked.unwrap_or((MULTIPLICATIONS / products) as usize);
        let limits = PointLimits {
            nearest: most(self.nearest_points, cost.nearest),
            classes: most(self.class_points, cost.classes),
        };
        let survey = DistanceSurvey { context, probe, limits, seed: inputs.seed };
        let kinds = self.point_sets(context, inputs.seed).into_iter();
        let found = kinds.map(|kind| kind.distances(&survey));
        let found: Vec<PointDistances> = found.collect::<Result<_, _>>()?;
        let answer = sentences::values(Answer::new(sentences::text(&found)), &found);
        let answer = tables::all(&found).into_iter().fold(answer, Answer::table);
        let answer = tables::figures(&found).into_iter().fold(answer, Answer::figure);
        let answer = sentences::NOTES.into_iter().fold(answer, Answer::note);
        Ok(match (self.nearest_points, self.class_points) {
            (Some(_), Some(_)) => answer,
            _ => answer.note(sentences::cost(limits, cost)),
        })
    }
}

impl BoundaryDistances {
    /// The points that rays start from. The number of points in the settings limits images and
    /// random points.
    fn point_sets<'a>(&self, context: &RunContext<'a>, seed: u64) -> Vec<PointSet<'a>> {
        let limit = self.points.min(context.settings().points.unwrap_or(usize::MAX));
        let images = [("training images", Split::Train), ("test images", Split::Test)];
        let images = images.map(|(name, split)| {
            let points = context.points(split).smaller(limit);
            PointSet { name: name.to_owned(), points: Box::new(points) }
        });
        let features = context.dataset().test.features();
        let random = self.ranges.iter().map(|&range| {
            let points = RandomPoints::new(limit, features, range, seed);
            PointSet { name: range_name(range), points: Box::new(points) }
        });
        images.into_iter().chain(random).collect()
    }
}

impl PointSet<'_> {
    /// Computes something for the rays from the first points, in batches.
    fn each<T>(
        &self,
        [most, step]: [usize; 2],
        survey: &DistanceSurvey<'_>,
        what: &str,
        compute: impl Fn(&Rays) -> Result<Vec<T>, Error>,
    ) -> Result<Vec<T>, Error> {
        let most = most.min(self.points.len());
        let mut found = Vec::with_capacity(most);
        for start in (0..most).step_by(step) {
            let end = most.min(start + step);
            found.extend(compute(&Rays::from(&*self.points, start..end, survey.seed))?);
            survey.context.report(&format!("{what}, {}", self.name), end, most)?;
        }
        Ok(found)
    }

    /// Follows rays from all points, and computes class changes and nearest boundaries of the first
    /// points.
    fn distances(self, survey: &DistanceSurvey<'_>) -> Result<PointDistances, Error> {
        let DistanceSurvey { probe, limits, .. } = survey;
        let all = [usize::MAX, RAYS];
        Ok(PointDistances {
            units: self.each(all, survey, "following rays", |rays| probe.units(rays))?,
            beyond: self.each(all, survey, "following rays", |rays| probe.leaving(rays))?,
            classes: self.each([limits.classes, RAYS], survey, "following classes", |rays| {
                probe.classes(rays)
            })?,
            nearest: self.each(
                [limits.nearest, FEW],
                survey,
                "looking for boundaries",
                |rays| probe.nearest(rays),
            )?,
            name: self.name,
        })
    }
}
