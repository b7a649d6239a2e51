//! What an interrupted extraction has saved.

use std::path::Path;

use super::calibration::CalibrationState;
use crate::store::{MANIFEST, Manifest};

/// What there is of an extraction in a folder, finished or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedProgress {
    /// Points whose terms are there.
    pub points: usize,
    /// All points; 0 as long as shifts are looked for.
    pub of: usize,
    /// Finished trials of the search for the calibrated scale, unless that is done.
    pub trials: usize,
}

impl SavedProgress {
    /// Looks into a folder. None if nothing is there that an extraction could go on from.
    pub fn of(folder: &Path) -> Option<Self> {
        if let Ok(manifest) = Manifest::read(&folder.join(MANIFEST)) {
            let points = manifest.shards.iter().map(|shard| shard.points).sum();
            return Some(Self { points, of: manifest.terms.points, trials: 0 });
        }
        let trials = CalibrationState::trials_in(folder)?;
        Some(Self { points: 0, of: 0, trials })
    }
}
