//! What do linear terms look like?

pub(crate) mod coefficients;
pub(crate) mod similarity;
