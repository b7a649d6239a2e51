//! Activations, poolings and masks.

use burn::module::Module;
use burn::nn::activation::{HardtanhConfig, Relu6};
use burn::nn::pool::{MaxPool1d, MaxPool1dConfig, MaxPool2d, MaxPool2dConfig};
use burn::nn::{HardSigmoidConfig, LeakyRelu, LeakyReluConfig, PRelu, PReluConfig, Relu};
use burn::tensor::{Device, Tensor, activation};

use crate::common::module::value::each_rank;
use crate::common::module::{Value, vector};
use crate::common::plan::affine::layer::{padding1d, padding2d};
use crate::common::plan::{Extremum, Masked, MaxPool, Maximum};

#[derive(Module, Debug)]
pub(crate) enum MaximumLayer {
    Relu(Relu),
    LeakyRelu(LeakyRelu),
    PRelu(PRelu),
    MaxPool1d(MaxPool1d),
    MaxPool2d(MaxPool2d),
    Function(Function),
}

/// A function of Burn without a layer.
#[derive(Module, Debug)]
pub(crate) struct Function {
    #[module(skip)]
    step: Maximum,
}

impl MaximumLayer {
    pub(crate) fn new(step: &Maximum, device: &Device) -> Self {
        match step {
            Maximum::Relu => Self::Relu(Relu::new()),
            Maximum::LeakyRelu { slope } => {
                Self::LeakyRelu(LeakyReluConfig::new().with_negative_slope(*slope).init())
            }
            Maximum::PRelu { slopes } => Self::PRelu(PRelu {
                alpha: vector(slopes, device),
                ..PReluConfig::new().with_num_parameters(slopes.len()).init(device)
            }),
            Maximum::Pool(pool) => max_pool(pool),
            other => Self::Function(Function { step: other.clone() }),
        }
    }

    pub(crate) fn forward(&self, value: Value) -> Value {
        match self {
            Self::Relu(layer) => each_rank!(value, x => layer.forward(x).into()),
            Self::LeakyRelu(layer) => each_rank!(value, x => layer.forward(x).into()),
            Self::PRelu(layer) => each_rank!(value, x => layer.forward(x).into()),
            Self::MaxPool1d(layer) => layer.forward(value.into()).into(),
            Self::MaxPool2d(layer) => layer.forward(value.into()).into(),
            Self::Function(layer) => each_rank!(value, x => layer.forward(x).into()),
        }
    }
}

impl Function {
    fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        match &self.step {
            Maximum::Abs => x.abs(),
            Maximum::Clamp { least: Some(least), most: Some(most) } => x.clamp(*least, *most),
            Maximum::Clamp { least: Some(least), most: None } => x.clamp_min(*least),
            Maximum::Clamp { least: None, most: Some(most) } => x.clamp_max(*most),
            Maximum::Relu6 => Relu6::new().forward(x),
            Maximum::HardTanh { least, most } => {
                let layer = HardtanhConfig::new().with_min_val(*least).with_max_val(*most).init();
                layer.forward(x)
            }
            Maximum::HardSigmoid { alpha, beta } => {
                HardSigmoidConfig::new().with_alpha(*alpha).with_beta(*beta).init().forward(x)
            }
            Maximum::SoftShrink { lambda } => activation::soft_shrink(x, *lambda),
            Maximum::Threshold(number) => activation::threshold(x, *number, *number),
            Maximum::Masked(masked) => masked_forward(*masked, x),
            Maximum::OverAxis { axis, extremum } => over(*extremum, x, axis + 1),
            other => panic!("a layer of its own: {other:?}"),
        }
    }
}

/// Largest or smallest value along an axis, whose extent becomes 1.
pub(crate) fn over<const D: usize>(extremum: Extremum, x: Tensor<D>, axis: usize) -> Tensor<D> {
    match extremum {
        Extremum::Greatest => x.max_dim(axis),
        Extremum::Least => x.min_dim(axis),
    }
}

fn masked_forward<const D: usize>(masked: Masked, x: Tensor<D>) -> Tensor<D> {
    match masked {
        Masked::FillBelow(number) => {
            let mask = x.clone().lower_elem(number);
            x.mask_fill(mask, number)
        }
        Masked::FillAbove(number) => {
            let mask = x.clone().greater_equal_elem(number);
            x.mask_fill(mask, number)
        }
        Masked::ScaleBelow(slope) => {
            let mask = x.clone().lower_elem(0.0);
            x.clone().mask_where(mask, x * slope)
        }
        Masked::ZerosBelow => {
            let mask = x.clone().lower_equal_elem(0.0);
            let zeros = x.zeros_like();
            x.mask_where(mask, zeros)
        }
        Masked::OntoZeros => {
            let mask = x.clone().greater_elem(0.0);
            x.zeros_like().mask_where(mask, x)
        }
        Masked::SignTimes => x.clone() * x.sign(),
    }
}

fn max_pool(pool: &MaxPool) -> MaximumLayer {
    let window = &pool.window;
    let pair = |entries: &[usize]| [entries[0], entries[1]];
    match window.axes() {
        1 => MaximumLayer::MaxPool1d(
            MaxPool1dConfig::new(window.kernel[0])
                .with_stride(window.stride[0])
                .with_padding(padding1d(&window.padding))
                .with_dilation(window.dilation[0])
                .with_ceil_mode(window.ceil_mode)
                .init(),
        ),
        _ => MaximumLayer::MaxPool2d(
            MaxPool2dConfig::new(pair(&window.kernel))
                .with_strides(pair(&window.stride))
                .with_padding(padding2d(&window.padding))
                .with_dilation(pair(&window.dilation))
                .with_ceil_mode(window.ceil_mode)
                .init(),
        ),
    }
}
