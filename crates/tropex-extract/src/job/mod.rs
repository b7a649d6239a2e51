//! Jobs: extraction of a source into a store, by one process or in parts, and of points in memory,
//! under any gauge.

mod batch_size;
mod calibration;
mod calibration_state;
mod estimate;
mod extract_store;
mod extraction;
mod in_memory;
mod options;
mod part;
mod saved_progress;
mod shard_extraction;
mod term_source;

pub use crate::part_number::{ParsePartError, PartNumber};
pub use estimate::Estimate;
pub use options::{ExtractOptions, Progress};
pub use part::{PartOutcome, PartPlan, PartSizes, PartTask, PlanStep, PlanTask, StepWork};
pub use saved_progress::SavedProgress;
