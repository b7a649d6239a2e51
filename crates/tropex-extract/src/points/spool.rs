//! Points of a stream, kept in a file without a name.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::PointSource;
use super::fingerprint::PointHash;
use crate::Error;

/// Takes the points of a stream, which passes once, and keeps them in a file: an extraction reads
/// points in any order and more than once.
///
/// The file has no name and vanishes with the process. It takes `4 * features` bytes per point.
///
/// ```
/// use tropex_extract::PointSource;
/// use tropex_extract::points::PointSpool;
///
/// let mut spool = PointSpool::new(&std::env::temp_dir(), 2)?;
/// spool.add(&[0.5, 1.0, 0.0, 2.0], &[0, 1])?;
/// spool.add(&[3.0, 4.0], &[2])?;
/// let points = spool.finish()?;
/// assert_eq!((points.len(), points.read(1..3)), (3, vec![0.0, 2.0, 3.0, 4.0]));
/// # Ok::<(), tropex_extract::Error>(())
/// ```
pub struct PointSpool {
    folder: PathBuf,
    file: BufWriter<File>,
    features: usize,
    labels: Vec<usize>,
    hash: PointHash,
}

/// Points in a file without a name, see [`PointSpool`].
#[derive(Debug)]
pub struct SpooledPoints {
    file: Mutex<File>,
    features: usize,
    labels: Vec<usize>,
    fingerprint: String,
}

impl PointSpool {
    /// A spool of points with a number of features. `folder` says on which disk the points are
    /// kept.
    ///
    /// # Errors
    /// [`Error::Io`]: no file can be made there.
    pub fn new(folder: &Path, features: usize) -> Result<Self, Error> {
        let file = tempfile::tempfile_in(folder);
        let file = BufWriter::new(file.map_err(Error::io("make a temporary file in", folder))?);
        let hash = PointHash::new(features);
        Ok(Self { folder: folder.to_owned(), file, features, labels: Vec::new(), hash })
    }

    /// Adds the next points.
    ///
    /// # Shapes
    /// - values: `[points, features]`, row by row
    /// - labels: `[points]`, the true classes
    ///
    /// # Errors
    /// [`Error::Shape`]: the number of values is not that of all labels. [`Error::Io`]: the disk
    /// takes no more.
    pub fn add(&mut self, values: &[f32], labels: &[usize]) -> Result<(), Error> {
        if values.len() != labels.len().saturating_mul(self.features) {
            let expected = format!("{} for each of the {} labels", self.features, labels.len());
            return Err(Error::shape("values of the points", values.len(), expected));
        }
        self.hash.add(values);
        let write = |value: &f32| self.file.write_all(&value.to_ne_bytes());
        values.iter().try_for_each(write).map_err(Error::io("write points to", &self.folder))?;
        self.labels.extend(labels);
        Ok(())
    }

    /// The points of the whole stream.
    ///
    /// # Errors
    /// [`Error::Io`]: the disk takes no more.
    pub fn finish(self) -> Result<SpooledPoints, Error> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error);
        let file = Mutex::new(file.map_err(Error::io("write points to", &self.folder))?);
        let fingerprint = self.hash.finish(&self.labels);
        Ok(SpooledPoints { file, features: self.features, labels: self.labels, fingerprint })
    }
}

impl SpooledPoints {
    fn read_bytes(&self, range: Range<usize>) -> io::Result<Vec<u8>> {
        let width = self.features * size_of::<f32>();
        let mut bytes = vec![0; range.len() * width];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start((range.start * width) as u64))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl PointSource for SpooledPoints {
    fn len(&self) -> usize {
        self.labels.len()
    }

    fn features(&self) -> usize {
        self.features
    }

    /// If the file cannot be read, there are no values, which extraction reports as an error.
    fn read(&self, range: Range<usize>) -> Vec<f32> {
        let bytes = self.read_bytes(range).unwrap_or_default();
        let (values, _) = bytes.as_chunks();
        values.iter().copied().map(f32::from_ne_bytes).collect()
    }

    fn label(&self, point: usize) -> usize {
        self.labels[point]
    }

    fn fingerprint(&self) -> String {
        self.fingerprint.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::SlicePoints;
    use super::*;

    #[test]
    fn spooled_points_are_those_of_the_stream() {
        let values: Vec<f32> = (0..30).map(|i| i as f32 / 7.0).collect();
        let labels = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3];
        let folder = tempfile::tempdir().unwrap();
        let mut spool = PointSpool::new(folder.path(), 3).unwrap();
        spool.add(&values[..12], &labels[..4]).unwrap();
        assert!(matches!(spool.add(&values[..5], &[1]), Err(Error::Shape { .. })));
        spool.add(&values[12..], &labels[4..]).unwrap();
        let spooled = spool.finish().unwrap();
        let expected = SlicePoints::new(&values, 3, &labels).unwrap();
        assert_eq!(spooled.fingerprint(), expected.fingerprint());
        assert_eq!(spooled.len(), 10);
        for range in [7..10, 0..10, 2..3] {
            assert_eq!(spooled.read(range.clone()), expected.read(range));
        }
        assert!((0..10).all(|point| spooled.label(point) == labels[point]));
        assert!(PointSpool::new(&folder.path().join("missing"), 3).is_err());
    }
}
