//! The largest cell of every window of a plane.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Int, Tensor};
use rayon::prelude::*;

use crate::data::PoolingWindows;
use crate::simd::{Float, for_float, held, holds, zeros};

/// [`crate::largest`], if `flex` holds the planes.
pub(crate) fn largest(
    planes: &Tensor<2>,
    channels: usize,
    windows: &PoolingWindows,
) -> Option<(Tensor<2>, Tensor<3, Int>)> {
    if !holds(planes) {
        return None;
    }
    let planes = held(planes.clone());
    let (values, cells) = for_float!(planes.dtype(), largest_in(&planes, channels, windows));
    Some((Tensor::from_primitive::<Flex>(values), Tensor::from_primitive::<Flex>(cells)))
}

fn largest_in<F: Float>(
    planes: &FlexTensor,
    channels: usize,
    windows: &PoolingWindows,
) -> (FlexTensor, FlexTensor) {
    let [points, features] = [planes.layout().shape()[0], planes.layout().shape()[1]];
    let count = windows.count();
    let mut values = zeros::<F>([points, channels * count]);
    let mut cells = zeros::<i32>([points, channels, count]);
    let found = values.storage_mut::<F>().par_chunks_exact_mut(channels * count);
    let found = found.zip(cells.storage_mut::<i32>().par_chunks_exact_mut(channels * count));
    let rows = planes.storage::<F>().par_chunks_exact(features);
    rows.zip(found).for_each(|(row, (values, cells))| {
        let found = values.chunks_exact_mut(count).zip(cells.chunks_exact_mut(count));
        for (plane, (values, cells)) in row.chunks_exact(features / channels).zip(found) {
            largest_of_plane(windows, plane, values, cells);
        }
    });
    (values, cells)
}

fn largest_of_plane<F: Float>(
    windows: &PoolingWindows,
    plane: &[F],
    values: &mut [F],
    cells: &mut [i32],
) {
    for ((value, cell), window) in values.iter_mut().zip(cells).zip(windows.iter()) {
        let first = (plane[window[0] as usize], window[0]);
        let (largest, at) = window[1..].iter().fold(first, |best, &cell| {
            let rival = plane[cell as usize];
            if rival > best.0 { (rival, cell) } else { best }
        });
        (*value, *cell) = (largest, at as i32);
    }
}
