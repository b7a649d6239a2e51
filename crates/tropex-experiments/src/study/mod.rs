//! Whole studies, from a plan to one report. Finished work is reused, interrupted work continues.
//!
//! ```text
//! FOLDER/plan.json                       the complete plan; a folder contains one study only
//!       runs/<network>-seed<n>/          a run for every network and seed, with terms and findings
//!       runs/<network>-shuffled/         a run on shuffled labels
//!       index.html, index.md             the report
//!       numbers.jsonl                    the numbers of the report, to compare studies
//! ```

mod average_seeds;
mod by_seed;
mod check;
mod claim;
mod execute;
mod numbers;
mod plan;
mod plans;
mod read_plan;
mod run_task;
mod schedule;
mod study_settings;
mod summarize;
mod task;
mod tolerance;

pub use execute::FinishedStudy;
pub use numbers::{NumberDifference, NumbersComparison, StudyNumber, StudyNumbers};
pub use plan::{ExperimentsPlan, ModelPlan, NetworkPlan, StudyPlan};
pub use plans::PLANS;
pub use schedule::{StudyProgress, StudyProgressFn};
pub use study_settings::Study;
pub use summarize::summarize;
pub use task::{StudyTask, StudyWork};
pub use tolerance::Tolerance;

pub use crate::report::{Claim, StudySummary};
