//! A range of the points of another source.

use std::ops::Range;

use super::{PointSource, PointSubset};

/// Consecutive points of a source, as a source of their own.
///
/// ```
/// use tropex_extract::PointSource;
/// use tropex_extract::points::{PointRange, SlicePoints};
///
/// let all = SlicePoints::new(&[0.5, 1.0, 0.0, 2.0], 1, &[0, 1, 2, 3])?;
/// let middle = PointRange::new(&all, 1..3);
/// assert_eq!((middle.len(), middle.read(0..2), middle.label(1)), (2, vec![1.0, 0.0], 2));
/// # Ok::<(), tropex_extract::Error>(())
/// ```
#[derive(Clone)]
pub struct PointRange<'a> {
    source: &'a dyn PointSource,
    range: Range<usize>,
}

impl<'a> PointRange<'a> {
    /// The points of a source in a range, which is cut at the end of the source.
    pub fn new(source: &'a dyn PointSource, range: Range<usize>) -> Self {
        let end = range.end.min(source.len());
        Self { source, range: range.start.min(end)..end }
    }
}

impl PointSource for PointRange<'_> {
    fn len(&self) -> usize {
        self.range.len()
    }

    fn features(&self) -> usize {
        self.source.features()
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        self.source.read(self.range.start + range.start..self.range.start + range.end)
    }

    fn label(&self, point: usize) -> usize {
        self.source.label(self.range.start + point)
    }

    /// The fingerprint of all points of the source; [`PointSource::subset`] identifies the range.
    fn fingerprint(&self) -> String {
        self.source.fingerprint()
    }

    fn index(&self, point: usize) -> usize {
        self.source.index(self.range.start + point)
    }

    fn subset(&self) -> Option<PointSubset> {
        let indices = self.range.clone().map(|point| self.source.index(point));
        Some(PointSubset::new("range".into(), self.source.len(), indices))
    }
}
