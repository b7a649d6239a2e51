//! Bounds from the numbers of units and dimensions, which treat every affine map as dense.

pub(super) mod exact;
pub(super) mod lower;
pub(super) mod order;
pub(super) mod serra;
pub(super) mod upper;
