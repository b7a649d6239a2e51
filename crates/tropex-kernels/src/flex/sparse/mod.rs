//! Products of rows that are mostly zero, on the `flex` backend.
//!
//! Few units of a ReLU layer are active, and rows that are pulled back are zero at all other units.
//! Rows behind a pooling are zero at all cells except the winners. These products read only the
//! weights of entries that are not zero. The rows of one point are zero at equal entries, so that
//! they are multiplied together and each weight is read once for all of them.

mod entries;
mod planes;
mod sums;

pub(super) use planes::correlation;

use crate::simd::{MAX_ROWS, SimdFloat};

// The cost model of `cost`. `cargo bench --bench layers -- predicted 512 RUN` measures again: it
// prints the time of every operation, forward and back, and the density of its input.

/// Density (share of nonzero entries) at which a sparse and a dense product of many outputs take
/// equal time, for 1 to 6 rows that are multiplied together.
const BREAK_EVEN_DENSITY: [f64; MAX_ROWS] = [0.3, 0.45, 0.6, 0.6, 0.6, 0.6];

/// Outputs whose products take as long as finding one nonzero entry.
const ENTRY_OVERHEAD: usize = 40;

/// Smallest number of multiplications of a sparse product.
const MIN_MULTIPLICATIONS: usize = 1 << 12;

/// Blocks, and numbers per block, of the sample that [`density`] reads.
const SAMPLE: (usize, usize) = (128, 256);

/// Whether a sparse product takes less time than a dense one.
fn is_gain<F: SimdFloat>(
    values: &[F],
    groups: usize,
    outputs: usize,
    multiplications: usize,
) -> bool {
    multiplications >= MIN_MULTIPLICATIONS && cost(density(values), groups, outputs) <= 1.0
}

/// The time of a sparse product at a density, divided by the time of a dense product.
pub(super) fn cost(density: f64, groups: usize, outputs: usize) -> f64 {
    let break_even = BREAK_EVEN_DENSITY[groups.clamp(1, MAX_ROWS) - 1];
    let limit = break_even * outputs as f64 / (outputs + ENTRY_OVERHEAD) as f64;
    density / limit
}

/// Share of nonzero entries, from a sample.
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
