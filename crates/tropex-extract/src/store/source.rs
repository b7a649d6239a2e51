//! Where points come from.

use std::ops::Range;

use crate::Error;

/// Labelled points that can be read in pieces. This crate does not know datasets; whoever has one
/// implements this.
pub trait PointSource: Sync {
    /// Number of points.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values of one point.
    fn features(&self) -> usize;

    /// Values of a range of points, row by row: `[range.len(), features]`.
    fn read(&self, range: Range<usize>) -> Vec<f32>;

    /// The true class of a point.
    fn label(&self, point: usize) -> usize;

    /// Equal for equal points and labels only.
    fn fingerprint(&self) -> String;
}

/// Points of a source, as many as were asked for.
pub(super) fn read(source: &dyn PointSource, range: Range<usize>) -> Result<Vec<f32>, Error> {
    let expected = range.len() * source.features();
    let points = source.read(range);
    if points.len() == expected {
        return Ok(points);
    }
    Err(Error::shape("values read from the source", points.len(), expected))
}
