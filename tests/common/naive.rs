//! Affine steps as plain loops.

use super::plan::{AvgPool, BatchNorm, Broadcast, Conv, Linear, Step, output};

/// An affine step applied to one point; `constants` tells whether biases are added.
///
/// `None` for steps that are not affine.
pub(super) fn affine(
    step: &Step,
    shape: &[usize],
    input: &[f64],
    constants: bool,
) -> Option<Vec<f64>> {
    let on = if constants { 1.0 } else { 0.0 };
    Some(match step {
        Step::Linear(step) => linear(step, input, on),
        Step::Conv(step) => conv(step, shape, input, on),
        Step::BatchNorm(step) => batch_norm(step, input, on),
        Step::AddNumber(number) => input.iter().map(|x| x + on * number).collect(),
        Step::MultiplyNumber(number) => input.iter().map(|x| x * number).collect(),
        Step::AddTensor(step) => broadcast(step, shape, input, |x, constant| x + on * constant),
        Step::MultiplyTensor(step) => broadcast(step, shape, input, |x, constant| x * constant),
        Step::AvgPool(step) => avg_pool(step, shape, input),
        Step::AdaptiveAvgPool { to } => adaptive_avg_pool(*to, shape, input),
        Step::Dropout | Step::Reshape(_) => input.to_vec(),
        Step::Relu | Step::LeakyRelu { .. } | Step::MaxPool(_) | Step::Residual { .. } => {
            return None;
        }
    })
}

fn linear(step: &Linear, input: &[f64], on: f64) -> Vec<f64> {
    let mut result = Vec::new();
    for piece in input.chunks_exact(step.inputs) {
        for to in 0..step.outputs {
            let mut sum = step.bias.as_ref().map_or(0.0, |bias| on * bias[to]);
            for (from, value) in piece.iter().enumerate() {
                sum += value * step.weight[from * step.outputs + to];
            }
            result.push(sum);
        }
    }
    result
}

fn conv(step: &Conv, shape: &[usize], input: &[f64], on: f64) -> Vec<f64> {
    let to = output(&[Step::Conv(step.clone())], shape);
    let (height, width) = (shape[1], shape[2]);
    let inputs = step.channels[0] / step.groups;
    let outputs = step.channels[1] / step.groups;
    let mut result = Vec::new();
    for channel in 0..to[0] {
        let bias = step.bias.as_ref().map_or(0.0, |bias| on * bias[channel]);
        let first = channel / outputs * inputs;
        for cell in 0..to[1] * to[2] {
            let mut sum = bias;
            for (offset, weight) in step.kernel_of(channel) {
                let [from, down, across] = offset;
                let row = step.source(0, cell / to[2], down, height);
                let column = step.source(1, cell % to[2], across, width);
                if let (Some(row), Some(column)) = (row, column) {
                    sum += weight * input[((first + from) * height + row) * width + column];
                }
            }
            result.push(sum);
        }
    }
    result
}

impl Conv {
    /// Weights of an output channel at `[input channel of the group, row, column]`.
    fn kernel_of(&self, channel: usize) -> impl Iterator<Item = ([usize; 3], f64)> {
        let [height, width] = self.kernel;
        let count = self.channels[0] / self.groups * height * width;
        let weights = self.weight[channel * count..][..count].iter().enumerate();
        weights.map(move |(index, &weight)| {
            ([index / width / height, index / width % height, index % width], weight)
        })
    }

    /// The input cell under a window's offset, if it is not padding.
    fn source(&self, axis: usize, window: usize, offset: usize, extent: usize) -> Option<usize> {
        let position = window * self.stride[axis] + offset * self.dilation[axis];
        position.checked_sub(self.padding[axis].0).filter(|&cell| cell < extent)
    }
}

fn batch_norm(step: &BatchNorm, input: &[f64], on: f64) -> Vec<f64> {
    let cells = input.len() / step.gamma.len();
    let at = |(index, x): (usize, &f64)| {
        let channel = index / cells;
        let deviation = (step.variance[channel] + step.epsilon).sqrt();
        let centred = x - on * step.mean[channel];
        step.gamma[channel] * centred / deviation + on * step.beta[channel]
    };
    input.iter().enumerate().map(at).collect()
}

fn broadcast(
    step: &Broadcast,
    shape: &[usize],
    input: &[f64],
    combine: impl Fn(f64, f64) -> f64,
) -> Vec<f64> {
    let at = |(index, &x): (usize, &f64)| {
        let mut below: usize = shape.iter().product();
        let mut rest = index;
        let mut position = 0;
        for (&extent, &own) in shape.iter().zip(&step.extents) {
            below /= extent;
            position = position * own + if own == 1 { 0 } else { rest / below };
            rest %= below;
        }
        combine(x, step.values[position])
    };
    input.iter().enumerate().map(at).collect()
}

fn avg_pool(step: &AvgPool, shape: &[usize], input: &[f64]) -> Vec<f64> {
    let windows = [0, 1].map(|axis| {
        let extent = shape[axis + 1];
        let window = |index: usize| {
            let begin = (index * step.stride[axis]) as isize - step.padding[axis] as isize;
            let end =
                (begin + step.kernel[axis] as isize).min((extent + step.padding[axis]) as isize);
            let inside: Vec<usize> = (begin..end)
                .filter(|&c| c >= 0 && c < extent as isize)
                .map(|c| c as usize)
                .collect();
            let counted =
                if step.count_include_pad { (end - begin) as usize } else { inside.len() };
            (inside, counted as f64)
        };
        (0..step.windows(axis, shape)).map(window).collect()
    });
    average(windows, shape, input)
}

fn adaptive_avg_pool(to: [usize; 2], shape: &[usize], input: &[f64]) -> Vec<f64> {
    let windows = [0, 1].map(|axis| {
        let extent = shape[axis + 1];
        let window = |index: usize| {
            let begin = (index as f64 * extent as f64 / to[axis] as f64).floor() as usize;
            let end = ((index + 1) as f64 * extent as f64 / to[axis] as f64).ceil() as usize;
            ((begin..end).collect::<Vec<_>>(), (end - begin) as f64)
        };
        (0..to[axis]).map(window).collect()
    });
    average(windows, shape, input)
}

/// Means over windows, given by the cells and the number to divide by along either axis.
fn average(
    [down, across]: [Vec<(Vec<usize>, f64)>; 2],
    shape: &[usize],
    input: &[f64],
) -> Vec<f64> {
    let (height, width) = (shape[1], shape[2]);
    let mut result = Vec::new();
    for plane in input.chunks_exact(height * width) {
        for (rows, row_count) in &down {
            for (columns, column_count) in &across {
                let sum: f64 = rows
                    .iter()
                    .flat_map(|row| columns.iter().map(move |column| plane[row * width + column]))
                    .sum();
                result.push(sum / (row_count * column_count));
            }
        }
    }
    result
}
