//! The affine steps.

mod draw;
pub(crate) mod layer;
mod layer_conv;
pub(crate) mod loops;
mod loops_conv;
mod loops_pool;

use super::{Shape, Window};

#[derive(Clone, Debug)]
pub(crate) enum Affine {
    Linear(Linear),
    Conv(Conv),
    ConvTranspose(ConvTranspose),
    BatchNorm(BatchNorm),
    Arithmetic {
        operator: Operator,
        operand: Operand,
    },
    Matmul(Matmul),
    AvgPool(AvgPool),
    AdaptiveAvgPool {
        to: Shape,
    },
    /// Sum or mean over an axis, whose extent becomes 1.
    Reduce {
        axis: usize,
        mean: bool,
    },
    /// Every value along an axis, plus all values before it.
    RunningSum {
        axis: usize,
    },
    Interpolate(Interpolate),
    /// Adds the value at index `i` of an axis to place `places[i]` of an axis of `length` places.
    Scatter {
        axis: usize,
        length: usize,
        places: Vec<usize>,
    },
    /// The vector product with a constant, along an axis of three values.
    Cross {
        axis: usize,
        constant: Broadcast,
        side: Side,
    },
    Dropout,
}

/// Weights `[inputs, outputs]`, applied to the last axis.
#[derive(Clone, Debug)]
pub(crate) struct Linear {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Option<Vec<f64>>,
}

/// Weights `[channels_out, channels_in / groups, kernel...]`, over one to three axes.
#[derive(Clone, Debug)]
pub(crate) struct Conv {
    pub(crate) channels: [usize; 2],
    pub(crate) window: Window,
    pub(crate) groups: usize,
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Option<Vec<f64>>,
}

/// Weights `[channels_in, channels_out / groups, kernel...]`, over one to three axes. The window
/// slides over the output, with equal padding on both sides.
#[derive(Clone, Debug)]
pub(crate) struct ConvTranspose {
    pub(crate) channels: [usize; 2],
    pub(crate) window: Window,
    pub(crate) padding_out: Shape,
    pub(crate) groups: usize,
    pub(crate) weight: Vec<f64>,
    pub(crate) bias: Option<Vec<f64>>,
}

#[derive(Clone, Debug)]
pub(crate) struct BatchNorm {
    pub(crate) gamma: Vec<f64>,
    pub(crate) beta: Vec<f64>,
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
    pub(crate) epsilon: f64,
}

/// The operator between a value (left) and a constant (right).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    /// The constant minus the value.
    SubtractFrom,
    Multiply,
    Divide,
}

#[derive(Clone, Debug)]
pub(crate) enum Operand {
    Number(f64),
    Tensor(Broadcast),
}

impl Operand {
    pub(crate) fn numbers(&self) -> &[f64] {
        match self {
            Self::Number(number) => std::slice::from_ref(number),
            Self::Tensor(tensor) => &tensor.values,
        }
    }
}

/// A constant. Each of its extents is 1 or the extent of the value.
#[derive(Clone, Debug)]
pub(crate) struct Broadcast {
    pub(crate) extents: Shape,
    pub(crate) values: Vec<f64>,
}

/// The side of a constant factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A product of matrices in the last two axes. One factor is a constant: `[batch..., inputs,
/// outputs]` on the right, `[batch..., outputs, inputs]` on the left. Each extent of `batch` is 1
/// or the extent of the value along that axis.
#[derive(Clone, Debug)]
pub(crate) struct Matmul {
    pub(crate) constant: Side,
    pub(crate) batch: Shape,
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weight: Vec<f64>,
}

#[derive(Clone, Debug)]
pub(crate) struct AvgPool {
    pub(crate) window: Window,
    pub(crate) count_include_pad: bool,
}

/// Interpolation along one or two axes.
#[derive(Clone, Debug)]
pub(crate) struct Interpolate {
    pub(crate) to: Shape,
    pub(crate) nearest: bool,
    pub(crate) align_corners: bool,
}

impl Affine {
    pub(super) fn output(&self, input: &[usize]) -> Shape {
        match self {
            Self::Linear(step) => replaced(input, input.len() - 1, step.outputs),
            Self::Conv(step) => planes(step.channels[1], step.window.counts(&input[1..])),
            Self::ConvTranspose(step) => planes(step.channels[1], step.extents(&input[1..])),
            Self::AvgPool(step) => planes(input[0], step.window.counts(&input[1..])),
            Self::AdaptiveAvgPool { to } => planes(input[0], to.clone()),
            Self::Interpolate(step) => planes(input[0], step.to.clone()),
            Self::Reduce { axis, .. } => replaced(input, *axis, 1),
            Self::Scatter { axis, length, .. } => replaced(input, *axis, *length),
            Self::Matmul(step) => replaced(input, step.axis(input), step.outputs),
            Self::BatchNorm(_)
            | Self::Arithmetic { .. }
            | Self::RunningSum { .. }
            | Self::Cross { .. }
            | Self::Dropout => input.to_vec(),
        }
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Linear(_) => "linear".into(),
            Self::Conv(step) => format!("conv{}d", step.window.axes()),
            Self::ConvTranspose(step) => format!("transposed conv{}d", step.window.axes()),
            Self::BatchNorm(_) => "batch norm".into(),
            Self::Arithmetic { operator, operand: Operand::Number(_) } => {
                format!("{operator:?} a number").to_lowercase()
            }
            Self::Arithmetic { operator, operand: Operand::Tensor(_) } => {
                format!("{operator:?} a tensor").to_lowercase()
            }
            Self::Matmul(step) => format!("matmul {:?}", step.constant).to_lowercase(),
            Self::AvgPool(step) => format!("average pool{}d", step.window.axes()),
            Self::AdaptiveAvgPool { to } => format!("adaptive average pool{}d", to.len()),
            Self::Reduce { mean: true, .. } => "mean over an axis".into(),
            Self::Reduce { mean: false, .. } => "sum over an axis".into(),
            Self::RunningSum { .. } => "running sum".into(),
            Self::Interpolate(step) => {
                format!("{}{}d", if step.nearest { "nearest" } else { "linear" }, step.to.len())
            }
            Self::Scatter { .. } => "scatter".into(),
            Self::Cross { side, .. } => format!("cross {side:?}").to_lowercase(),
            Self::Dropout => "dropout".into(),
        }
    }
}

impl Linear {
    /// A linear layer without bias.
    pub(crate) fn new(inputs: usize, outputs: usize, weight: Vec<f64>) -> Self {
        Self { inputs, outputs, weight, bias: None }
    }
}

impl ConvTranspose {
    /// Extents of the output.
    pub(crate) fn extents(&self, input: &[usize]) -> Shape {
        let extent = |axis: usize| {
            let (begin, end) = self.window.padding[axis];
            let covered = (input[axis] - 1) * self.window.stride[axis] + self.window.reach(axis);
            covered + self.padding_out[axis] - begin - end
        };
        (0..self.window.axes()).map(extent).collect()
    }
}

impl Matmul {
    /// The axis of the value that is summed over.
    pub(crate) fn axis(&self, input: &[usize]) -> usize {
        match self.constant {
            Side::Left => input.len() - 2,
            Side::Right => input.len() - 1,
        }
    }
}

fn planes(channels: usize, extents: Shape) -> Shape {
    [vec![channels], extents].concat()
}

/// A shape with another extent along an axis.
pub(super) fn replaced(shape: &[usize], axis: usize, extent: usize) -> Shape {
    let mut shape = shape.to_vec();
    shape[axis] = extent;
    shape
}
