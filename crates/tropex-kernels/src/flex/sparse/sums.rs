//! Sums of the products of a few entries with rows of weights.

use pulp::Simd;

use super::entries::Part;
use crate::simd::{MAX_ROWS, Panel, SimdFloat, add_products, with_rows, zero_block};

/// Vectors that are summed at a time, by the number of rows: as many as leave registers for weights and
/// numbers, and fewer for what is left of the columns.
const AT_ONCE: [[usize; 2]; MAX_ROWS] = [[8, 4], [4, 2], [4, 2], [2, 1], [2, 1], [2, 1]];

/// Sets a sum for every row: of the products of its entries with their weights, for the columns of a
/// panel.
#[inline(always)]
pub(super) fn sum<F: SimdFloat, S: Simd>(
    simd: S,
    parts: &[Part<'_, F>],
    panel: &Panel<'_, F>,
    sums: &mut [&mut [F]],
) {
    with_rows!(sums.len(), ROWS => {
        const MANY: usize = AT_ONCE[ROWS - 1][0];
        const FEW: usize = AT_ONCE[ROWS - 1][1];
        sum_rows::<F, S, ROWS, MANY, FEW>(simd, parts, panel, sums)
    })
}

/// All columns: blocks of `MANY` vectors, then of `FEW`, then single vectors and single numbers.
#[inline(always)]
fn sum_rows<F: SimdFloat, S: Simd, const ROWS: usize, const MANY: usize, const FEW: usize>(
    simd: S,
    parts: &[Part<'_, F>],
    panel: &Panel<'_, F>,
    sums: &mut [&mut [F]],
) {
    let done = sum_blocks::<F, S, ROWS, MANY>(simd, parts, panel, sums, 0);
    let done = sum_blocks::<F, S, ROWS, FEW>(simd, parts, panel, sums, done);
    let done = sum_blocks::<F, S, ROWS, 1>(simd, parts, panel, sums, done);
    if done < panel.width {
        sum_singly::<F, ROWS>(parts, panel, sums, done);
    }
}

/// Blocks of `VECTORS` vectors, as long as there are as many columns from `start` on. Returns the first
/// column that is left.
#[inline(always)]
fn sum_blocks<F: SimdFloat, S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    parts: &[Part<'_, F>],
    panel: &Panel<'_, F>,
    sums: &mut [&mut [F]],
    mut start: usize,
) -> usize {
    let step = VECTORS * F::lanes::<S>();
    while start + step <= panel.width {
        let mut block = zero_block::<F, S, ROWS, VECTORS>(simd);
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

/// The columns from `start` on, which fill no vector.
fn sum_singly<F: SimdFloat, const ROWS: usize>(
    parts: &[Part<'_, F>],
    panel: &Panel<'_, F>,
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
