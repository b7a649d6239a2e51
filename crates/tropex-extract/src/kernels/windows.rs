//! The largest cell of every window of a plane.

use burn::tensor::{Int, Tensor};

/// The cells of a plane that every window sees, at least one.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub(crate) struct Windows {
    cells: Vec<u32>,
    /// Where the cells of a window end.
    ends: Vec<usize>,
}

impl Windows {
    /// None if there is a window without cells.
    pub(crate) fn new(windows: &[Vec<usize>]) -> Option<Self> {
        let mut cells = Vec::new();
        let mut ends = Vec::with_capacity(windows.len());
        for window in windows {
            if window.is_empty() {
                return None;
            }
            cells.extend(window.iter().map(|&cell| cell as u32));
            ends.push(cells.len());
        }
        Some(Self { cells, ends })
    }
}

/// The largest number of every window of planes `[points, channels * cells]`, as
/// `[points, channels * windows]`, and its cell, the first of several, as
/// `[points, channels, windows]`; none if that is the backend's matter.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn largest(
    planes: &Tensor<2>,
    channels: usize,
    windows: &Windows,
) -> Option<(Tensor<2>, Tensor<3, Int>)> {
    #[cfg(feature = "flex")]
    if super::is_ours(planes) {
        return Some(on_flex::largest(planes, channels, windows));
    }
    None
}

#[cfg(feature = "flex")]
mod on_flex {
    use burn::backend::Flex;
    use burn::backend::flex::FlexTensor;
    use burn::tensor::{Int, Tensor};
    use rayon::prelude::*;

    use super::Windows;
    use crate::kernels::flex::{Float, for_float, held, zeros};

    pub(super) fn largest(
        planes: &Tensor<2>,
        channels: usize,
        windows: &Windows,
    ) -> (Tensor<2>, Tensor<3, Int>) {
        let planes = held(planes.clone());
        let (values, cells) = for_float!(planes.dtype(), largest_of(&planes, channels, windows));
        (Tensor::from_primitive::<Flex>(values), Tensor::from_primitive::<Flex>(cells))
    }

    fn largest_of<F: Float>(
        planes: &FlexTensor,
        channels: usize,
        windows: &Windows,
    ) -> (FlexTensor, FlexTensor) {
        let [points, features] = [planes.layout().shape()[0], planes.layout().shape()[1]];
        let count = windows.ends.len();
        let mut values = zeros::<F>([points, channels * count]);
        let mut cells = zeros::<i32>([points, channels, count]);
        let found = values.storage_mut::<F>().par_chunks_exact_mut(channels * count);
        let found = found.zip(cells.storage_mut::<i32>().par_chunks_exact_mut(channels * count));
        let rows = planes.storage::<F>().par_chunks_exact(features);
        rows.zip(found).for_each(|(row, (values, cells))| {
            let found = values.chunks_exact_mut(count).zip(cells.chunks_exact_mut(count));
            for (plane, (values, cells)) in row.chunks_exact(features / channels).zip(found) {
                windows.largest(plane, values, cells);
            }
        });
        (values, cells)
    }

    impl Windows {
        fn largest<F: Float>(&self, plane: &[F], values: &mut [F], cells: &mut [i32]) {
            let mut start = 0;
            for ((value, cell), &end) in values.iter_mut().zip(cells).zip(&self.ends) {
                let window = &self.cells[start..end];
                let first = (plane[window[0] as usize], window[0]);
                let (largest, at) = window[1..].iter().fold(first, |best, &cell| {
                    let rival = plane[cell as usize];
                    if rival > best.0 { (rival, cell) } else { best }
                });
                (*value, *cell) = (largest, at as i32);
                start = end;
            }
        }
    }
}
