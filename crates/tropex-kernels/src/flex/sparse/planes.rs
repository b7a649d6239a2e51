//! Planes with many zeros through a convolution or a transposed convolution.

use burn::backend::flex::FlexTensor;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::entries::{GroupedRows, NonzeroEntries};
use super::is_gain;
use super::sums::sum;
use crate::data::Stencil;
use crate::simd::{MAX_ROWS, SimdFloat, WeightPanel, for_float, row_blocks, with_simd, zeros};

/// Channels that are transposed at a time: a cache line of 64 bytes holds 16 numbers in f32.
const CHANNELS: usize = 16;

/// Planes through a stencil, plus a bias per output channel. `None` if a dense product takes less
/// time.
///
/// # Shapes
/// - planes: `[groups * points, input channels * cells]`, group by group
/// - bias: `[output channels]`
/// - output: `[groups * points, output channels * cells]`
pub(in crate::flex) fn correlation(
    planes: &FlexTensor,
    points: usize,
    stencil: &Stencil,
    bias: Option<&FlexTensor>,
) -> Option<FlexTensor> {
    for_float!(planes.dtype(), correlation_in(planes, points, stencil, bias))
}

fn correlation_in<F: SimdFloat>(
    planes: &FlexTensor,
    points: usize,
    stencil: &Stencil,
    bias: Option<&FlexTensor>,
) -> Option<FlexTensor> {
    let count = planes.layout().shape()[0];
    let values = planes.storage::<F>();
    let [_, channels] = stencil.channels();
    if !is_gain(values, count / points, channels, count * stencil.multiplications()) {
        return None;
    }
    let features = stencil.outputs();
    let mut result = zeros::<F>([count, features]);
    let bias = bias.map(FlexTensor::storage::<F>);
    let planes = GroupedRows { values, points, features: stencil.inputs() };
    let operands = SparseOperands { planes, stencil, bias };
    let groups = result.storage_mut::<F>().chunks_exact_mut(points * features);
    let mut groups: Vec<_> = groups.map(|group| group.chunks_exact_mut(features)).collect();
    let tasks = (0..points).map(|point| {
        let rows = groups.iter_mut().map(|group| group.next().expect("a row for every point"));
        SparseTask { operands: &operands, point, rows: rows.collect() }
    });
    let tasks: Vec<_> = tasks.collect();
    tasks.into_par_iter().for_each(with_simd);
    Some(result)
}

/// The operands of a sparse convolution.
struct SparseOperands<'a, F> {
    planes: GroupedRows<'a, F>,
    stencil: &'a Stencil,
    bias: Option<&'a [F]>,
}

/// The planes of one point in all groups.
struct SparseTask<'a, F> {
    operands: &'a SparseOperands<'a, F>,
    point: usize,
    rows: Vec<&'a mut [F]>,
}

impl<F: SimdFloat> WithSimd for SparseTask<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { operands, point, mut rows } = self;
        let &SparseOperands { stencil, bias, .. } = operands;
        let outputs = stencil.outputs();
        // Sums are computed cell by cell, because a row of the weights holds all channels of a
        // cell.
        let mut cells = vec![F::ZERO; rows.len().min(MAX_ROWS) * outputs];
        for groups in row_blocks(rows.len()) {
            let seen = stencil.pattern().inputs();
            let entries = NonzeroEntries::of_cells(&operands.planes, point, groups.clone(), seen);
            let cells = &mut cells[..groups.len() * outputs];
            for panel in stencil.wide().all::<F>() {
                sum_panel(simd, stencil, &entries, &panel, cells);
            }
            for (row, cells) in rows[groups].iter_mut().zip(cells.chunks_exact(outputs)) {
                by_channel(cells, stencil.channels()[1], bias, row);
            }
        }
    }
}

/// Writes sums `[rows, cells, channels]` for the channels of a panel.
#[inline(always)]
fn sum_panel<F: SimdFloat, S: Simd>(
    simd: S,
    stencil: &Stencil,
    entries: &NonzeroEntries<F>,
    panel: &WeightPanel<'_, F>,
    sums: &mut [F],
) {
    let (pattern, [inputs, outputs]) = (&stencil.pattern(), stencil.channels());
    let mut parts = Vec::new();
    for cell in 0..pattern.outputs() {
        parts.clear();
        parts.extend(pattern.taps_of(cell).iter().map(|&run| entries.of_run(run, inputs)));
        let mut rows: [&mut [F]; MAX_ROWS] = Default::default();
        let planes = sums.chunks_exact_mut(pattern.outputs() * outputs);
        let count = planes.len();
        for (row, plane) in rows.iter_mut().zip(planes) {
            *row = &mut plane[cell * outputs..][panel.columns.clone()];
        }
        sum(simd, &parts, panel, &mut rows[..count]);
    }
}

/// Transposes `[cells, channels]` to planes `[channels, cells]` and adds a bias per channel.
fn by_channel<F: SimdFloat>(cells: &[F], channels: usize, bias: Option<&[F]>, planes: &mut [F]) {
    let count = cells.len() / channels;
    // Some channels at a time, so that the numbers read stay in the cache.
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
