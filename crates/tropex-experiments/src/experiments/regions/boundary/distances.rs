//! Distances from points to boundaries.

use crate::query::rays::FirstChange;

/// Number of points of a kind whose nearest boundaries and class changes are computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct PointLimits {
    pub(super) nearest: usize,
    pub(super) classes: usize,
}

/// Distances from the points of one kind.
#[derive(Clone, Debug)]
pub(super) struct PointDistances {
    pub(super) name: String,
    /// First changes of units, of all points.
    pub(super) units: Vec<FirstChange>,
    /// Distances at which rays leave their regions, which differ from the first changes of units
    /// for points on a boundary.
    pub(super) beyond: Vec<f64>,
    /// First changes of the class, of the first points.
    pub(super) classes: Vec<FirstChange>,
    /// Distances to the nearest boundaries, of the first points.
    pub(super) nearest: Vec<f64>,
}

impl PointDistances {
    /// Number of points on a boundary.
    pub(super) fn on_boundary(&self) -> usize {
        self.units.iter().filter(|change| change.at == 0.0).count()
    }
}

/// Exact positions of changes.
pub(super) fn exact(changes: &[FirstChange]) -> Vec<f64> {
    changes.iter().map(|change| change.at).collect()
}

/// Selects the changes of units or of the class.
pub(super) type Changes = fn(&PointDistances) -> &[FirstChange];

pub(super) fn units(found: &PointDistances) -> &[FirstChange] {
    &found.units
}

pub(super) fn classes(found: &PointDistances) -> &[FirstChange] {
    &found.classes
}
