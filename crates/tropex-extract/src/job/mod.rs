//! Jobs: extraction of a source into a store, and of points in memory, under any gauge.

mod calibration;
mod estimate;
mod extract_store;
mod extraction;
mod in_memory;
mod options;
mod saved_progress;

pub use estimate::Estimate;
pub use options::{ExtractOptions, Progress};
pub use saved_progress::SavedProgress;
