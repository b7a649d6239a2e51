//! Paths through random networks, against the patterns that replays of single points have.

use tropex::geometry::{Path, Paths, Pattern, Patterns};
use tropex::{Network, Precision};

use super::{is_same, random, wide};
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};

/// Stretches shorter than this are not looked into: rounding may hide them from a replay.
const SHORT: f64 = 1e-9;

/// The positions of a grid on a segment.
const GRID: usize = 64;

/// Steps of a bisection, which end below what f64 tells apart.
const HALVINGS: usize = 50;

/// Segments of a case.
const SEGMENTS: usize = 3;

/// The segments from the first points of a case to the next.
pub(super) struct Segments {
    from: Vec<f64>,
    to: Vec<f64>,
    network: Network,
    patterns: Patterns,
    paths: Vec<Path>,
}

impl Segments {
    fn of(case: &Case) -> Result<Self, String> {
        let network = case.placed(Precision::F64)?;
        let features = network.features();
        let used = case.points.len().min((SEGMENTS + 1) * features);
        let points = wide(&case.points[..used]);
        let (from, to) = (points[..points.len() - features].to_vec(), points[features..].to_vec());
        // As computed from f32, so that the walk has to find its own precision.
        let paths = Paths::new(&case.placed(Precision::F32)?).map_err(|e| e.to_string())?;
        let paths = paths.with_batch(3).segments(&from, &to).map_err(|e| e.to_string())?;
        Ok(Self { from, to, patterns: Patterns::new(&network), network, paths })
    }

    /// The points that the segments lie between.
    fn corners(&self) -> Vec<f64> {
        let last = self.to.len() - self.network.features();
        [&self.from, &self.to[last..]].concat()
    }

    /// Positions on a segment as points.
    fn points(&self, segment: usize, positions: &[f64]) -> Vec<f64> {
        let features = self.network.features();
        let ends = segment * features..(segment + 1) * features;
        let points = positions.iter().flat_map(|t| {
            let ends = self.from[ends.clone()].iter().zip(&self.to[ends.clone()]);
            ends.map(move |(from, to)| from + t * (to - from))
        });
        points.collect()
    }

    /// The patterns that replays have at positions on a segment.
    fn replayed(&self, segment: usize, positions: &[f64]) -> Vec<Pattern> {
        self.patterns.of(&self.points(segment, positions)).expect("whole points")
    }

    /// Whether a pattern is that of a replay at a position.
    fn is_there(&self, segment: usize, at: f64, pattern: &Pattern, replayed: &Pattern) -> bool {
        is_same(&self.network, &self.points(segment, &[at]), pattern, replayed)
    }
}

/// Every region that a path names is there, in the middle of its stretch.
pub(super) fn every_stretch_has_the_pattern_of_a_replay(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let segments = Segments::of(case)?;
    for (segment, path) in segments.paths.iter().enumerate() {
        let stretches: Vec<_> = path.region_segments().collect();
        let middles: Vec<f64> = stretches.iter().map(|(from, to, _)| (from + to) / 2.0).collect();
        let replayed = segments.replayed(segment, &middles);
        for (index, ((from, to, region), replayed)) in stretches.iter().zip(replayed).enumerate() {
            measured.compared += 1;
            if to - from < SHORT {
                measured.left_out += 1;
                continue;
            }
            let pattern = path.pattern(index);
            if pattern.id() != *region {
                return Err(format!("segment {segment}: crossings do not lead to {region}"));
            }
            if !segments.is_there(segment, middles[index], &pattern, &replayed) {
                let facets = pattern.facets_to(&replayed);
                return Err(format!(
                    "segment {segment}, {from} to {to}: replay differs: {facets:?}"
                ));
            }
        }
    }
    Ok(())
}

/// No region is missing: wherever one looks, there is the region that the path says.
pub(super) fn no_position_has_another_pattern_than_its_stretch(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let segments = Segments::of(case)?;
    for (segment, path) in segments.paths.iter().enumerate() {
        // Off the dyadic fractions, where points of small whole numbers change their pieces.
        let offset = random(case.plan.seed, 1)[0] / 4.0 + 0.5;
        let grid: Vec<f64> = (0..GRID).map(|k| (k as f64 + offset) / GRID as f64).collect();
        let replayed = segments.replayed(segment, &grid);
        let stretches: Vec<_> = path.region_segments().collect();
        for (at, replayed) in grid.iter().zip(replayed) {
            measured.compared += 1;
            let index = stretches.partition_point(|(_, to, _)| to < at);
            let (from, to, region) = stretches[index];
            if at - from < SHORT || to - at < SHORT {
                measured.left_out += 1;
            } else if replayed.id() != region
                && !segments.is_there(segment, *at, &path.pattern(index), &replayed)
            {
                let facets = path.pattern(index).facets_to(&replayed);
                return Err(format!("segment {segment} at {at}: replay differs: {facets:?}"));
            }
        }
    }
    Ok(())
}

/// Crossings are where bisection finds that their first unit changes its piece.
pub(super) fn crossings_are_where_bisection_finds_them(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let segments = Segments::of(case)?;
    for (segment, path) in segments.paths.iter().enumerate() {
        let stretches: Vec<_> = path.region_segments().collect();
        let pairs = stretches.windows(2).zip(&path.crossings);
        let long = pairs.filter(|(pair, _)| pair.iter().all(|(from, to, _)| to - from >= SHORT));
        let middle = |(from, to, _): &(f64, f64, _)| (from + to) / 2.0;
        let mut brackets: Vec<_> =
            long.map(|(pair, crossing)| (middle(&pair[0]), middle(&pair[1]), crossing)).collect();
        measured.compared += path.crossings.len();
        measured.left_out += path.crossings.len() - brackets.len();
        for _ in 0..if brackets.is_empty() { 0 } else { HALVINGS } {
            let middles: Vec<f64> =
                brackets.iter().map(|(low, high, _)| (low + high) / 2.0).collect();
            let replayed = segments.replayed(segment, &middles);
            for (((low, high, crossing), middle), replayed) in
                brackets.iter_mut().zip(middles).zip(replayed)
            {
                let facet = crossing.facets[0];
                let is_beyond = replayed.piece(facet.node, facet.unit) == Some(facet.rival);
                *(if is_beyond { high } else { low }) = middle;
            }
        }
        for (low, _, crossing) in brackets {
            measured.within("from bisection", (low - crossing.at).abs(), 1e-12)?;
        }
    }
    Ok(())
}

/// The first crossing of a ray is that of its path, and none comes before it.
pub(super) fn rays_first_cross_what_paths_cross_first(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let segments = Segments::of(case)?;
    let directions: Vec<f64> =
        segments.from.iter().zip(&segments.to).map(|(from, to)| to - from).collect();
    let paths = Paths::new(&case.placed(Precision::F64)?).map_err(|e| e.to_string())?;
    let first = paths.first_crossings(&segments.from, &directions).map_err(|e| e.to_string())?;
    for (path, first) in segments.paths.iter().zip(first) {
        measured.compared += 1;
        let (first, expected) =
            (first.filter(|first| first.at < 1.0 - SHORT), path.crossings.first());
        let expected = expected.filter(|first| first.at < 1.0 - SHORT);
        match (&first, expected) {
            (None, None) => {}
            (Some(first), Some(expected)) if first.facets == expected.facets => {
                measured.within("first", (first.at - expected.at).abs(), 1e-13)?;
            }
            _ => return Err(format!("first crossing {first:?}, path {expected:?}")),
        }
    }
    Ok(())
}

/// Around a polygon one comes back to where one started.
pub(super) fn polygons_are_closed(case: &Case, measured: &mut Measured) -> Verdict {
    let segments = Segments::of(case)?;
    let paths = Paths::new(&case.placed(Precision::F64)?).map_err(|e| e.to_string())?;
    let polygon = paths.polygon(&segments.corners()).map_err(|e| e.to_string())?;
    measured.compared += 1;
    if polygon.pattern(polygon.crossings.len()) != polygon.start {
        return Err("the last region is not the first".into());
    }
    let sides = segments.paths.len() as f64;
    let inside = |at: f64| at < sides && (at - at.round()).abs() > SHORT;
    let found = polygon.crossings.iter().filter(|crossing| inside(crossing.at));
    let found: Vec<_> = found.map(|crossing| crossing.region).collect();
    let expected = segments.paths.iter().flat_map(|path| &path.crossings);
    let expected = expected.filter(|c| c.at > SHORT && c.at < 1.0 - SHORT);
    let expected: Vec<_> = expected.map(|crossing| crossing.region).collect();
    if found != expected {
        return Err(format!("{} crossings on sides, of segments {}", found.len(), expected.len()));
    }
    Ok(())
}
