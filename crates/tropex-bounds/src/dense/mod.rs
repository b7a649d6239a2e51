//! Bounds that count units and dimensions, as if every map were dense.

pub(super) mod exact;
pub(super) mod lower;
pub(super) mod order;
pub(super) mod serra;
pub(super) mod upper;
