//! The fingerprint of points and labels.

use sha2::{Digest, Sha256};

/// Computes the SHA-256 of the number of features, of all values, and of all labels, so that points
/// have one fingerprint wherever they are kept.
pub(super) struct PointHash(Sha256);

impl PointHash {
    pub(super) fn new(features: usize) -> Self {
        let mut hash = Sha256::new();
        hash.update((features as u64).to_le_bytes());
        Self(hash)
    }

    /// Adds the values of the next points.
    pub(super) fn add(&mut self, values: &[f32]) {
        let mut bytes = Vec::with_capacity(4 * CHUNK);
        for chunk in values.chunks(CHUNK) {
            bytes.clear();
            bytes.extend(chunk.iter().flat_map(|value| value.to_le_bytes()));
            self.0.update(&bytes);
        }
    }

    /// The fingerprint, after the values of all points.
    pub(super) fn finish(mut self, labels: &[usize]) -> String {
        labels.iter().for_each(|label| self.0.update((*label as u64).to_le_bytes()));
        tropex_files::hex(&self.0.finalize())
    }
}

/// Values that are hashed at a time.
const CHUNK: usize = 1 << 14;
