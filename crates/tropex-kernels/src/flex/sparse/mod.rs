//! Products of rows that are mostly zero, on the `flex` backend.
//!
//! A ReLU layer leaves few of its units active, rows on their way back are zero at all others, and
//! those that come from a pooling at all cells but the winners. A product that reads only the weights
//! of entries other than zero does a fraction of the work. Rows of one point are zero at the same
//! entries, so they are multiplied together: each weight is read once for all of them.

mod entries;
mod planes;
mod sums;

pub(super) use planes::correlation;

use crate::simd::{MAX_ROWS, SimdFloat};

/// Share of entries other than zero up to which skipping pays where there are many outputs, by the
/// number of rows that are multiplied together. Dense products use every weight that they read for
/// many rows, and are faster beyond it.
const SPARSE: [f64; MAX_ROWS] = [0.3, 0.45, 0.6, 0.6, 0.6, 0.6];

/// Outputs for which an entry takes as long as it does by itself.
const FEW: usize = 40;

/// Products of fewer multiplications are left to the backend.
const LEAST: usize = 1 << 12;

/// Numbers that are looked at to tell how many are zero: so many blocks of so many.
const SAMPLE: (usize, usize) = (128, 256);

/// Whether zeros are worth skipping: in values of so many groups of rows, of which each is multiplied
/// with weights of so many outputs, and for so many multiplications in all.
fn is_worth_it<F: SimdFloat>(
    values: &[F],
    groups: usize,
    outputs: usize,
    multiplications: usize,
) -> bool {
    multiplications >= LEAST && cost(density(values), groups, outputs) <= 1.0
}

/// What skipping costs where so much is not zero, of what a dense product does.
pub(super) fn cost(share: f64, groups: usize, outputs: usize) -> f64 {
    let limit = SPARSE[groups.clamp(1, MAX_ROWS) - 1] * outputs as f64 / (outputs + FEW) as f64;
    share / limit
}

/// Share of entries other than zero in a sample.
pub(super) fn density<F: SimdFloat>(values: &[F]) -> f64 {
    let (blocks, length) = SAMPLE;
    let sample = values.chunks(length).step_by((values.len() / length).div_ceil(blocks).max(1));
    let (mut entries, mut all) = (0, 0);
    for block in sample {
        entries += block.iter().filter(|&&value| value != F::ZERO).count();
        all += block.len();
    }
    entries as f64 / all as f64
}
