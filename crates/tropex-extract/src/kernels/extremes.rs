//! Smallest and largest coefficients of negative and positive rows. The last group of rows are the
//! negative ones; the others, the linear ones, are what positive rows differ from these by.

use burn::tensor::Tensor;

use crate::rows::Rows;

/// Per feature the smallest coefficient of all negative and all positive rows.
pub(crate) fn lowest(rows: &Rows) -> Vec<f64> {
    #[cfg(feature = "flex")]
    if rows.shift().is_none() && super::flex::holds_rows(rows) {
        return in_place(rows);
    }
    lowest_anywhere(rows)
}

pub(super) fn lowest_anywhere(rows: &Rows) -> Vec<f64> {
    let [linear, negative] = split(rows.clone());
    let below = negative + linear.min_dim(0).clamp_max(0);
    below.min_dim(1).into_data().iter().collect()
}

/// Per point the smallest coefficient of its negative and positive rows, and the largest absolute
/// value of one.
pub(crate) fn extremes(rows: Rows) -> Vec<(f64, f64)> {
    let [linear, negative] = split(rows);
    let all = Tensor::cat(vec![linear + negative.clone(), negative], 0);
    let smallest: Vec<f64> = all.clone().min_dim(2).min_dim(0).into_data().iter().collect();
    let largest: Vec<f64> = all.abs().max_dim(2).max_dim(0).into_data().iter().collect();
    smallest.into_iter().zip(largest).collect()
}

/// Linear and negative rows, `[groups, points, features]` both.
fn split(rows: Rows) -> [Tensor<3>; 2] {
    let (points, groups) = (rows.points(), rows.groups());
    let rows = rows.into_tensor();
    let [_, features] = rows.dims();
    let rows = rows.reshape([groups, points, features]);
    [rows.clone().narrow(0, 0, groups - 1), rows.narrow(0, groups - 1, 1)]
}

#[cfg(feature = "flex")]
pub(super) use on_flex::in_place;

/// The form for tensors of the `flex` backend, which looks at every number once.
#[cfg(feature = "flex")]
mod on_flex {
    use burn::backend::flex::FlexTensor;
    use rayon::prelude::*;

    use crate::kernels::flex::{Float, for_float, held};
    use crate::rows::Rows;

    /// Points that one task looks at.
    const BLOCK: usize = 64;

    pub(in crate::kernels) fn in_place(rows: &Rows) -> Vec<f64> {
        let tensor = held(rows.tensor().expect("callers ask `holds_rows` first").clone());
        for_float!(tensor.dtype(), lowest(&tensor, rows.points()))
    }

    fn lowest<F: Float + Into<f64>>(rows: &FlexTensor, points: usize) -> Vec<f64> {
        let features = rows.layout().shape()[1];
        let numbers = rows.storage::<F>();
        let (linear, negative) = numbers.split_at(numbers.len() - points * features);
        let starts: Vec<usize> = (0..points).step_by(BLOCK).collect();
        let lowest = starts.into_par_iter().map(|start| {
            let mut lowest = negative[start * features..][..features].to_vec();
            let mut below = vec![F::ZERO; features];
            for point in start..points.min(start + BLOCK) {
                below.fill(F::ZERO);
                for group in linear.chunks_exact(points * features) {
                    lower(&mut below, group[point * features..].iter().copied());
                }
                let negative = &negative[point * features..];
                lower(&mut lowest, below.iter().zip(negative).map(|(&a, &b)| a + b));
            }
            lowest
        });
        let lowest = lowest.reduce_with(|mut a, b| {
            lower(&mut a, b.into_iter());
            a
        });
        lowest.into_iter().flatten().map(Into::into).collect()
    }

    /// Lowers numbers to others that are smaller.
    fn lower<F: Float>(numbers: &mut [F], others: impl Iterator<Item = F>) {
        for (number, other) in numbers.iter_mut().zip(others) {
            *number = if other < *number { other } else { *number };
        }
    }
}
