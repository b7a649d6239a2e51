//! Burn modules with the weights of a [`Plan`].

use burn::module::{Module, Param, RunningState};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{
    AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, AvgPool2d, AvgPool2dConfig, MaxPool2d,
    MaxPool2dConfig,
};
use burn::nn::{
    BatchNorm, BatchNormConfig, Dropout, DropoutConfig, LeakyRelu, LeakyReluConfig, Linear,
    PaddingConfig2d, Relu,
};
use burn::tensor::{Device, Tensor, TensorData, activation};

use super::plan::{self, Broadcast, Ending, Plan, Step};

/// A network on images, built from a plan.
#[derive(Module, Debug)]
pub(crate) struct Planned {
    layers: Vec<Layer>,
    #[module(skip)]
    ending: Ending,
}

#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // a handful of layers
enum Layer {
    Linear(Linear),
    Conv(Conv2d),
    BatchNorm(BatchNorm),
    Arithmetic(Arithmetic),
    Relu(Relu),
    LeakyRelu(LeakyRelu),
    MaxPool(MaxPool2d),
    AvgPool(AvgPool2d),
    AdaptiveAvgPool(AdaptiveAvgPool2d),
    Dropout(Dropout),
    Reshape(Reshape),
    Residual(Residual),
}

#[derive(Module, Debug)]
struct Reshape {
    #[module(skip)]
    to: Vec<usize>,
}

#[derive(Module, Debug)]
struct Residual {
    left: Vec<Layer>,
    right: Vec<Layer>,
}

/// Arithmetic with a constant: a parameter for products, made on the spot for sums.
#[derive(Module, Debug)]
struct Arithmetic {
    factor: Option<Param<Tensor<4>>>,
    #[module(skip)]
    step: Step,
}

/// A value as images or as plain features.
#[derive(Clone, Debug)]
enum Value {
    Planes(Tensor<4>),
    Features(Tensor<2>),
}

impl Planned {
    pub(crate) fn new(plan: &Plan, device: &Device) -> Self {
        Self { layers: layers(&plan.steps, device), ending: plan.ending }
    }

    pub(crate) fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let logits = self.logits(images);
        match self.ending {
            Ending::Logits => logits,
            Ending::Softmax => activation::softmax(logits, 1),
            Ending::LogSoftmax => activation::log_softmax(logits, 1),
        }
    }

    pub(crate) fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        match run(&self.layers, Value::Planes(images)) {
            Value::Features(logits) => logits,
            Value::Planes(_) => panic!("plans end in features"),
        }
    }
}

fn run(layers: &[Layer], input: Value) -> Value {
    layers.iter().fold(input, |value, layer| layer.forward(value))
}

fn layers(steps: &[Step], device: &Device) -> Vec<Layer> {
    steps.iter().map(|step| Layer::new(step, device)).collect()
}

impl Layer {
    fn new(step: &Step, device: &Device) -> Self {
        match step {
            Step::Linear(step) => Self::Linear(linear(step, device)),
            Step::Conv(step) => Self::Conv(conv(step, device)),
            Step::BatchNorm(step) => Self::BatchNorm(batch_norm(step, device)),
            Step::Relu => Self::Relu(Relu::new()),
            Step::LeakyRelu { slope } => {
                Self::LeakyRelu(LeakyReluConfig::new().with_negative_slope(*slope).init())
            }
            Step::MaxPool(step) => Self::MaxPool(max_pool(step)),
            Step::AvgPool(step) => Self::AvgPool(avg_pool(step)),
            Step::AdaptiveAvgPool { to } => {
                Self::AdaptiveAvgPool(AdaptiveAvgPool2dConfig::new(*to).init())
            }
            Step::Dropout => Self::Dropout(DropoutConfig::new(0.5).init()),
            Step::Reshape(to) => Self::Reshape(Reshape { to: to.clone() }),
            Step::Residual { left, right } => Self::Residual(Residual {
                left: layers(left, device),
                right: layers(right, device),
            }),
            Step::MultiplyTensor(constant) => Self::Arithmetic(Arithmetic {
                factor: Some(Param::from_tensor(constant.tensor(device))),
                step: step.clone(),
            }),
            Step::AddNumber(_) | Step::MultiplyNumber(_) | Step::AddTensor(_) => {
                Self::Arithmetic(Arithmetic { factor: None, step: step.clone() })
            }
        }
    }

    fn forward(&self, value: Value) -> Value {
        match self {
            Self::Linear(layer) => value.map(|x| layer.forward(x), |x| layer.forward(x)),
            Self::BatchNorm(layer) => value.map(|x| layer.forward(x), |x| layer.forward(x)),
            Self::Relu(layer) => value.map(|x| layer.forward(x), |x| layer.forward(x)),
            Self::LeakyRelu(layer) => value.map(|x| layer.forward(x), |x| layer.forward(x)),
            Self::Dropout(layer) => value.map(|x| layer.forward(x), |x| layer.forward(x)),
            Self::Arithmetic(layer) => layer.forward(value),
            Self::Conv(layer) => Value::Planes(layer.forward(value.planes())),
            Self::MaxPool(layer) => Value::Planes(layer.forward(value.planes())),
            Self::AvgPool(layer) => Value::Planes(layer.forward(value.planes())),
            Self::AdaptiveAvgPool(layer) => Value::Planes(layer.forward(value.planes())),
            Self::Reshape(layer) => value.reshaped(&layer.to),
            Self::Residual(layer) => run(&layer.left, value.clone()).plus(run(&layer.right, value)),
        }
    }
}

impl Arithmetic {
    fn forward(&self, value: Value) -> Value {
        match (&self.step, &self.factor) {
            (Step::AddNumber(number), _) => value.map(|x| x + *number, |x| x + *number),
            (Step::MultiplyNumber(number), _) => value.map(|x| x * *number, |x| x * *number),
            (Step::AddTensor(constant), _) => {
                let constant = constant.tensor(&value.device());
                let flat = constant.clone().flatten(1, 3);
                value.map(|x| x + constant, |x| x + flat)
            }
            (_, Some(factor)) => {
                let flat = factor.val().flatten(1, 3);
                value.map(|x| x * factor.val(), |x| x * flat)
            }
            (step, None) => panic!("not arithmetic: {step:?}"),
        }
    }
}

impl Broadcast {
    /// `[1, channels, height, width]`, features as channels.
    fn tensor(&self, device: &Device) -> Tensor<4> {
        let mut extents = [1; 4];
        extents[1..=self.extents.len()].copy_from_slice(&self.extents);
        Tensor::from_data(data(&self.values, extents), device)
    }
}

impl Value {
    fn map(
        self,
        planes: impl FnOnce(Tensor<4>) -> Tensor<4>,
        features: impl FnOnce(Tensor<2>) -> Tensor<2>,
    ) -> Self {
        match self {
            Self::Planes(tensor) => Self::Planes(planes(tensor)),
            Self::Features(tensor) => Self::Features(features(tensor)),
        }
    }

    fn planes(self) -> Tensor<4> {
        match self {
            Self::Planes(tensor) => tensor,
            Self::Features(_) => panic!("plans put layers on planes after planes only"),
        }
    }

    fn device(&self) -> Device {
        match self {
            Self::Planes(tensor) => tensor.device(),
            Self::Features(tensor) => tensor.device(),
        }
    }

    fn reshaped(self, to: &[usize]) -> Self {
        let points = match &self {
            Self::Planes(tensor) => tensor.dims()[0],
            Self::Features(tensor) => tensor.dims()[0],
        };
        match *to {
            [features] => Self::Features(match self {
                Self::Planes(tensor) => tensor.reshape([points, features]),
                Self::Features(tensor) => tensor.reshape([points, features]),
            }),
            [channels, height, width] => Self::Planes(match self {
                Self::Planes(tensor) => tensor.reshape([points, channels, height, width]),
                Self::Features(tensor) => tensor.reshape([points, channels, height, width]),
            }),
            _ => panic!("plans have one or three axes"),
        }
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Planes(a), Self::Planes(b)) => Self::Planes(a + b),
            (Self::Features(a), Self::Features(b)) => Self::Features(a + b),
            _ => panic!("branches have the same shape"),
        }
    }
}

fn data<const D: usize>(values: &[f64], shape: [usize; D]) -> TensorData {
    let values: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    TensorData::new(values, shape)
}

fn vector(values: &[f64], device: &Device) -> Param<Tensor<1>> {
    Param::from_tensor(Tensor::from_data(data(values, [values.len()]), device))
}

fn linear(step: &plan::Linear, device: &Device) -> Linear {
    let shape = [step.inputs, step.outputs];
    Linear {
        weight: Param::from_tensor(Tensor::from_data(data(&step.weight, shape), device)),
        bias: step.bias.as_ref().map(|bias| vector(bias, device)),
    }
}

fn conv(step: &plan::Conv, device: &Device) -> Conv2d {
    let [(top, bottom), (left, right)] = step.padding;
    let config = Conv2dConfig::new(step.channels, step.kernel)
        .with_stride(step.stride)
        .with_dilation(step.dilation)
        .with_groups(step.groups)
        .with_padding(PaddingConfig2d::Explicit(top, left, bottom, right));
    let [inputs, outputs] = step.channels;
    let shape = [outputs, inputs / step.groups, step.kernel[0], step.kernel[1]];
    Conv2d {
        weight: Param::from_tensor(Tensor::from_data(data(&step.weight, shape), device)),
        bias: step.bias.as_ref().map(|bias| vector(bias, device)),
        ..config.init(device)
    }
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

fn max_pool(step: &plan::MaxPool) -> MaxPool2d {
    MaxPool2dConfig::new(step.kernel)
        .with_strides(step.stride)
        .with_padding(symmetric(step.padding))
        .with_dilation(step.dilation)
        .with_ceil_mode(step.ceil_mode)
        .init()
}

fn avg_pool(step: &plan::AvgPool) -> AvgPool2d {
    AvgPool2dConfig::new(step.kernel)
        .with_strides(step.stride)
        .with_padding(symmetric(step.padding))
        .with_count_include_pad(step.count_include_pad)
        .with_ceil_mode(step.ceil_mode)
        .init()
}

fn symmetric([down, across]: [usize; 2]) -> PaddingConfig2d {
    PaddingConfig2d::Explicit(down, across, down, across)
}
