//! What distances consist of.

use crate::Facet;

/// The nearest boundary of a region in one norm.
///
/// The nearest hyperplane touches the region at its point nearest to the given point, because the
/// straight segment to this point crosses no other hyperplane first. The smallest distance to a
/// hyperplane is therefore the distance to the boundary.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// The distance.
    pub distance: f64,
    /// The nearest facet.
    pub facet: Facet,
    /// A nearest point on the facet, `[features]`.
    pub point: Vec<f64>,
}

/// The nearest boundary in three norms. `None` if there is no boundary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NearestBoundaries {
    /// In the l1 norm, the sum of absolute values.
    pub l1: Option<Nearest>,
    /// In the Euclidean norm.
    pub l2: Option<Nearest>,
    /// In the maximum norm, the largest absolute value.
    pub linf: Option<Nearest>,
}

/// The distances of a point to the boundary of its region.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Distances {
    /// The nearest boundary in the l1 norm. `None` if the region is the whole space.
    pub l1: Option<Nearest>,
    /// The nearest boundary in the Euclidean norm.
    pub l2: Option<Nearest>,
    /// The nearest boundary in the maximum norm.
    pub linf: Option<Nearest>,
    /// Number of hyperplanes that the point lies on, with a gap of exactly zero. If there are any,
    /// the three distances are 0.
    pub touching: usize,
    /// The nearest hyperplanes that the point does not lie on. Without touching hyperplanes they
    /// are the nearest boundaries. With touching ones they need not touch the region.
    pub beyond: NearestBoundaries,
}
