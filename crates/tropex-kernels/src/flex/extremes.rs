//! The smallest coefficients, in one pass over the numbers.

use burn::backend::flex::FlexTensor;
use rayon::prelude::*;

use super::in_place::holds_rows;
use crate::data::AffineRows;
use crate::simd::{Float, for_float, held};

/// Points per task.
const POINTS_PER_TASK: usize = 64;

/// [`crate::lowest`], if `flex` holds the rows and no shift is pending.
pub(crate) fn lowest(rows: &AffineRows) -> Option<Vec<f64>> {
    if rows.shift.is_some() || !holds_rows(rows) {
        return None;
    }
    let tensor = held(rows.tensor()?.clone());
    Some(for_float!(tensor.dtype(), lowest_in(&tensor, rows.points())))
}

fn lowest_in<F: Float + Into<f64>>(rows: &FlexTensor, points: usize) -> Vec<f64> {
    let features = rows.layout().shape()[1];
    let numbers = rows.storage::<F>();
    let (linear, negative) = numbers.split_at(numbers.len() - points * features);
    let starts: Vec<usize> = (0..points).step_by(POINTS_PER_TASK).collect();
    let lowest = starts.into_par_iter().map(|start| {
        let mut lowest = negative[start * features..][..features].to_vec();
        let mut below = vec![F::ZERO; features];
        for point in start..points.min(start + POINTS_PER_TASK) {
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

/// Replaces every number by the other one if that is smaller.
fn lower<F: Float>(numbers: &mut [F], others: impl Iterator<Item = F>) {
    for (number, other) in numbers.iter_mut().zip(others) {
        *number = if other < *number { other } else { *number };
    }
}
