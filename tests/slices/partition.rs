//! Partitions of windows on planes by random networks.

use std::collections::HashSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tropex::geometry::PiecewiseNodes;
use tropex::geometry::slice::{Partition, Plane, Window};
use tropex::{Network, Precision};

use super::{LIMIT, check_tiling, placed, random};
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};
use crate::common::{largest, values};

/// Largest number of regions whose maps are checked.
const REGIONS: usize = 60;

/// Number of points whose pieces and classes are checked.
const POINTS: usize = 400;

/// A network and its partition of a window.
pub(super) struct Slice {
    pub(super) network: Network,
    pub(super) plane: Plane,
    pub(super) window: Window,
    pub(super) partition: Partition,
}

impl Slice {
    pub(super) fn new(network: Network, plane: Plane, window: Window) -> Result<Self, String> {
        let partition = Partition::of_network(&network, &plane, &window, LIMIT);
        let partition = partition.map_err(|error| error.to_string())?;
        Ok(Self { network, plane, window, partition })
    }

    /// A window around a point of a random network. `None` if the network has one input. For
    /// networks with exact ties, the planes have coordinates in quarters, so that they contain
    /// ties.
    fn of(case: &Case) -> Result<Option<Self>, String> {
        let features = case.plan.features();
        if features < 2 {
            return Ok(None);
        }
        let start = case.point(0);
        let steps = random(case.plan.seed, 2 * features);
        let step = |step: f64| if case.plan.exact { (step * 4.0).round() / 4.0 } else { step };
        let mut ends = steps.chunks_exact(features).map(|steps| -> Vec<f32> {
            start.iter().zip(steps).map(|(x, &by)| x + step(by) as f32).collect()
        });
        let (right, up) = (ends.next().unwrap_or_default(), ends.next().unwrap_or_default());
        let Ok(plane) = Plane::through([start, &right, &up]) else { return Ok(None) };
        let window = Window::rectangle([-1.5, 1.5], [-1.5, 1.5]).expect("a rectangle");
        Self::new(case.placed(Precision::F64)?, plane, window).map(Some)
    }

    /// A random point inside a region.
    fn inside(&self, region: usize, random: &mut ChaCha8Rng) -> [f64; 2] {
        let corners = self.partition.outline(&self.partition.regions[region].corners);
        let weights: Vec<f64> = corners.iter().map(|_| random.random_range(0.05..1.0)).collect();
        let sum: f64 = weights.iter().sum();
        let coordinate = |axis: usize| {
            let weighted = corners.iter().zip(&weights).map(|(corner, by)| corner[axis] * by / sum);
            weighted.sum()
        };
        [coordinate(0), coordinate(1)]
    }

    fn middle(&self, region: usize) -> [f64; 2] {
        let corners = self.partition.outline(&self.partition.regions[region].corners);
        let mean = |axis: usize| {
            corners.iter().map(|corner| corner[axis]).sum::<f64>() / corners.len() as f64
        };
        [mean(0), mean(1)]
    }

    fn logits(&self, points: &[[f64; 2]]) -> Vec<f64> {
        values(self.network.replay(placed(&self.plane, points, &self.network)).logits())
    }

    /// Checks the maps of regions against logits at points inside.
    pub(super) fn check_maps(&self, measured: &mut Measured) -> Verdict {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let count = self.partition.regions.len().min(REGIONS);
        let points: Vec<_> = (0..count).map(|region| self.inside(region, &mut random)).collect();
        let logits = self.logits(&points);
        let scale = largest(&logits).max(1e-2);
        let rows = points.iter().zip(logits.chunks_exact(self.network.classes()));
        for (region, (&point, logits)) in self.partition.regions.iter().zip(rows) {
            for (map, logit) in region.maps.iter().zip(logits) {
                measured.compared += 1;
                measured.within("maps", (map.at(point) - logit).abs() / scale, 1e-10)?;
            }
        }
        Ok(())
    }

    /// Checks that all regions have different patterns, and that random points of the window have
    /// the pieces of their region and the class of their cell, except for ties.
    pub(super) fn check_patterns(&self, measured: &mut Measured) -> Verdict {
        let regions = &self.partition.regions;
        let patterns: HashSet<_> = regions.iter().map(|region| region.id).collect();
        if patterns.len() < regions.len() {
            return Err(format!("{} patterns of {} regions", patterns.len(), regions.len()));
        }
        let (points, places): (Vec<_>, Vec<_>) = random(2, 2 * POINTS)
            .chunks_exact(2)
            .filter_map(|point| {
                let [[left, right], [low, high]] = self.window.extents();
                let u = left + (right - left) * (point[0] + 1.0) / 2.0;
                let v = low + (high - low) * (point[1] + 1.0) / 2.0;
                Some(([u, v], self.partition.region_at([u, v])?))
            })
            .unzip();
        // Because of rounding, a point on an edge may be in no region.
        if points.len() + 2 < POINTS {
            return Err(format!("{} of {POINTS} points are in no region", POINTS - points.len()));
        }
        self.check_pieces(&points, &places, measured)?;
        self.check_classes(&points, &places, measured)
    }

    fn check_pieces(
        &self,
        points: &[[f64; 2]],
        places: &[usize],
        measured: &mut Measured,
    ) -> Verdict {
        let nodes = PiecewiseNodes::of(&self.network);
        let middles: Vec<_> = places.iter().map(|&region| self.middle(region)).collect();
        let trace = self.network.replay(placed(&self.plane, &middles, &self.network));
        let points = placed(&self.plane, points, &self.network);
        let (mut verdict, mut size) = (Ok(()), 0.0_f64);
        self.network.inspect(points.clone(), points, |seen| {
            let features: Vec<f64> = values(seen.inputs[0].values.clone());
            let width = features.len() / places.len();
            // A difference is compared with the largest number so far, whose rounding error it may
            // be.
            size = size.max(largest(&features));
            let Some(rule) = nodes.at(seen.node) else { return };
            let numbers = rule.numbers(trace.piece(seen.node));
            let rows = features.chunks_exact(width).zip(numbers.chunks_exact(rule.units()));
            for (features, numbers) in rows {
                rule.visit_gaps(numbers, |gap| {
                    measured.compared += 1;
                    let excess = -gap.of(features) / size;
                    let found = measured.within("pieces", excess.max(0.0), 1e-9);
                    verdict = std::mem::replace(&mut verdict, Ok(())).and(found);
                });
            }
        });
        verdict
    }

    fn check_classes(
        &self,
        points: &[[f64; 2]],
        places: &[usize],
        measured: &mut Measured,
    ) -> Verdict {
        let logits = self.logits(points);
        let scale = largest(&logits).max(1e-2);
        let rows = logits.chunks_exact(self.network.classes());
        for ((&point, &region), logits) in points.iter().zip(places).zip(rows) {
            let mut cells = self.partition.cells.iter().filter(|cell| cell.region == region);
            let cell = cells.find(|cell| {
                let window = Window::polygon(self.partition.outline(&cell.corners));
                window.is_ok_and(|window| window.contains(point))
            });
            let Some(cell) = cell else { continue };
            measured.compared += 1;
            let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            measured.within("classes", (most - logits[cell.class]) / scale, 1e-9)?;
        }
        Ok(())
    }
}

pub(super) fn regions_tile_the_window(case: &Case, measured: &mut Measured) -> Verdict {
    let Some(slice) = Slice::of(case)? else { return Ok(()) };
    measured.compared += 1;
    check_tiling(&slice.partition, &slice.window)
}

pub(super) fn regions_have_the_maps_of_the_network(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    Slice::of(case)?.map_or(Ok(()), |slice| slice.check_maps(measured))
}

pub(super) fn every_region_has_its_own_pattern(case: &Case, measured: &mut Measured) -> Verdict {
    Slice::of(case)?.map_or(Ok(()), |slice| slice.check_patterns(measured))
}
