//! What happens when images or terms are moved?

pub(crate) mod shifted_terms;
pub(crate) mod slide;
pub(crate) mod translation;
