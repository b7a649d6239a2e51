//! What one process does for a part, and what came of it.

use crate::SelfCheck;
use crate::part_number::PartNumber;

/// The work of one process on a part of an extraction.
///
/// ```
/// use tropex_extract::job::PartTask;
///
/// let task = PartTask::of("2/4".parse()?).with_stage(1);
/// assert_eq!((task.part.number(), task.stage), (2, Some(1)));
/// # Ok::<(), tropex_extract::job::ParsePartError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartTask {
    /// The part.
    pub part: PartNumber,
    /// With the tight and the calibrated gauge: the only stage to run, counted from 1. `None` runs
    /// all stages and extracts the terms; after every stage, the process waits for the other parts.
    pub stage: Option<usize>,
}

impl PartTask {
    /// All work of a part.
    pub fn of(part: PartNumber) -> Self {
        Self { part, stage: None }
    }

    /// The work of one stage.
    #[must_use]
    pub fn with_stage(self, stage: usize) -> Self {
        Self { stage: Some(stage), ..self }
    }
}

/// The state of a part after a process has done its work.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PartOutcome {
    /// The parts are merged already; there is nothing to do.
    Merged,
    /// The part has finished a stage.
    Stage {
        /// The stage, counted from 1.
        stage: usize,
        /// Number of stages of the network.
        stages: usize,
        /// Points of the part.
        points: usize,
    },
    /// The part has finished its terms.
    #[non_exhaustive]
    Terms {
        /// Points of the part.
        points: usize,
        /// Files of terms.
        files: usize,
        /// Bytes of these files.
        bytes: u64,
        /// Self-check of the part, without dominance.
        check: SelfCheck,
    },
}
