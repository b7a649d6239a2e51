//! Limits of sizes.

/// Most values of an image, and of the output of a layer for one image.
pub(crate) const MAX_VALUES: usize = 1 << 32;
