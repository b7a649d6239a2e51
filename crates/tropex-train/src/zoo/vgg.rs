//! Convolutional networks like VGG: stages of convolutions that end with pooling, then hidden dense
//! layers. The small network for MNIST is one of them.

use super::ArchitectureEntry;
use super::builder::{ClassifierBuilder, ConvLayer, conv};
use super::window::LayerWindow;
use crate::training_config::TrainingConfig;

pub(super) static FAMILY: &[ArchitectureEntry] = &[
    ArchitectureEntry::new(
        "mnist-cnn",
        "convolutional, for MNIST: C32 P C64 C64 P D64",
        |builder| build(builder, &MNIST),
        TrainingConfig::mnist,
    )
    .for_mnist(),
    ArchitectureEntry::new(
        "vgg",
        "VGG: C32 C32 P C64 C64 C64 P C128 C128 C128 P D128",
        |builder| build(builder, &STANDARD),
        TrainingConfig::cifar,
    ),
    ArchitectureEntry::new(
        "vgg-average",
        "VGG with average pooling: C32 C32 A C64 C64 C64 A C128 C128 C128 A D128",
        |builder| build(builder, &VggConfig { pool: Pooling::Average, ..STANDARD }),
        TrainingConfig::cifar,
    ),
    ArchitectureEntry::new(
        "vgg-batch-norm",
        "VGG with batch norm after each convolution, before ReLU",
        |builder| build(builder, &VggConfig { batch_norm: true, ..STANDARD }),
        TrainingConfig::cifar,
    ),
    ArchitectureEntry::new(
        "vgg-deep",
        "deep VGG: 2 C32(7x7), 3 C64(5x5) P, 3 C128, 3 C256 P, 3 C512, 3 C1024 P, D1024 D128",
        |builder| build(builder, &DEEP),
        TrainingConfig::cifar,
    ),
    ArchitectureEntry::new(
        "vgg-narrow",
        "narrow VGG: C4 C4 P C16 C16 C16 P C64 C64 C64 P D128",
        |builder| build(builder, &NARROW),
        TrainingConfig::cifar,
    ),
    ArchitectureEntry::new(
        "vgg-narrow-strides",
        "narrow VGG without pooling: C4 C4 C16(s2) C16 C16 C64(s2) C64 C64 D128",
        |builder| build(builder, &NARROW_STRIDES),
        TrainingConfig::cifar,
    ),
];

/// The end of a stage.
#[derive(Clone, Copy, PartialEq)]
enum Pooling {
    Max,
    Average,
    /// No pooling: the strides of the convolutions reduce the size of the images.
    None,
}

/// The stages and layers of a network.
struct VggConfig<'a> {
    stages: &'a [&'a [ConvLayer]],
    pool: Pooling,
    batch_norm: bool,
    hidden: &'a [usize],
}

/// Stages of convolutions, hidden dense layers, the logits.
fn build<'a>(builder: ClassifierBuilder<'a>, plan: &VggConfig) -> ClassifierBuilder<'a> {
    let features = plan.stages.iter().fold(builder, |builder, stage| {
        let builder =
            stage.iter().fold(builder, |builder, &conv| builder.conv_block(conv, plan.batch_norm));
        match plan.pool {
            Pooling::Max => builder.max_pool(LayerWindow::HALVE),
            Pooling::Average => builder.average_pool(LayerWindow::HALVE),
            Pooling::None => builder,
        }
    });
    plan.hidden.iter().fold(features, |builder, &width| builder.dense(width)).logits()
}

/// Two, three and three convolutions with 32, 64 and 128 filters, D128.
const STANDARD: VggConfig<'_> = VggConfig {
    stages: &[&[conv(32); 2], &[conv(64); 3], &[conv(128); 3]],
    pool: Pooling::Max,
    batch_norm: false,
    hidden: &[128],
};

/// The standard network with 4, 16 and 64 filters.
const NARROW: VggConfig<'_> =
    VggConfig { stages: &[&[conv(4); 2], &[conv(16); 3], &[conv(64); 3]], ..STANDARD };

/// Narrow, with strides in place of pooling.
const NARROW_STRIDES: VggConfig<'_> = VggConfig {
    stages: &[
        &[conv(4); 2],
        &[conv(16).stride(2), conv(16), conv(16)],
        &[conv(64).stride(2), conv(64), conv(64)],
    ],
    pool: Pooling::None,
    ..STANDARD
};

/// Twice as many convolutions between poolings, with wide kernels in the first stage.
const DEEP: VggConfig<'_> = VggConfig {
    stages: &[
        &[
            conv(32).kernel(7),
            conv(32).kernel(7),
            conv(64).kernel(5),
            conv(64).kernel(5),
            conv(64).kernel(5),
        ],
        &[conv(128), conv(128), conv(128), conv(256), conv(256), conv(256)],
        &[conv(512), conv(512), conv(512), conv(1024), conv(1024), conv(1024)],
    ],
    hidden: &[1024, 128],
    ..STANDARD
};

/// The convolutional network for MNIST: C32 P C64 C64 P D64.
const MNIST: VggConfig<'_> =
    VggConfig { stages: &[&[conv(32)], &[conv(64); 2]], hidden: &[64], ..STANDARD };
