//! In which linear regions do the images lie?

pub(crate) mod boundary;
pub(crate) mod count;
pub(crate) mod patterns;
