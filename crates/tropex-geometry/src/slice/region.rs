//! Regions on a plane and the affine maps on them.

use crate::RegionId;

/// An affine function of plane coordinates `(u, v)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlaneAffine {
    /// Coefficients of `u` and `v`.
    pub slope: [f64; 2],
    /// Value at `(0, 0)`.
    pub bias: f64,
}

impl PlaneAffine {
    /// The value at a point of the plane.
    pub fn at(&self, [u, v]: [f64; 2]) -> f64 {
        self.slope[0] * u + self.slope[1] * v + self.bias
    }
}

/// A polygon on which every unit has one piece.
#[derive(Clone, Debug, PartialEq)]
pub struct SliceRegion {
    /// The corners counter-clockwise, as indices into [`Partition::vertices`](super::Partition).
    pub corners: Vec<usize>,
    /// The affine maps on the polygon. Of a network: one for every logit. Of an extracted function:
    /// one, for the logit of its class.
    pub maps: Vec<PlaneAffine>,
    /// The identifier of the pattern. Of an extracted function: of the pair of winning terms.
    pub id: RegionId,
}

/// The part of a region in which one class has the largest logit.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassCell {
    /// The corners counter-clockwise, as indices into [`Partition::vertices`](super::Partition).
    pub corners: Vec<usize>,
    /// The index of its region in [`Partition::regions`](super::Partition).
    pub region: usize,
    /// The class. On ties the first one.
    pub class: usize,
}
