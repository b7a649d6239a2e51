//! How to extract, and how far it is.

/// How to extract a source.
#[derive(Clone, Debug)]
pub struct ExtractOptions {
    /// Points of a batch; chosen from the size of the network where there is none. Every device has
    /// a batch in memory, and `flex` one for each of its threads.
    pub batch: Option<usize>,
    /// Points at which own terms are compared with all other terms. This costs one row of products
    /// per point, so all points of a large source take longer than their extraction. With the
    /// calibrated gauge, whose terms promise nothing that was not checked, it is all points.
    pub dominance_points: usize,
    /// Bytes of the coefficients in one shard, about: so much is in memory at a time, and is lost
    /// by an interruption. An extraction that is resumed keeps the shards it began with.
    pub shard_bytes: usize,
    /// Bytes that gauges that depend on points may hold in memory of the rows of all points, besides a batch and
    /// a shard; what is more goes to a file in the folder while shifts are looked for. Half of what
    /// is free where there is none.
    pub memory: Option<usize>,
    /// Whether terms of other settings, or terms that cannot be read, are deleted instead of
    /// refused. Only files that a store writes are.
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

/// How far an extraction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A trial of a scale begins, with the calibrated gauge. What follows is told anew for every
    /// trial.
    Trial {
        /// The trial, counted from 1.
        trial: usize,
        /// As many as there may be.
        of: usize,
    },
    /// Points that passed a stage of the network on the way to shifts that depend on them.
    Shifted {
        /// Points done.
        points: usize,
        /// All points.
        of: usize,
        /// The stage, counted from 1.
        stage: usize,
        /// All stages: one more than there are maxima in the network.
        stages: usize,
    },
    /// Points extracted, of all.
    Extracted {
        /// Points done, those of earlier runs included.
        points: usize,
        /// All points.
        of: usize,
    },
    /// Terms compared, of all, in the self-check.
    Checked {
        /// Terms done.
        terms: usize,
        /// All terms.
        of: usize,
    },
}
