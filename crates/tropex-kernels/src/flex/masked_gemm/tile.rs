//! A few units of a cell, and all that they receive.

use pulp::Simd;

use crate::simd::{Block, SimdFloat, add_product, zero_block};

/// Entries of some cells in a row.
pub(super) struct Part<'a, F> {
    pub(super) units: &'a [u32],
    /// `[units, width]`
    pub(super) numbers: &'a [F],
    /// From a unit to the place of its weight.
    pub(super) offset: u32,
}

/// The sums of a few units, for the groups of some vectors from `start` on: of the entries of some
/// parts, of `width` numbers each, times the weights that join them. `weights` are those of the units,
/// all equally long.
#[inline(always)]
pub(super) fn sums<F: SimdFloat, S: Simd, const UNITS: usize, const VECTORS: usize>(
    simd: S,
    parts: &[Part<'_, F>],
    weights: [&[F]; UNITS],
    [start, width]: [usize; 2],
) -> Block<F, S, UNITS, VECTORS> {
    let mut block = zero_block::<F, S, UNITS, VECTORS>(simd);
    // One length for all, so that one look at the bounds is enough.
    let length = weights[0].len();
    let mut rows = weights;
    for (row, weights) in rows.iter_mut().zip(weights) {
        *row = &weights[..length];
    }
    for part in parts {
        for (&unit, numbers) in part.units.iter().zip(part.numbers.chunks_exact(width)) {
            let vectors = F::vectors::<S>(&numbers[start..]).first_chunk::<VECTORS>();
            let Some(shared) = vectors else { continue };
            let place = unit.wrapping_add(part.offset) as usize;
            let mut factors = [F::ZERO; UNITS];
            for (factor, row) in factors.iter_mut().zip(&rows) {
                *factor = row[place];
            }
            add_product(simd, &mut block, &factors, shared);
        }
    }
    block
}
