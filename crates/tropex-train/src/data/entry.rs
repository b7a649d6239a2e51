//! An entry in the list of datasets.

use super::dataset::Dataset;
use super::error::DataError;
use super::open_options::OpenOptions;

/// A dataset in the registry.
#[derive(Debug, Clone, Copy)]
pub struct DatasetEntry {
    /// Name.
    pub name: &'static str,
    /// Description in one line.
    pub summary: &'static str,
    /// `[channels, height, width]` of an image.
    pub shape: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    pub(super) open: fn(&OpenOptions<'_>) -> Result<Dataset, DataError>,
}
