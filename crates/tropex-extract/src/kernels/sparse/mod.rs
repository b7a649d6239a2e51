//! Products of rows that are mostly zero, on the `flex` backend.
//!
//! A ReLU layer leaves few of its units active, rows on their way back are zero at all others, and
//! those that come from a pooling at all cells but the winners. A product that reads only the weights
//! of entries other than zero does a fraction of the work. Rows of one point are zero at the same
//! entries, so they are multiplied together: each weight is read once for all of them.

mod entries;
mod matrix;
mod planes;
mod sums;

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

pub(super) use matrix::product;
pub(super) use planes::{Layer, correlation};
use sums::Number;

/// Share of entries other than zero up to which skipping pays, by the number of rows that are
/// multiplied together. Dense products use every weight that they read for many rows, and are faster
/// beyond it.
const SPARSE: [f64; TOGETHER] = [0.3, 0.45, 0.6, 0.6];

/// Rows that are multiplied together: as many as registers hold sums of.
const TOGETHER: usize = 4;

/// Products of fewer multiplications are left to the backend.
const LEAST: usize = 1 << 12;

/// Numbers that are looked at to tell how many are zero: so many blocks of so many.
const SAMPLE: (usize, usize) = (128, 256);

/// Whether zeros are worth skipping: in values of so many groups of rows, for products of so many
/// multiplications.
fn is_worth_it<F: Number>(values: &[F], groups: usize, multiplications: usize) -> bool {
    let limit = SPARSE[groups.clamp(1, TOGETHER) - 1];
    multiplications >= LEAST && share_of_entries(values) <= limit
}

/// Share of entries other than zero in a sample.
fn share_of_entries<F: Number>(values: &[F]) -> f64 {
    let (blocks, length) = SAMPLE;
    let sample = values.chunks(length).step_by((values.len() / length).div_ceil(blocks).max(1));
    let (mut entries, mut all) = (0, 0);
    for block in sample {
        entries += block.iter().filter(|&&value| value != F::ZERO).count();
        all += block.len();
    }
    entries as f64 / all as f64
}

/// Groups by as many as are multiplied together.
fn together(groups: usize) -> impl Iterator<Item = Range<usize>> {
    (0..groups).step_by(TOGETHER).map(move |start| start..groups.min(start + TOGETHER))
}

/// Runs with the widest vectors of the machine.
fn with_simd<T>(work: impl WithSimd<Output = T>) -> T {
    // Pulp takes AVX2 by itself only if it is built with a feature that nobody here asks for.
    #[cfg(target_arch = "x86_64")]
    if let (Arch::Scalar, Some(simd)) = (Arch::new(), pulp::x86::V3::try_new()) {
        return Simd::vectorize(simd, work);
    }
    Arch::new().dispatch(work)
}
