//! Points: images of a dataset, subsets and moved copies of them, and random points.

mod image_points;
mod image_shift;
mod random_points;
mod split;

pub use image_points::ImagePoints;
pub use image_shift::{EdgeFill, ShiftedImages, shift_pairs};
pub use random_points::{RANGES, RandomPoints};
pub(crate) use random_points::{range_fault, range_name};
pub use split::{ParseSplitError, Split};
