//! Sums of weights, kept in registers.

use std::ops::Range;

use pulp::Simd;

use super::TOGETHER;
use crate::kernels::flex::Float;

/// Some entries of the rows of a point that are multiplied together.
pub(super) struct Part<'a, F> {
    /// Where at least one of the rows is not zero.
    pub(super) entries: &'a [u32],
    /// What the rows have there, entry by entry.
    pub(super) values: &'a [F],
    /// The row of the weights that entry 0 meets.
    pub(super) first: usize,
}

/// Columns of a matrix of weights.
pub(super) struct Weights<'a, F> {
    pub(super) all: &'a [F],
    /// Columns of the matrix.
    pub(super) width: usize,
    pub(super) columns: Range<usize>,
}

impl<F> Weights<'_, F> {
    /// Some of the columns, counted from the first of these, of one row.
    fn row(&self, row: usize, columns: Range<usize>) -> &[F] {
        let start = row * self.width + self.columns.start;
        &self.all[start + columns.start..start + columns.end]
    }
}

/// A number that vectors are made of.
pub(super) trait Number: Float {
    /// Sets a sum for every row: of the products of its entries with their weights, for some columns.
    fn sum<S: Simd>(
        simd: S,
        parts: &[Part<'_, Self>],
        weights: &Weights<'_, Self>,
        sums: &mut [&mut [Self]],
    );
}

macro_rules! number {
    ($float:ty, $lanes:ident, $splat:ident, $mul_add:ident, $read:ident, $write:ident) => {
        impl Number for $float {
            #[inline(always)]
            fn sum<S: Simd>(
                simd: S,
                parts: &[Part<'_, Self>],
                weights: &Weights<'_, Self>,
                sums: &mut [&mut [Self]],
            ) {
                /// Blocks of `ROWS` rows and `VECTORS` vectors of columns, as long as there are as
                /// many columns from `start` on. Returns the first column that is left.
                #[inline(always)]
                fn blocks<S: Simd, const ROWS: usize, const VECTORS: usize>(
                    simd: S,
                    parts: &[Part<'_, $float>],
                    weights: &Weights<'_, $float>,
                    sums: &mut [&mut [$float]],
                    mut start: usize,
                ) -> usize {
                    let step = VECTORS * S::$lanes;
                    while start + step <= weights.columns.len() {
                        let mut block = [[simd.$splat(0.0); VECTORS]; ROWS];
                        for part in parts {
                            let values = part.values.chunks_exact(ROWS);
                            for (&entry, values) in part.entries.iter().zip(values) {
                                let row = part.first + entry as usize;
                                let row = S::$read(weights.row(row, start..start + step)).0;
                                for (sums, &value) in block.iter_mut().zip(values) {
                                    let value = simd.$splat(value);
                                    for (sum, &weight) in sums.iter_mut().zip(row) {
                                        *sum = simd.$mul_add(value, weight, *sum);
                                    }
                                }
                            }
                        }
                        for (target, sums) in sums.iter_mut().zip(block) {
                            let target = S::$write(&mut target[start..start + step]).0;
                            target.copy_from_slice(&sums);
                        }
                        start += step;
                    }
                    start
                }

                /// All columns: blocks, then single vectors, then single numbers.
                #[inline(always)]
                fn all<S: Simd, const ROWS: usize, const VECTORS: usize>(
                    simd: S,
                    parts: &[Part<'_, $float>],
                    weights: &Weights<'_, $float>,
                    sums: &mut [&mut [$float]],
                ) {
                    let done = blocks::<S, ROWS, VECTORS>(simd, parts, weights, sums, 0);
                    let done = blocks::<S, ROWS, 1>(simd, parts, weights, sums, done);
                    let rest = done..weights.columns.len();
                    sums.iter_mut().for_each(|sums| sums[rest.clone()].fill(0.0));
                    if rest.is_empty() {
                        return;
                    }
                    for part in parts {
                        let values = part.values.chunks_exact(ROWS);
                        for (&entry, values) in part.entries.iter().zip(values) {
                            let row = weights.row(part.first + entry as usize, rest.clone());
                            for (sums, &value) in sums.iter_mut().zip(values) {
                                let sums = sums[rest.clone()].iter_mut();
                                sums.zip(row).for_each(|(sum, &weight)| *sum += value * weight);
                            }
                        }
                    }
                }

                // As many vectors as leave registers for weights and values.
                match sums.len() {
                    1 => all::<S, 1, 8>(simd, parts, weights, sums),
                    2 => all::<S, 2, 4>(simd, parts, weights, sums),
                    3 => all::<S, 3, 4>(simd, parts, weights, sums),
                    _ => all::<S, TOGETHER, 2>(simd, parts, weights, sums),
                }
            }
        }
    };
}

number!(f32, F32_LANES, splat_f32s, mul_add_e_f32s, as_simd_f32s, as_mut_simd_f32s);
number!(f64, F64_LANES, splat_f64s, mul_add_e_f64s, as_simd_f64s, as_mut_simd_f64s);
