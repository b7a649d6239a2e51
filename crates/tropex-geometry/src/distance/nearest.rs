//! The search for the nearest of some halfspaces.

use super::{Distances, Nearest, NearestBoundaries};
use crate::{Facet, Halfspace};

/// The nearest hyperplanes found so far.
pub(super) struct NearestSearch<'a> {
    point: &'a [f64],
    touching: usize,
    /// The first facet that the point lies on.
    touched: Option<Facet>,
    beyond: NearestBoundaries,
}

impl<'a> NearestSearch<'a> {
    pub(super) fn new(point: &'a [f64]) -> Self {
        Self { point, touching: 0, touched: None, beyond: NearestBoundaries::default() }
    }

    /// Counts a facet that the point lies on.
    pub(super) fn touch(&mut self, facet: Facet) {
        self.touching += 1;
        self.touched = Some(self.touched.map_or(facet, |first| first.min(facet)));
    }

    /// Updates the nearest boundaries with a halfspace.
    pub(super) fn add(&mut self, halfspace: &Halfspace<'_>) {
        if halfspace.gap == 0.0 {
            return self.touch(halfspace.facet);
        }
        let (mut sum, mut squares, mut largest) = (0.0_f64, 0.0_f64, 0_usize);
        for (index, value) in halfspace.normal.iter().enumerate() {
            sum += value.abs();
            squares += value * value;
            if value.abs() > halfspace.normal[largest].abs() {
                largest = index;
            }
        }
        let moved = |step: &dyn Fn(usize, f64) -> f64| {
            let steps = halfspace.normal.iter().enumerate();
            let point = self.point.iter().zip(steps);
            point.map(|(x, (index, normal))| x - step(index, *normal)).collect()
        };
        let (gap, steepest) = (halfspace.gap, halfspace.normal[largest]);
        let NearestBoundaries { l1, l2, linf } = &mut self.beyond;
        keep_nearer(l1, halfspace, gap / steepest.abs(), || {
            moved(&|index, _| if index == largest { gap / steepest } else { 0.0 })
        });
        keep_nearer(l2, halfspace, gap / squares.sqrt(), || {
            moved(&|_, normal| gap / squares * normal)
        });
        keep_nearer(linf, halfspace, gap / sum, || {
            moved(&|_, normal| if normal == 0.0 { 0.0 } else { gap / sum * normal.signum() })
        });
    }

    pub(super) fn finish(self) -> Distances {
        let touched = self.touched.map(|facet| {
            let point = self.point.to_vec();
            Nearest { distance: 0.0, facet, point }
        });
        let nearest = |beyond: &Option<Nearest>| touched.clone().or_else(|| beyond.clone());
        let NearestBoundaries { l1, l2, linf } = &self.beyond;
        Distances {
            l1: nearest(l1),
            l2: nearest(l2),
            linf: nearest(linf),
            touching: self.touching,
            beyond: self.beyond,
        }
    }
}

/// Keeps the nearer of two boundaries. On ties the first one stays.
fn keep_nearer(
    nearest: &mut Option<Nearest>,
    halfspace: &Halfspace<'_>,
    distance: f64,
    point: impl FnOnce() -> Vec<f64>,
) {
    if nearest.as_ref().is_none_or(|nearest| distance < nearest.distance) {
        *nearest = Some(Nearest { distance, facet: halfspace.facet, point: point() });
    }
}
