//! Options and progress of an extraction.

/// Options of the extraction of a source.
#[derive(Clone, Debug)]
pub struct ExtractOptions {
    /// Points per batch; `None` chooses it from the size of the network. Memory holds one batch per
    /// device, and on `flex` one per thread.
    pub batch: Option<usize>,
    /// Number of points whose terms are compared with all other terms. One point costs one product
    /// with all terms, so checking all points of a large source takes longer than extracting them.
    /// The calibrated gauge always checks all points.
    pub dominance_points: usize,
    /// Bytes of coefficients per shard, approximately: the amount that is in memory, and that an
    /// interruption loses. A resumed extraction continues with its previous shard size.
    pub shard_bytes: usize,
    /// Bytes of rows of all points that gauges that depend on points may hold in memory, in
    /// addition to a batch and a shard. The remaining rows go to a file in the folder until the
    /// shifts are found. `None` stands for half of the free memory.
    pub memory: Option<usize>,
    /// Whether to delete terms of other settings and unreadable terms instead of returning an
    /// error. Only files of a store are deleted.
    pub replace: bool,
}

impl Default for ExtractOptions {
    fn default() -> Self {
        Self {
            batch: None,
            dominance_points: 1000,
            shard_bytes: 64 << 20,
            memory: None,
            replace: false,
        }
    }
}

/// Progress of an extraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A trial of the calibrated gauge begins. [`Shifted`](Self::Shifted) and
    /// [`Checked`](Self::Checked) start from 0 in every trial.
    Trial {
        /// The trial, counted from 1.
        trial: usize,
        /// Largest number of trials.
        of: usize,
    },
    /// Points have passed a stage of the pullback that finds shifts.
    Shifted {
        /// Points that have passed the stage.
        points: usize,
        /// All points.
        of: usize,
        /// The stage, counted from 1.
        stage: usize,
        /// Number of stages: the number of maxima in the network plus 1.
        stages: usize,
    },
    /// Points were extracted.
    Extracted {
        /// Extracted points, including those of earlier runs.
        points: usize,
        /// All points.
        of: usize,
    },
    /// Terms were compared in the self-check.
    Checked {
        /// Compared terms.
        terms: usize,
        /// All terms.
        of: usize,
    },
}
