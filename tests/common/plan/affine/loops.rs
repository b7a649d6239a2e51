//! Affine steps as matrices; here products, sums and norms.

use super::{loops_conv as conv, loops_pool as pool};
use crate::common::naive::{Matrix, broadcast, flat, positions};
use crate::common::plan::{Affine, BatchNorm, Broadcast, Linear, Matmul, Operand, Operator, Side};

pub(crate) fn matrix(step: &Affine, shape: &[usize]) -> Matrix {
    match step {
        Affine::Linear(step) => linear(step, shape),
        Affine::Conv(step) => conv::conv(step, shape),
        Affine::ConvTranspose(step) => conv::conv_transpose(step, shape),
        Affine::BatchNorm(step) => batch_norm(step, shape),
        Affine::Arithmetic { operator, operand } => arithmetic(*operator, operand, shape),
        Affine::Matmul(step) => matmul(step, shape),
        Affine::AvgPool(step) => pool::avg_pool(step, shape),
        Affine::AdaptiveAvgPool { to } => pool::adaptive_avg_pool(to, shape),
        Affine::Reduce { axis, mean } => reduce(*axis, *mean, shape),
        Affine::RunningSum { axis } => running_sum(*axis, shape),
        Affine::Interpolate(step) => pool::interpolate(step, shape),
        Affine::Scatter { axis, length, places } => scatter(*axis, *length, places, shape),
        Affine::Cross { axis, constant, side } => cross(*axis, constant, *side, shape),
        Affine::Dropout => Matrix::diagonal(shape.iter().product(), |_| (1.0, 0.0)),
    }
}

fn linear(step: &Linear, shape: &[usize]) -> Matrix {
    let features: usize = shape.iter().product();
    let mut rows = Vec::new();
    for first in (0..features).step_by(step.inputs) {
        for to in 0..step.outputs {
            let weight = |from| (first + from, step.weight[from * step.outputs + to]);
            let bias = step.bias.as_ref().map_or(0.0, |bias| bias[to]);
            rows.push(((0..step.inputs).map(weight).collect(), bias));
        }
    }
    Matrix::new(rows, features)
}

fn matmul(step: &Matmul, shape: &[usize]) -> Matrix {
    let axis = step.axis(shape);
    let mut to = shape.to_vec();
    to[axis] = step.outputs;
    let row = |position: Vec<usize>| {
        let leading = &position[..step.batch.len()];
        let first = broadcast(leading, &step.batch) * step.inputs * step.outputs;
        let weight = |from: usize| {
            let mut source = position.clone();
            source[axis] = from;
            let place = match step.constant {
                Side::Right => from * step.outputs + position[axis],
                Side::Left => position[axis] * step.inputs + from,
            };
            (flat(&source, shape), step.weight[first + place])
        };
        ((0..step.inputs).map(weight).collect(), 0.0)
    };
    Matrix::new(positions(&to).into_iter().map(row).collect(), shape.iter().product())
}

fn batch_norm(step: &BatchNorm, shape: &[usize]) -> Matrix {
    let features: usize = shape.iter().product();
    let cells = features / step.gamma.len();
    Matrix::diagonal(features, |index| {
        let channel = index / cells;
        let scale = step.gamma[channel] / (step.variance[channel] + step.epsilon).sqrt();
        (scale, step.beta[channel] - scale * step.mean[channel])
    })
}

fn arithmetic(operator: Operator, operand: &Operand, shape: &[usize]) -> Matrix {
    let positions = positions(shape);
    Matrix::diagonal(positions.len(), |index| {
        let constant = match operand {
            Operand::Number(number) => *number,
            Operand::Tensor(constant) => {
                constant.values[broadcast(&positions[index], &constant.extents)]
            }
        };
        match operator {
            Operator::Add => (1.0, constant),
            Operator::Subtract => (1.0, -constant),
            Operator::SubtractFrom => (-1.0, constant),
            Operator::Multiply => (constant, 0.0),
            Operator::Divide => (1.0 / constant, 0.0),
        }
    })
}

fn reduce(axis: usize, mean: bool, shape: &[usize]) -> Matrix {
    let share = if mean { 1.0 / shape[axis] as f64 } else { 1.0 };
    let mut to = shape.to_vec();
    to[axis] = 1;
    along(axis, &to, shape, |from, _| from < shape[axis], share)
}

fn running_sum(axis: usize, shape: &[usize]) -> Matrix {
    along(axis, shape, shape, |from, to| from <= to, 1.0)
}

/// Sums over an axis. An output at position `p` adds up `share` times the values at all positions
/// `q` with `reads(q, p)`.
fn along(
    axis: usize,
    to: &[usize],
    shape: &[usize],
    reads: impl Fn(usize, usize) -> bool,
    share: f64,
) -> Matrix {
    let row = |position: Vec<usize>| {
        let from = |at| {
            let mut source = position.clone();
            source[axis] = at;
            (flat(&source, shape), share)
        };
        let read = (0..shape[axis]).filter(|&at| reads(at, position[axis]));
        (read.map(from).collect(), 0.0)
    };
    Matrix::new(positions(to).into_iter().map(row).collect(), shape.iter().product())
}

fn scatter(axis: usize, length: usize, places: &[usize], shape: &[usize]) -> Matrix {
    let mut to = shape.to_vec();
    to[axis] = length;
    along(axis, &to, shape, |from, place| places[from] == place, 1.0)
}

/// Entry `i` of `a x b` is `a[i + 1] b[i + 2] - a[i + 2] b[i + 1]`, indices modulo 3.
fn cross(axis: usize, constant: &Broadcast, side: Side, shape: &[usize]) -> Matrix {
    let row = |position: Vec<usize>| {
        let moved = |by: usize| {
            let mut moved = position.clone();
            moved[axis] = (moved[axis] + by) % 3;
            moved
        };
        let sign = if side == Side::Right { 1.0 } else { -1.0 };
        let number = |by: usize| constant.values[broadcast(&moved(by), &constant.extents)];
        let next = (flat(&moved(1), shape), sign * number(2));
        (vec![next, (flat(&moved(2), shape), -sign * number(1))], 0.0)
    };
    Matrix::new(positions(shape).into_iter().map(row).collect(), shape.iter().product())
}
