//! The points at which experiments ask for the winning terms.

use crate::data::{RandomPoints, Split};

/// Points at which experiments ask for the winning terms.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AssignedPoints {
    /// The images of a split.
    Images(Split),
    /// The training images, each without its own terms.
    TrainingWithoutOwn,
    /// Random points.
    Random(RandomPoints),
}
