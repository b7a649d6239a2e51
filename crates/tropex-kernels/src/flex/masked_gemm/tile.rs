//! The micro-kernel of the masked product: a tile of active output units and vectors of groups.

use pulp::Simd;

use crate::simd::{RegisterTile, SimdFloat, add_product, zero_tile};

/// The active input units of a run of taps, and their numbers.
pub(super) struct UnitRun<'a, F> {
    pub(super) units: &'a [u32],
    /// `[units, width]`
    pub(super) numbers: &'a [F],
    /// The index of a unit's weight minus the number of the unit.
    pub(super) offset: u32,
}

/// The sums of a tile: the numbers of all runs times the weights between the units, for the groups
/// of `VECTORS` vectors from `start` on.
///
/// # Shapes
/// - numbers of a run: `[units, width]`
/// - weights: a row for every output unit, all of one length
/// - output: `[UNITS, VECTORS]` vectors
#[inline(always)]
pub(super) fn sums<F: SimdFloat, S: Simd, const UNITS: usize, const VECTORS: usize>(
    simd: S,
    runs: &[UnitRun<'_, F>],
    weights: [&[F]; UNITS],
    [start, width]: [usize; 2],
) -> RegisterTile<F, S, UNITS, VECTORS> {
    let mut block = zero_tile::<F, S, UNITS, VECTORS>(simd);
    // One length for all rows, so that one bounds check is enough.
    let length = weights[0].len();
    let mut rows = weights;
    for (row, weights) in rows.iter_mut().zip(weights) {
        *row = &weights[..length];
    }
    for run in runs {
        for (&unit, numbers) in run.units.iter().zip(run.numbers.chunks_exact(width)) {
            let vectors = F::vectors::<S>(&numbers[start..]).first_chunk::<VECTORS>();
            let Some(shared) = vectors else { continue };
            let place = unit.wrapping_add(run.offset) as usize;
            let mut factors = [F::ZERO; UNITS];
            for (factor, row) in factors.iter_mut().zip(&rows) {
                *factor = row[place];
            }
            add_product(simd, &mut block, &factors, shared);
        }
    }
    block
}
