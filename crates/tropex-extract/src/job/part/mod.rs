//! Extraction in parts: several processes, on any machines that see the folder, extract one store.
//!
//! Every part works on its own batches and writes only to its own folder, so parts need no locks.
//! Files are written once: a part that is killed, run again, or run twice at once does no harm.
//! What depends on all points, the tight and the calibrated shifts, is found stage by stage: every
//! part writes the result of its points. Before the next stage it reads the results of all parts,
//! or the one file that a reduction made of them. A merge checks the parts and publishes the store
//! that one process writes.
//!
//! ```text
//! STORE/parts-of-4/stage-1.part ...                  minimum of all parts, after a reduction
//!                  part-2/settings.part              the settings of the extraction
//!                         stage-1.part ...          minimum of the points after a stage
//!                         search-1-stage-1.part ... the same in a search for calibrated shifts
//!                         rows-1-RANDOM/0000512.rows ...   rows between two stages
//!                         shard-00003.SUM.safetensors      terms of a shard or of a piece of it
//!                         shard-00003.part          entry of these terms
//! ```

mod calibrated;
mod comparison;
mod cut;
mod folder;
mod identity;
mod joined_shard;
mod kept_rows;
mod memory_rows;
mod merge;
mod part_results;
mod piece_record;
mod plan;
mod record_file;
mod reduce;
mod row_sum;
mod search;
mod sizes;
mod stage_name;
mod stage_result;
mod stage_work;
mod task;
mod work;

pub use plan::{PartPlan, PlanStep, PlanTask, StepWork};
pub use sizes::PartSizes;
pub use task::{PartOutcome, PartTask};
