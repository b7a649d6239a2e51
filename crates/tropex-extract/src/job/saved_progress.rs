//! Progress that an interrupted extraction has saved.

use std::path::Path;

use super::calibration_state::CalibrationState;
use crate::store::{MANIFEST, Manifest};

/// The state of an extraction in a folder, finished or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedProgress {
    /// Points in finished shards.
    pub points: usize,
    /// Number of points; 0 while shifts are searched.
    pub of: usize,
    /// Finished trials of the search for the calibrated scale; 0 after the search.
    pub trials: usize,
}

impl SavedProgress {
    /// Reads the state from a folder; `None` if the folder has nothing that an extraction could
    /// resume.
    pub fn of(folder: &Path) -> Option<Self> {
        if let Ok(manifest) = Manifest::read(&folder.join(MANIFEST)) {
            let points = manifest.shards.iter().map(|shard| shard.points).sum();
            return Some(Self { points, of: manifest.terms.points, trials: 0 });
        }
        let trials = CalibrationState::trials_in(folder)?;
        Some(Self { points: 0, of: 0, trials })
    }
}
