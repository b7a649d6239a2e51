//! The layers of blocks, by the kernels of `tropex-kernels` where these have one.

use burn::nn::PaddingConfig2d;
use burn::nn::activation::Activation;
use burn::nn::conv::Conv2d;
use burn::nn::pool::MaxPool2d;
use burn::tensor::Tensor;
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};

/// The convolution, then the activation if there is one.
pub(super) fn convolve(
    conv: &Conv2d,
    activation: Option<&Activation>,
    input: Tensor<4>,
) -> Tensor<4> {
    let (Some(bias), Some(padding)) = (&conv.bias, pairs(&conv.padding)) else {
        return activate(activation, conv.forward(input));
    };
    let options = ConvOptions::new_with_padding(conv.stride, padding, conv.dilation, conv.groups);
    let (weight, bias) = (conv.weight.val(), bias.val());
    let slope = activation.and_then(slope);
    let output = tropex_kernels::conv2d(input, weight, bias, &options, slope);
    if slope.is_some() { output } else { activate(activation, output) }
}

/// The activation, if there is one.
pub(super) fn activate<const D: usize>(
    activation: Option<&Activation>,
    input: Tensor<D>,
) -> Tensor<D> {
    match activation {
        Some(activation) => activation.forward(input),
        None => input,
    }
}

/// The maxima of the windows.
pub(super) fn max_pool(pool: &MaxPool2d, input: Tensor<4>) -> Tensor<4> {
    let Some(padding) = pairs(&pool.padding) else { return pool.forward(input) };
    let options = MaxPoolOptions::new(pool.kernel_size)
        .with_stride(pool.stride)
        .with_padding_pairs(padding)
        .with_dilation(pool.dilation)
        .with_ceil_mode(pool.ceil_mode);
    tropex_kernels::max_pool2d(input, &options)
}

/// The slope of a ReLU below zero. `None` for other activations.
fn slope(activation: &Activation) -> Option<f64> {
    match activation {
        Activation::Relu(_) => Some(0.0),
        Activation::LeakyRelu(leaky) if leaky.negative_slope >= 0.0 => Some(leaky.negative_slope),
        _ => None,
    }
}

/// Padding before and after each axis. `None` if it depends on the size of the planes.
fn pairs(padding: &PaddingConfig2d) -> Option<[(usize, usize); 2]> {
    match *padding {
        PaddingConfig2d::Valid => Some([(0, 0); 2]),
        PaddingConfig2d::Explicit(top, left, bottom, right) => Some([(top, bottom), (left, right)]),
        PaddingConfig2d::Same => None,
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::optim::{GradientsParams, SgdConfig};
    use burn::tensor::TensorData;

    use super::*;
    use crate::testing::{device, separable_images};
    use crate::weights::Weights;
    use crate::zoo::block::{ConvBlock, FeatureBlock};
    use crate::zoo::{Architecture, Classifier, TINY, TINY_RESIDUAL};

    /// The layers by Burn's own modules.
    fn forward_by_burn(network: &Classifier, images: Tensor<4>) -> Tensor<2> {
        let features = network.features.iter().fold(images, by_burn).flatten::<2>(1, 3);
        network.dense.iter().fold(features, |values, block| block.forward(values))
    }

    fn by_burn(input: Tensor<4>, block: &FeatureBlock) -> Tensor<4> {
        match block {
            FeatureBlock::Conv(block) => conv_by_burn(block, input),
            FeatureBlock::MaxPool(pool) => pool.forward(input),
            FeatureBlock::Residual(block) => {
                let projected = block.projection.as_ref().map(|conv| conv.forward(input.clone()));
                let shortcut = projected.unwrap_or_else(|| input.clone());
                let output = conv_by_burn(&block.first, input);
                block.activation.forward(conv_by_burn(&block.second, output) + shortcut)
            }
            FeatureBlock::Inception(block) => {
                let along = |branch: &Vec<ConvBlock>| {
                    branch.iter().fold(input.clone(), |values, block| conv_by_burn(block, values))
                };
                let mut outputs: Vec<_> = block.branches.iter().map(along).collect();
                outputs.push(conv_by_burn(&block.pooled, block.pool.forward(input.clone())));
                Tensor::cat(outputs, 1)
            }
            other => other.forward(input),
        }
    }

    fn conv_by_burn(block: &ConvBlock, input: Tensor<4>) -> Tensor<4> {
        let output = block.conv.forward(input);
        let output = match &block.norm {
            Some(norm) => norm.forward(output),
            None => output,
        };
        activate(block.activation.as_ref(), output)
    }

    fn trained(
        architecture: &Architecture,
        forward: impl Fn(&Classifier, Tensor<4>) -> Tensor<2>,
    ) -> Weights {
        let (shape, device) = ([1, 9, 9], device());
        let images = separable_images(shape, 3, 40);
        let pixels = TensorData::new(images.read(0..40), [40, 1, 9, 9]);
        let pixels = Tensor::<4>::from_data(pixels, &device);
        let mut network = architecture.init(shape, 3, &device, 0).unwrap().train();
        let mut optimizer = SgdConfig::new().init();
        for _ in 0..4 {
            let logits = forward(&network, Tensor::from_inner(pixels.clone()));
            let loss = (logits.clone() * logits).mean();
            let gradients = GradientsParams::from_grads(loss.backward(), &network);
            network = optimizer.step(0.05, network, gradients);
        }
        Weights::of(&network.valid())
    }

    #[test]
    fn weights_after_some_steps_are_those_of_burns_modules() {
        let pooled = "C5p1,P,C7k3s2p1,D9".parse().unwrap();
        let averaged = "C5p1,BN,C4p1,A,DO0.1,C3p1,G".parse().unwrap();
        for architecture in [&TINY, &TINY_RESIDUAL, &pooled, &averaged] {
            let own = trained(architecture, Classifier::forward);
            let burn = trained(architecture, forward_by_burn);
            for ((key, own), (_, burn)) in own.iter().zip(burn.iter()) {
                for (own, burn) in own.iter::<f32>().zip(burn.iter::<f32>()) {
                    assert!((own - burn).abs() < 1e-4, "{architecture:?} {key}: {own} and {burn}");
                }
            }
        }
    }
}
