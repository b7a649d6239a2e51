//! Affine layers.

use burn::module::{Module, Param, RunningState};
use burn::nn::conv::{Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d};
use burn::nn::interpolate::{
    Interpolate1d, Interpolate1dConfig, Interpolate2d, Interpolate2dConfig, InterpolateMode,
};
use burn::nn::pool::{
    AdaptiveAvgPool1d, AdaptiveAvgPool1dConfig, AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig,
    AvgPool1d, AvgPool1dConfig, AvgPool2d, AvgPool2dConfig,
};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, PaddingConfig1d, PaddingConfig2d,
};
use burn::tensor::{Device, IndexingUpdateOp, Int, Tensor, TensorData};

use super::layer_conv::{conv, conv_transpose};
use crate::common::module::value::{both_ranks, each_rank};
use crate::common::module::{Value, bias, parameter, vector};
use crate::common::plan::{self, Affine, Operand, Operator, Side};

#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // there are few layers
pub(crate) enum AffineLayer {
    Linear(Linear),
    Conv1d(Conv1d),
    Conv2d(Conv2d),
    Conv3d(Conv3d),
    ConvTranspose1d(ConvTranspose1d),
    ConvTranspose2d(ConvTranspose2d),
    ConvTranspose3d(ConvTranspose3d),
    BatchNorm(BatchNorm),
    AvgPool1d(AvgPool1d),
    AvgPool2d(AvgPool2d),
    AdaptiveAvgPool1d(AdaptiveAvgPool1d),
    AdaptiveAvgPool2d(AdaptiveAvgPool2d),
    Interpolate1d(Interpolate1d),
    Interpolate2d(Interpolate2d),
    Dropout(Dropout),
    WithConstant(WithConstant),
}

/// Operations without a layer in Burn: arithmetic, products and reductions.
#[derive(Module, Debug)]
pub(crate) struct WithConstant {
    /// The constant factor of a product. The constant of a sum is made in the forward.
    factor: Option<Param<Tensor<1>>>,
    #[module(skip)]
    step: Affine,
}

impl AffineLayer {
    pub(crate) fn new(step: &Affine, device: &Device) -> Self {
        match step {
            Affine::Linear(step) => Self::Linear(linear(step, device)),
            Affine::Conv(step) => conv(step, device),
            Affine::ConvTranspose(step) => conv_transpose(step, device),
            Affine::BatchNorm(step) => Self::BatchNorm(batch_norm(step, device)),
            Affine::AvgPool(step) => avg_pool(step),
            Affine::AdaptiveAvgPool { to } => match to[..] {
                [to] => Self::AdaptiveAvgPool1d(AdaptiveAvgPool1dConfig::new(to).init()),
                [down, across] => {
                    Self::AdaptiveAvgPool2d(AdaptiveAvgPool2dConfig::new([down, across]).init())
                }
                _ => panic!("adaptive poolings have one axis or two"),
            },
            Affine::Interpolate(step) => interpolate(step),
            Affine::Dropout => Self::Dropout(DropoutConfig::new(0.5).init()),
            Affine::Arithmetic { .. }
            | Affine::Matmul(_)
            | Affine::Reduce { .. }
            | Affine::RunningSum { .. }
            | Affine::Scatter { .. }
            | Affine::Cross { .. } => {
                let factor = factor(step).map(|values| vector(values, device));
                Self::WithConstant(WithConstant { factor, step: step.clone() })
            }
        }
    }

    pub(crate) fn forward(&self, value: Value) -> Value {
        match self {
            Self::Linear(layer) => each_rank!(value, x => layer.forward(x).into()),
            Self::BatchNorm(layer) => each_rank!(value, x => layer.forward(x).into()),
            Self::Dropout(layer) => each_rank!(value, x => layer.forward(x).into()),
            Self::Conv1d(layer) => layer.forward(value.into()).into(),
            Self::Conv2d(layer) => layer.forward(value.into()).into(),
            Self::Conv3d(layer) => layer.forward(value.into()).into(),
            Self::ConvTranspose1d(layer) => layer.forward(value.into()).into(),
            Self::ConvTranspose2d(layer) => layer.forward(value.into()).into(),
            Self::ConvTranspose3d(layer) => layer.forward(value.into()).into(),
            Self::AvgPool1d(layer) => layer.forward(value.into()).into(),
            Self::AvgPool2d(layer) => layer.forward(value.into()).into(),
            Self::AdaptiveAvgPool1d(layer) => layer.forward(value.into()).into(),
            Self::AdaptiveAvgPool2d(layer) => layer.forward(value.into()).into(),
            Self::Interpolate1d(layer) => layer.forward(value.into()).into(),
            Self::Interpolate2d(layer) => layer.forward(value.into()).into(),
            Self::WithConstant(layer) => layer.forward(value),
        }
    }
}

/// The constant of a product.
fn factor(step: &Affine) -> Option<&[f64]> {
    match step {
        Affine::Matmul(step) => Some(&step.weight),
        Affine::Arithmetic {
            operator: Operator::Multiply | Operator::Divide,
            operand: Operand::Tensor(constant),
        } => Some(&constant.values),
        _ => None,
    }
}

impl WithConstant {
    fn forward(&self, value: Value) -> Value {
        match &self.step {
            Affine::Arithmetic { operator, operand: Operand::Number(number) } => {
                each_rank!(value, x => with_number(*operator, x, *number).into())
            }
            Affine::Arithmetic { operator, operand: Operand::Tensor(constant) } => {
                let numbers = self.constant(&constant.values, &value.device());
                let constant = Value::constant(numbers, &constant.extents);
                both_ranks!(value, constant, (x, c) => with_tensor(*operator, x, c).into())
            }
            Affine::Matmul(step) => {
                let numbers = self.constant(&step.weight, &value.device());
                self.product(step, value, numbers)
            }
            Affine::Reduce { axis, mean: true } => {
                each_rank!(value, x => x.mean_dim(axis + 1).into())
            }
            Affine::Reduce { axis, mean: false } => {
                each_rank!(value, x => x.sum_dim(axis + 1).into())
            }
            Affine::RunningSum { axis } => each_rank!(value, x => x.cumsum(axis + 1).into()),
            Affine::Scatter { axis, length, places } => {
                each_rank!(value, x => scattered(x, axis + 1, *length, places).into())
            }
            Affine::Cross { axis, constant, side } => {
                let numbers = self.constant(&constant.values, &value.device());
                let constant = Value::constant(numbers, &constant.extents);
                both_ranks!(value, constant, (x, c) => {
                    let c = c.expand(x.dims());
                    match side {
                        Side::Left => c.cross(x, axis + 1).into(),
                        Side::Right => x.cross(c, axis + 1).into(),
                    }
                })
            }
            other => panic!("a layer of its own: {other:?}"),
        }
    }

    fn constant(&self, values: &[f64], device: &Device) -> Tensor<1> {
        let made = || vector(values, device).val().detach();
        self.factor.as_ref().map_or_else(made, |factor| factor.val())
    }

    fn product(&self, step: &plan::Matmul, value: Value, numbers: Tensor<1>) -> Value {
        let (inputs, outputs) = (step.inputs, step.outputs);
        if let Value::Two(x) = value {
            return x.matmul(numbers.reshape([inputs, outputs])).into();
        }
        let matrix = match step.constant {
            Side::Left => [outputs, inputs],
            Side::Right => [inputs, outputs],
        };
        let constant = Value::constant(numbers, &[&step.batch[..], &matrix].concat());
        both_ranks!(value, constant, (x, c) => match step.constant {
            Side::Left => c.matmul(x).into(),
            Side::Right => x.matmul(c).into(),
        })
    }
}

fn scattered<const D: usize>(
    x: Tensor<D>,
    axis: usize,
    length: usize,
    places: &[usize],
) -> Tensor<D> {
    let mut extents = x.dims();
    extents[axis] = length;
    let places: Vec<i64> = places.iter().map(|&place| place as i64).collect();
    let places = TensorData::new(places.clone(), [places.len()]);
    let places = Tensor::<1, Int>::from_data(places, &x.device());
    let zeros = Tensor::zeros(extents, &x.device());
    zeros.select_assign(axis, places, x, IndexingUpdateOp::Add)
}

fn with_number<const D: usize>(operator: Operator, x: Tensor<D>, number: f64) -> Tensor<D> {
    match operator {
        Operator::Add => x + number,
        Operator::Subtract => x - number,
        Operator::SubtractFrom => -x + number,
        Operator::Multiply => x * number,
        Operator::Divide => x / number,
    }
}

fn with_tensor<const D: usize>(operator: Operator, x: Tensor<D>, c: Tensor<D>) -> Tensor<D> {
    match operator {
        Operator::Add => x + c,
        Operator::Subtract => x - c,
        Operator::SubtractFrom => c - x,
        Operator::Multiply => c * x,
        Operator::Divide => x / c,
    }
}

fn linear(step: &plan::Linear, device: &Device) -> Linear {
    Linear {
        weight: parameter(&step.weight, [step.inputs, step.outputs], device),
        bias: bias(&step.bias, device),
    }
}

/// The first `N` entries: one entry an axis.
pub(crate) fn axes<T: Copy, const N: usize>(entries: &[T]) -> [T; N] {
    std::array::from_fn(|axis| entries[axis])
}

fn batch_norm(step: &plan::BatchNorm, device: &Device) -> BatchNorm {
    let running = |values: &[f64]| RunningState::new(vector(values, device).val().detach());
    BatchNorm {
        gamma: vector(&step.gamma, device),
        beta: vector(&step.beta, device),
        running_mean: running(&step.mean),
        running_var: running(&step.variance),
        ..BatchNormConfig::new(step.gamma.len()).with_epsilon(step.epsilon).init(device)
    }
}

fn avg_pool(step: &plan::AvgPool) -> AffineLayer {
    let window = &step.window;
    match window.axes() {
        1 => AffineLayer::AvgPool1d(
            AvgPool1dConfig::new(window.kernel[0])
                .with_stride(window.stride[0])
                .with_padding(padding1d(&window.padding))
                .with_count_include_pad(step.count_include_pad)
                .with_ceil_mode(window.ceil_mode)
                .init(),
        ),
        _ => AffineLayer::AvgPool2d(
            AvgPool2dConfig::new(axes(&window.kernel))
                .with_strides(axes(&window.stride))
                .with_padding(padding2d(&window.padding))
                .with_count_include_pad(step.count_include_pad)
                .with_ceil_mode(window.ceil_mode)
                .init(),
        ),
    }
}

fn interpolate(step: &plan::Interpolate) -> AffineLayer {
    let mode = if step.nearest { InterpolateMode::Nearest } else { InterpolateMode::Linear };
    match step.to[..] {
        [to] => AffineLayer::Interpolate1d(
            Interpolate1dConfig::new()
                .with_output_size(Some(to))
                .with_mode(mode)
                .with_align_corners(step.align_corners)
                .init(),
        ),
        _ => AffineLayer::Interpolate2d(
            Interpolate2dConfig::new()
                .with_output_size(Some(axes(&step.to)))
                .with_mode(mode)
                .with_align_corners(step.align_corners)
                .init(),
        ),
    }
}

pub(crate) fn padding1d(padding: &[(usize, usize)]) -> PaddingConfig1d {
    PaddingConfig1d::Explicit(padding[0].0, padding[0].1)
}

pub(crate) fn padding2d(padding: &[(usize, usize)]) -> PaddingConfig2d {
    let ((top, bottom), (left, right)) = (padding[0], padding[1]);
    PaddingConfig2d::Explicit(top, left, bottom, right)
}
