//! The micro-kernel of sparse products: nonzero entries times rows of weights.

use pulp::Simd;

use super::entries::EntryRun;
use crate::simd::{MAX_ROWS, SimdFloat, WeightPanel, add_products, with_rows, zero_tile};

/// Vectors in a register tile (NR) for 1 to 6 rows: first the wide tile, which leaves registers for
/// weights and numbers, then the narrow tile for the remaining columns.
const TILE_VECTORS: [[usize; 2]; MAX_ROWS] = [[8, 4], [4, 2], [4, 2], [2, 1], [2, 1], [2, 1]];

/// Writes the sum of entries times weights for every row, for the columns of a panel.
#[inline(always)]
pub(super) fn sum<F: SimdFloat, S: Simd>(
    simd: S,
    parts: &[EntryRun<'_, F>],
    panel: &WeightPanel<'_, F>,
    sums: &mut [&mut [F]],
) {
    with_rows!(sums.len(), ROWS => {
        const WIDE: usize = TILE_VECTORS[ROWS - 1][0];
        const NARROW: usize = TILE_VECTORS[ROWS - 1][1];
        sum_rows::<F, S, ROWS, WIDE, NARROW>(simd, parts, panel, sums)
    })
}

/// All columns: tiles of `WIDE` vectors, tiles of `NARROW` vectors, single vectors, single numbers.
#[inline(always)]
fn sum_rows<F: SimdFloat, S: Simd, const ROWS: usize, const WIDE: usize, const NARROW: usize>(
    simd: S,
    parts: &[EntryRun<'_, F>],
    panel: &WeightPanel<'_, F>,
    sums: &mut [&mut [F]],
) {
    let done = sum_tiles::<F, S, ROWS, WIDE>(simd, parts, panel, sums, 0);
    let done = sum_tiles::<F, S, ROWS, NARROW>(simd, parts, panel, sums, done);
    let done = sum_tiles::<F, S, ROWS, 1>(simd, parts, panel, sums, done);
    if done < panel.width {
        sum_singly::<F, ROWS>(parts, panel, sums, done);
    }
}

/// Whole tiles of `VECTORS` vectors from column `start` on. Returns the first column that is left.
#[inline(always)]
fn sum_tiles<F: SimdFloat, S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    parts: &[EntryRun<'_, F>],
    panel: &WeightPanel<'_, F>,
    sums: &mut [&mut [F]],
    mut start: usize,
) -> usize {
    let step = VECTORS * F::lanes::<S>();
    while start + step <= panel.width {
        let mut block = zero_tile::<F, S, ROWS, VECTORS>(simd);
        for part in parts {
            let pairs = part.pairs::<ROWS>(panel);
            let pairs = pairs.map(|(numbers, row)| (numbers, &row[start..start + step]));
            block = add_products(simd, block, pairs);
        }
        for (sums, row) in sums.iter_mut().zip(block) {
            let vectors = F::vectors_mut::<S>(&mut sums[start..start + step]);
            vectors.iter_mut().zip(row).for_each(|(to, sum)| *to = sum);
        }
        start += step;
    }
    start
}

/// The columns from `start` on, which do not fill a vector.
fn sum_singly<F: SimdFloat, const ROWS: usize>(
    parts: &[EntryRun<'_, F>],
    panel: &WeightPanel<'_, F>,
    sums: &mut [&mut [F]],
    start: usize,
) {
    sums.iter_mut().for_each(|sums| sums[start..].fill(F::ZERO));
    for (numbers, row) in parts.iter().flat_map(|part| part.pairs::<ROWS>(panel)) {
        for (sums, &number) in sums.iter_mut().zip(numbers) {
            let sums = sums[start..panel.width].iter_mut();
            sums.zip(&row[start..]).for_each(|(sum, &weight)| *sum += number * weight);
        }
    }
}
