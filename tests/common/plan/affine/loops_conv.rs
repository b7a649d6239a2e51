//! Convolutions and their transposes, over any number of axes.

use crate::common::naive::{Matrix, flat, positions};
use crate::common::plan::{Conv, ConvTranspose};

pub(crate) fn conv(step: &Conv, shape: &[usize]) -> Matrix {
    let (channels, extents) = (shape[0], &shape[1..]);
    let (inputs, outputs) = (channels / step.groups, step.channels[1] / step.groups);
    let (cells, offsets) = (extents.iter().product::<usize>(), positions(&step.window.kernel));
    let windows = positions(&step.window.counts(extents));
    let mut rows = Vec::new();
    for channel in 0..step.channels[1] {
        let first = channel / outputs * inputs;
        for window in &windows {
            let mut row = Vec::new();
            for from in 0..inputs {
                let weights = &step.weight[(channel * inputs + from) * offsets.len()..];
                for (offset, weight) in offsets.iter().zip(weights) {
                    if let Some(cell) = step.window.cells(window, offset, extents) {
                        row.push(((first + from) * cells + flat(&cell, extents), *weight));
                    }
                }
            }
            rows.push((row, step.bias.as_ref().map_or(0.0, |bias| bias[channel])));
        }
    }
    Matrix::new(rows, channels * cells)
}

/// Every input cell adds itself, times the weights, to the cells of a window of the output.
pub(crate) fn conv_transpose(step: &ConvTranspose, shape: &[usize]) -> Matrix {
    let (channels, extents) = (shape[0], &shape[1..]);
    let (inputs, outputs) = (channels / step.groups, step.channels[1] / step.groups);
    let (to, offsets) = (step.extents(extents), positions(&step.window.kernel));
    let (cells, cells_out) = (positions(extents), to.iter().product::<usize>());
    let bias = |index: usize| step.bias.as_ref().map_or(0.0, |bias| bias[index / cells_out]);
    let mut rows: Vec<_> =
        (0..step.channels[1] * cells_out).map(|index| (Vec::new(), bias(index))).collect();
    for from in 0..channels {
        for (window, cell) in cells.iter().enumerate() {
            for output in 0..outputs {
                let weights = &step.weight[(from * outputs + output) * offsets.len()..];
                let channel = from / inputs * outputs + output;
                for (offset, weight) in offsets.iter().zip(weights) {
                    if let Some(target) = step.window.cells(cell, offset, &to) {
                        let row = &mut rows[channel * cells_out + flat(&target, &to)].0;
                        row.push((from * cells.len() + window, *weight));
                    }
                }
            }
        }
    }
    Matrix::new(rows, channels * cells.len())
}
