//! How well does the extracted function reproduce the network, and how well does it generalize?

pub(crate) mod exactness;
pub(crate) mod generalization;
pub(crate) mod implications;
pub(crate) mod leave_one_out;
pub(crate) mod nearest_terms;
pub(crate) mod subset;
