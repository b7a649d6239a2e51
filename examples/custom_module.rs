//! Extracts the linear terms of a user's own Burn module: a residual network with batch norm,
//! captured in one call.
//!
//! ```text
//! cargo run --example custom_module
//! ```

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use tropex::{Classes, Extractor, Gauge, SelfCheck, capture};

/// A convolutional network with one residual block.
#[derive(Module, Debug)]
struct ResidualNetwork {
    stem: Conv2d,
    conv: Conv2d,
    norm: BatchNorm,
    pool: AdaptiveAvgPool2d,
    head: Linear,
}

impl ResidualNetwork {
    fn new(device: &Device) -> Self {
        let conv = |from, to| {
            Conv2dConfig::new([from, to], [3, 3]).with_padding(PaddingConfig2d::Same).init(device)
        };
        Self {
            stem: conv(3, 8),
            conv: conv(8, 8),
            norm: BatchNormConfig::new(8).init(device),
            pool: AdaptiveAvgPool2dConfig::new([4, 4]).init(),
            head: LinearConfig::new(8 * 4 * 4, 10).init(device),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let stem = relu(self.stem.forward(images));
        let block = self.norm.forward(self.conv.forward(stem.clone()));
        let sum = relu(block + stem);
        self.head.forward(self.pool.forward(sum).flatten(1, 3))
    }
}

fn main() -> Result<(), tropex::Error> {
    let model = ResidualNetwork::new(&Device::default());
    let network = capture(&model, [3, 16, 16], ResidualNetwork::forward)?;
    println!("{network}");

    let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::Predicted)?;
    let points: Vec<f32> =
        (0..32 * network.features()).map(|i| (i as f32 * 0.618).fract()).collect();
    let terms = extractor.extract(&points)?;

    let (coefficients, bias) = terms.linear(0, 0);
    println!("point 0 has class {}", terms.predicted()[0]);
    println!("its linear term: coefficients {:.4?} ..., bias {bias:.4}", &coefficients[..4]);
    let check = SelfCheck::of(&terms, &points);
    println!("largest value error of {} linear terms: {:.1e}", terms.len(), check.value_error);
    println!("smallest coefficient: {:.1e}", check.smallest_coefficient);
    Ok(())
}
