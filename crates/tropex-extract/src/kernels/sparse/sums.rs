//! Sums of weights, kept in registers.

use pulp::Simd;

use super::TOGETHER;
use crate::kernels::flex::Float;
use crate::kernels::panels::Panel;

/// Some entries of the rows of a point that are multiplied together.
pub(super) struct Part<'a, F> {
    /// Where at least one of the rows is not zero.
    pub(super) entries: &'a [u32],
    /// What the rows have there, entry by entry.
    pub(super) values: &'a [F],
    /// The row of the weights that entry 0 meets.
    pub(super) first: usize,
}

/// A number that vectors are made of.
pub(super) trait Number: Float {
    /// Sets a sum for every row: of the products of its entries with their weights, for the columns of a panel.
    fn sum<S: Simd>(
        simd: S,
        parts: &[Part<'_, Self>],
        panel: &Panel<'_, Self>,
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
                panel: &Panel<'_, Self>,
                sums: &mut [&mut [Self]],
            ) {
                /// Blocks of `ROWS` rows and `VECTORS` vectors of columns, as long as there are as
                /// many columns from `start` on. Returns the first column that is left.
                #[inline(always)]
                fn blocks<S: Simd, const ROWS: usize, const VECTORS: usize>(
                    simd: S,
                    parts: &[Part<'_, $float>],
                    panel: &Panel<'_, $float>,
                    sums: &mut [&mut [$float]],
                    mut start: usize,
                ) -> usize {
                    let step = VECTORS * S::$lanes;
                    while start + step <= panel.width {
                        let mut block = [[simd.$splat(0.0); VECTORS]; ROWS];
                        for part in parts {
                            // Arrays, so that the loops below unroll and the sums stay in registers.
                            let values = part.values.as_chunks::<ROWS>().0;
                            for (&entry, values) in part.entries.iter().zip(values) {
                                let row = part.first + entry as usize;
                                let row = S::$read(
                                    &panel.weights[row * panel.width..][start..start + step],
                                )
                                .0;
                                let Some(row) = row.first_chunk::<VECTORS>() else { continue };
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
                    panel: &Panel<'_, $float>,
                    sums: &mut [&mut [$float]],
                ) {
                    let done = blocks::<S, ROWS, VECTORS>(simd, parts, panel, sums, 0);
                    let done = blocks::<S, ROWS, 2>(simd, parts, panel, sums, done);
                    let done = blocks::<S, ROWS, 1>(simd, parts, panel, sums, done);
                    let rest = done..panel.width;
                    sums.iter_mut().for_each(|sums| sums[rest.clone()].fill(0.0));
                    if rest.is_empty() {
                        return;
                    }
                    for part in parts {
                        let values = part.values.chunks_exact(ROWS);
                        for (&entry, values) in part.entries.iter().zip(values) {
                            let row = (part.first + entry as usize) * panel.width;
                            let row = &panel.weights[row..][rest.clone()];
                            for (sums, &value) in sums.iter_mut().zip(values) {
                                let sums = sums[rest.clone()].iter_mut();
                                sums.zip(row).for_each(|(sum, &weight)| *sum += value * weight);
                            }
                        }
                    }
                }

                // As many vectors as leave registers for weights and values.
                match sums.len() {
                    1 => all::<S, 1, 8>(simd, parts, panel, sums),
                    2 => all::<S, 2, 4>(simd, parts, panel, sums),
                    3 => all::<S, 3, 4>(simd, parts, panel, sums),
                    _ => all::<S, TOGETHER, 2>(simd, parts, panel, sums),
                }
            }
        }
    };
}

number!(f32, F32_LANES, splat_f32s, mul_add_e_f32s, as_simd_f32s, as_mut_simd_f32s);
number!(f64, F64_LANES, splat_f64s, mul_add_e_f64s, as_simd_f64s, as_mut_simd_f64s);
