//! Planes with many zeros under a convolution or its transpose.

use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Shape};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::entries::{Entries, Grouped};
use super::sums::Number;
use super::{TOGETHER, is_worth_it, together, with_simd};
use crate::kernels::{Neighbours, Panels};

/// Channels that are copied together, about what a line of the cache holds.
const CHANNELS: usize = 16;

/// A convolution, or a transposed one, without groups.
pub(in crate::kernels) struct Layer<'a> {
    pub(in crate::kernels) neighbours: &'a Neighbours,
    /// Channels of input and output.
    pub(in crate::kernels) channels: [usize; 2],
    /// `[kernel * inputs, outputs]`
    pub(in crate::kernels) weights: &'a Panels,
    /// Added to the channels of the output.
    pub(in crate::kernels) bias: Option<FlexTensor>,
}

/// Planes `[groups * points, channels * cells]` through a layer, if they have zeros enough.
pub(in crate::kernels) fn correlation(
    planes: &FlexTensor,
    points: usize,
    layer: &Layer<'_>,
) -> Option<FlexTensor> {
    match planes.dtype() {
        DType::F64 => correlation_in::<f64>(planes, points, layer),
        _ => correlation_in::<f32>(planes, points, layer),
    }
}

fn correlation_in<F: Number>(
    planes: &FlexTensor,
    points: usize,
    layer: &Layer<'_>,
) -> Option<FlexTensor> {
    let (count, [inputs, outputs]) = (planes.layout().shape()[0], layer.channels);
    let values = planes.storage::<F>();
    let multiplications = count * layer.neighbours.len() * inputs * outputs;
    if !is_worth_it(values, count / points, multiplications) {
        return None;
    }
    let features = outputs * layer.neighbours.outputs();
    let mut result = FlexTensor::zeros(Shape::from(vec![count, features]), planes.dtype());
    let bias = layer.bias.as_ref().map(FlexTensor::storage::<F>);
    let planes = Grouped { values, points, features: inputs * layer.neighbours.inputs() };
    let factors = Factors { planes, layer, bias };
    let groups = result.storage_mut::<F>().chunks_exact_mut(points * features);
    let mut groups: Vec<_> = groups.map(|group| group.chunks_exact_mut(features)).collect();
    let tasks = (0..points).map(|point| {
        let rows = groups.iter_mut().map(|group| group.next().expect("a row for every point"));
        Task { factors: &factors, point, rows: rows.collect() }
    });
    let tasks: Vec<_> = tasks.collect();
    tasks.into_par_iter().for_each(with_simd);
    Some(result)
}

struct Factors<'a, F> {
    planes: Grouped<'a, F>,
    layer: &'a Layer<'a>,
    bias: Option<&'a [F]>,
}

/// The planes of a point, in all groups.
struct Task<'a, F> {
    factors: &'a Factors<'a, F>,
    point: usize,
    rows: Vec<&'a mut [F]>,
}

impl<F: Number> WithSimd for Task<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { factors, point, mut rows } = self;
        let &Factors { layer, bias, .. } = factors;
        let (neighbours, [inputs, outputs]) = (layer.neighbours, layer.channels);
        // Sums of a cell lie together, so that they are made from rows of weights.
        let mut cells = vec![F::ZERO; rows.len().min(TOGETHER) * neighbours.outputs() * outputs];
        for groups in together(rows.len()) {
            let planes = factors.planes.rows(point, groups.clone());
            let entries = Entries::of_cells(&planes, neighbours.inputs());
            let mut parts = Vec::new();
            for panel in layer.weights.all::<F>() {
                let columns = panel.start..panel.start + panel.width;
                for cell in 0..neighbours.outputs() {
                    parts.clear();
                    let seen = neighbours.of(cell).iter();
                    parts.extend(seen.map(|&[kernel, input]| {
                        entries.part(input as usize, kernel as usize * inputs)
                    }));
                    let mut sums: [&mut [F]; TOGETHER] = Default::default();
                    let planes = cells.chunks_exact_mut(neighbours.outputs() * outputs);
                    for (sums, plane) in sums.iter_mut().zip(planes.take(groups.len())) {
                        *sums = &mut plane[cell * outputs..][columns.clone()];
                    }
                    F::sum(simd, &parts, &panel, &mut sums[..groups.len()]);
                }
            }
            let planes = cells.chunks_exact(neighbours.outputs() * outputs);
            for (row, cells) in rows[groups].iter_mut().zip(planes) {
                by_channel(cells, outputs, bias, row);
            }
        }
    }
}

/// Planes `[channels, cells]` from cells `[cells, channels]`, and a bias for every channel.
fn by_channel<F: Number>(cells: &[F], channels: usize, bias: Option<&[F]>, planes: &mut [F]) {
    let count = cells.len() / channels;
    // Some channels at a time, so that what is read stays in the cache.
    for start in (0..channels).step_by(CHANNELS) {
        let end = channels.min(start + CHANNELS);
        for (cell, values) in cells.chunks_exact(channels).enumerate() {
            for channel in start..end {
                planes[channel * count + cell] = values[channel];
            }
        }
    }
    for (plane, &bias) in planes.chunks_exact_mut(count).zip(bias.unwrap_or(&[])) {
        plane.iter_mut().for_each(|value| *value += bias);
    }
}
