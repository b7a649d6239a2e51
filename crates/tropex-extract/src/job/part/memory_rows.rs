//! Rows of a part between two stages, in the memory of a process that runs all stages.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Rows by the position of the first point of their batch.
#[derive(Debug, Default)]
pub(super) struct MemoryRows(Mutex<HashMap<usize, Vec<u8>>>);

impl MemoryRows {
    /// Keeps the rows of a batch.
    pub(super) fn put(&self, first: usize, rows: Vec<u8>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(first, rows);
    }

    /// Takes the rows of a batch out.
    pub(super) fn take(&self, first: usize) -> Option<Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&first)
    }
}
