//! Rows of a part between two stages, in the memory of a process that runs all stages.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::gauge::tight::WaitingBatch;

/// Rows by the position of the first point of their batch.
#[derive(Default)]
pub(super) struct MemoryRows(Mutex<HashMap<usize, WaitingBatch>>);

impl MemoryRows {
    /// Keeps the rows of a batch.
    pub(super) fn put(&self, first: usize, rows: WaitingBatch) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(first, rows);
    }

    /// Takes the rows of a batch out.
    pub(super) fn take(&self, first: usize) -> Option<WaitingBatch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&first)
    }
}
