//! Paths through random networks, compared with the patterns of replays.

use tropex::geometry::{Path, Paths, Pattern, Patterns};
use tropex::{Network, Precision};

use super::{is_same, random, wide};
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};

/// Segments shorter than this are left out, because rounding may hide them from a replay.
const SHORT: f64 = 1e-9;

/// Number of grid positions on a segment.
const GRID: usize = 64;

/// Number of steps of a bisection, enough for the precision of f64.
const HALVINGS: usize = 50;

/// Number of segments of a case.
const SEGMENTS: usize = 3;

/// Segments between consecutive points of a case, and their paths.
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
        // The network is in f32, because paths convert it to f64.
        let paths = Paths::new(&case.placed(Precision::F32)?).map_err(|e| e.to_string())?;
        let paths = paths.with_batch(3).segments(&from, &to).map_err(|e| e.to_string())?;
        Ok(Self { from, to, patterns: Patterns::new(&network), network, paths })
    }

    /// The start of the first segment, and the end of every segment.
    fn corners(&self) -> Vec<f64> {
        let last = self.to.len() - self.network.features();
        [&self.from, &self.to[last..]].concat()
    }

    /// The points at positions on a segment.
    fn points(&self, segment: usize, positions: &[f64]) -> Vec<f64> {
        let features = self.network.features();
        let ends = segment * features..(segment + 1) * features;
        let points = positions.iter().flat_map(|t| {
            let ends = self.from[ends.clone()].iter().zip(&self.to[ends.clone()]);
            ends.map(move |(from, to)| from + t * (to - from))
        });
        points.collect()
    }

    /// The patterns of replays at positions on a segment.
    fn replayed(&self, segment: usize, positions: &[f64]) -> Vec<Pattern> {
        self.patterns.of(&self.points(segment, positions)).expect("whole points")
    }

    /// Whether the replay at a position has a pattern, up to rounding.
    fn is_there(&self, segment: usize, at: f64, pattern: &Pattern, replayed: &Pattern) -> bool {
        is_same(&self.network, &self.points(segment, &[at]), pattern, replayed)
    }
}

/// No segment of a path is wrong.
pub(super) fn a_replay_in_the_middle_of_a_segment_finds_its_pattern(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let segments = Segments::of(case)?;
    for (segment, path) in segments.paths.iter().enumerate() {
        let segments_of_path: Vec<_> = path.region_segments().collect();
        let middles: Vec<f64> =
            segments_of_path.iter().map(|(from, to, _)| (from + to) / 2.0).collect();
        let replayed = segments.replayed(segment, &middles);
        for (index, ((from, to, region), replayed)) in
            segments_of_path.iter().zip(replayed).enumerate()
        {
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

/// No region is missing from a path.
pub(super) fn a_replay_at_any_position_finds_the_pattern_of_its_segment(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let segments = Segments::of(case)?;
    for (segment, path) in segments.paths.iter().enumerate() {
        // An offset avoids dyadic fractions. There, networks with small integer weights change
        // their pieces.
        let offset = random(case.plan.seed, 1)[0] / 4.0 + 0.5;
        let grid: Vec<f64> = (0..GRID).map(|k| (k as f64 + offset) / GRID as f64).collect();
        let replayed = segments.replayed(segment, &grid);
        let segments_of_path: Vec<_> = path.region_segments().collect();
        for (at, replayed) in grid.iter().zip(replayed) {
            measured.compared += 1;
            let index = segments_of_path.partition_point(|(_, to, _)| to < at);
            let (from, to, region) = segments_of_path[index];
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

/// Bisects each crossing by the piece of its first unit.
pub(super) fn bisection_finds_the_crossings(case: &Case, measured: &mut Measured) -> Verdict {
    let segments = Segments::of(case)?;
    for (segment, path) in segments.paths.iter().enumerate() {
        let segments_of_path: Vec<_> = path.region_segments().collect();
        let pairs = segments_of_path.windows(2).zip(&path.crossings);
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

/// Compares the first crossings of rays with the first crossings of paths.
pub(super) fn first_crossings_of_rays_equal_those_of_paths(
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

/// Compares the crossings around a polygon with those of its edges.
pub(super) fn paths_around_polygons_end_in_their_first_region(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
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
