//! The gradient behind an activation, and its sums per channel, which are the gradient of a bias.

use burn::backend::flex::FlexTensor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::planes::PlaneShape;
use crate::simd::{SimdFloat, with_simd};

/// Cells per task. The sums of tasks are added in their order, so they do not depend on the number
/// of threads.
const CELLS: usize = 16;

/// Numbers that are summed at a time.
const WIDTH: usize = 16;

/// The gradient in front of the activation, and its sums per channel. Both tensors are in the
/// layout of planes.
///
/// - output: the output of the activation
/// - slope: the slope of the activation below zero, or `None` without an activation
pub(super) fn activation_gradient<F: SimdFloat>(
    mut gradient: FlexTensor,
    output: &FlexTensor,
    slope: Option<F>,
) -> (FlexTensor, Vec<F>) {
    let shape = PlaneShape::of::<F>(&gradient);
    let chunk = CELLS * shape.cell_len();
    let output = output.storage::<F>();
    let sums: Vec<Vec<F>> = match slope {
        None => {
            let chunks = gradient.storage::<F>().par_chunks(chunk);
            chunks.map(|gradient| channel_sums(shape, gradient)).collect()
        }
        Some(slope) => {
            let chunks = gradient.storage_mut::<F>().par_chunks_mut(chunk);
            let masked = chunks.zip(output.par_chunks(chunk)).map(|(gradient, output)| {
                with_simd(MaskGradient { gradient: &mut *gradient, output, slope });
                channel_sums(shape, gradient)
            });
            masked.collect()
        }
    };
    let mut total = vec![F::ZERO; shape.channels];
    for sums in sums {
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    (gradient, total)
}

fn channel_sums<F: SimdFloat>(shape: PlaneShape, numbers: &[F]) -> Vec<F> {
    let mut sums = vec![F::ZERO; shape.channels * WIDTH];
    with_simd(SumChannels { shape, numbers, sums: &mut sums });
    sums.chunks_exact(WIDTH).map(|sums| sums.iter().fold(F::ZERO, |sum, &of| sum + of)).collect()
}

/// Multiplies a gradient by the slope where the output is not positive.
struct MaskGradient<'a, F> {
    gradient: &'a mut [F],
    output: &'a [F],
    slope: F,
}

impl<F: SimdFloat> WithSimd for MaskGradient<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (gradient, &output) in self.gradient.iter_mut().zip(self.output) {
            let scaled = *gradient * self.slope;
            *gradient = if output > F::ZERO { *gradient } else { scaled };
        }
    }
}

/// Sums over cells and points, per channel.
struct SumChannels<'a, F> {
    shape: PlaneShape,
    numbers: &'a [F],
    /// `[channels, WIDTH]`
    sums: &'a mut [F],
}

impl<F: SimdFloat> WithSimd for SumChannels<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for cell in self.numbers.chunks_exact(self.shape.cell_len()) {
            let rows = cell.chunks_exact(self.shape.pitch);
            for (row, sums) in rows.zip(self.sums.as_chunks_mut::<WIDTH>().0) {
                let mut total = *sums;
                for numbers in row[..self.shape.points].chunks(WIDTH) {
                    total.iter_mut().zip(numbers).for_each(|(sum, &number)| *sum += number);
                }
                *sums = total;
            }
        }
    }
}
