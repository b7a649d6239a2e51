//! Images as points.

use std::ops::Range;

use tropex_extract::PointSource;
use tropex_train::data::Images;

/// The first images of a split, as the extraction crate reads them.
#[derive(Clone, Copy, Debug)]
pub struct ImagePoints<'a> {
    images: &'a Images,
    count: usize,
}

impl<'a> ImagePoints<'a> {
    /// The first `limit` images, or all.
    pub fn new(images: &'a Images, limit: Option<usize>) -> Self {
        Self { images, count: images.len().min(limit.unwrap_or(usize::MAX)) }
    }
}

impl PointSource for ImagePoints<'_> {
    fn len(&self) -> usize {
        self.count
    }

    fn features(&self) -> usize {
        self.images.features()
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        self.images.read(range)
    }

    fn label(&self, point: usize) -> usize {
        self.images.labels()[point] as usize
    }

    /// The fingerprint of all images; how many are read is known besides.
    fn fingerprint(&self) -> String {
        self.images.fingerprint()
    }
}
