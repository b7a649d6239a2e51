//! Convolutions and their transposes, over one to three axes.

use burn::nn::PaddingConfig3d;
use burn::nn::conv::{
    Conv1d, Conv1dConfig, Conv2d, Conv2dConfig, Conv3d, Conv3dConfig, ConvTranspose1d,
    ConvTranspose1dConfig, ConvTranspose2d, ConvTranspose2dConfig, ConvTranspose3d,
    ConvTranspose3dConfig,
};
use burn::tensor::Device;

use super::layer::{AffineLayer, axes, padding1d, padding2d};
use crate::common::module::{bias, parameter};
use crate::common::plan;

pub(crate) fn conv(step: &plan::Conv, device: &Device) -> AffineLayer {
    let ([inputs, outputs], window) = (step.channels, &step.window);
    let bias = bias(&step.bias, device);
    let kernel = &window.kernel;
    let channels = [outputs, inputs / step.groups];
    match window.axes() {
        1 => AffineLayer::Conv1d(Conv1d {
            weight: parameter(&step.weight, [channels[0], channels[1], kernel[0]], device),
            bias,
            ..Conv1dConfig::new(inputs, outputs, kernel[0])
                .with_stride(window.stride[0])
                .with_dilation(window.dilation[0])
                .with_groups(step.groups)
                .with_padding(padding1d(&window.padding))
                .init(device)
        }),
        2 => AffineLayer::Conv2d(Conv2d {
            weight: parameter(
                &step.weight,
                [channels[0], channels[1], kernel[0], kernel[1]],
                device,
            ),
            bias,
            ..Conv2dConfig::new(step.channels, axes(kernel))
                .with_stride(axes(&window.stride))
                .with_dilation(axes(&window.dilation))
                .with_groups(step.groups)
                .with_padding(padding2d(&window.padding))
                .init(device)
        }),
        _ => AffineLayer::Conv3d(Conv3d {
            weight: parameter(
                &step.weight,
                [channels[0], channels[1], kernel[0], kernel[1], kernel[2]],
                device,
            ),
            bias,
            ..Conv3dConfig::new(step.channels, axes(kernel))
                .with_stride(axes(&window.stride))
                .with_dilation(axes(&window.dilation))
                .with_groups(step.groups)
                .with_padding(padding3d(&window.padding))
                .init(device)
        }),
    }
}

pub(crate) fn conv_transpose(step: &plan::ConvTranspose, device: &Device) -> AffineLayer {
    let ([inputs, outputs], window) = (step.channels, &step.window);
    let bias = bias(&step.bias, device);
    let kernel = &window.kernel;
    let channels = [inputs, outputs / step.groups];
    let padding: Vec<usize> = window.padding.iter().map(|(begin, _)| *begin).collect();
    match window.axes() {
        1 => AffineLayer::ConvTranspose1d(ConvTranspose1d {
            weight: parameter(&step.weight, [channels[0], channels[1], kernel[0]], device),
            bias,
            ..ConvTranspose1dConfig::new(step.channels, kernel[0])
                .with_stride(window.stride[0])
                .with_dilation(window.dilation[0])
                .with_groups(step.groups)
                .with_padding(padding[0])
                .with_padding_out(step.padding_out[0])
                .init(device)
        }),
        2 => AffineLayer::ConvTranspose2d(ConvTranspose2d {
            weight: parameter(
                &step.weight,
                [channels[0], channels[1], kernel[0], kernel[1]],
                device,
            ),
            bias,
            ..ConvTranspose2dConfig::new(step.channels, axes(kernel))
                .with_stride(axes(&window.stride))
                .with_dilation(axes(&window.dilation))
                .with_groups(step.groups)
                .with_padding(axes(&padding))
                .with_padding_out(axes(&step.padding_out))
                .init(device)
        }),
        _ => AffineLayer::ConvTranspose3d(ConvTranspose3d {
            weight: parameter(
                &step.weight,
                [channels[0], channels[1], kernel[0], kernel[1], kernel[2]],
                device,
            ),
            bias,
            ..ConvTranspose3dConfig::new(step.channels, axes(kernel))
                .with_stride(axes(&window.stride))
                .with_dilation(axes(&window.dilation))
                .with_groups(step.groups)
                .with_padding(axes(&padding))
                .with_padding_out(axes(&step.padding_out))
                .init(device)
        }),
    }
}

fn padding3d(padding: &[(usize, usize)]) -> PaddingConfig3d {
    PaddingConfig3d::Explicit(padding[0].0, padding[1].0, padding[2].0)
}
