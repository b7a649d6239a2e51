//! Options and progress of an extraction.

/// Options of the extraction of a source.
///
/// ```
/// use tropex_extract::ExtractOptions;
///
/// let options = ExtractOptions::default().with_dominance_points(100).with_replace(true);
/// assert_eq!(options.dominance_points, 100);
/// ```
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

impl ExtractOptions {
    /// Sets the number of points per batch, see [`batch`](Self::batch).
    #[must_use]
    pub fn with_batch(self, points: usize) -> Self {
        Self { batch: Some(points), ..self }
    }

    /// Sets the number of points in the dominance check, see
    /// [`dominance_points`](Self::dominance_points).
    #[must_use]
    pub fn with_dominance_points(self, dominance_points: usize) -> Self {
        Self { dominance_points, ..self }
    }

    /// Sets the approximate size of a shard in bytes, see [`shard_bytes`](Self::shard_bytes).
    #[must_use]
    pub fn with_shard_bytes(self, shard_bytes: usize) -> Self {
        Self { shard_bytes, ..self }
    }

    /// Sets the memory for rows of all points in bytes, see [`memory`](Self::memory).
    #[must_use]
    pub fn with_memory(self, bytes: usize) -> Self {
        Self { memory: Some(bytes), ..self }
    }

    /// Sets whether existing terms may be replaced, see [`replace`](Self::replace).
    #[must_use]
    pub fn with_replace(self, replace: bool) -> Self {
        Self { replace, ..self }
    }
}

/// Progress of an extraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// A part waits for other parts after a stage.
    Waiting {
        /// The stage, counted from 1.
        stage: usize,
        /// Number of stages.
        stages: usize,
        /// The first part that has not finished the stage.
        part: usize,
        /// Number of parts that have not finished the stage.
        missing: usize,
    },
    /// The terms of parts were joined.
    Joined {
        /// Joined points.
        points: usize,
        /// All points.
        of: usize,
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
