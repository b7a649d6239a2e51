//! Jobs: extraction of a source into a store, and of points in memory, under any gauge.

mod calibration;
mod calibration_state;
mod estimate;
mod extract_store;
mod extraction;
mod in_memory;
mod options;
mod saved_progress;
mod term_source;

pub use estimate::Estimate;
pub use options::{ExtractOptions, Progress};
pub use saved_progress::SavedProgress;
