//! How do the terms of several runs compare?

pub(crate) mod networks;
pub(crate) mod random_labels;
