//! GoogLeNet for small images (Szegedy et al., *Going Deeper with Convolutions*, 2015), with batch
//! norm: a 3x3 convolution, nine inception blocks with two poolings between them, and the mean of
//! each channel.
//!
//! As usual for CIFAR, one convolution takes the place of the first layers, which reduce larger
//! images, and the auxiliary classifiers are left out.

use super::ArchitectureEntry;
use super::builder::{ClassifierBuilder, InceptionFilters, conv};
use super::window::LayerWindow;
use crate::training_config::TrainingConfig;

pub(super) static FAMILY: &[ArchitectureEntry] = &[
    ArchitectureEntry::new(
        "googlenet",
        "GoogLeNet with batch norm: C192, 2 inception blocks, P, 5 blocks, P, 2 blocks, G",
        |builder| build(builder, 1),
        TrainingConfig::cifar,
    ),
    ArchitectureEntry::new(
        "googlenet-narrow",
        "GoogLeNet with an eighth of the filters: C24, 2 blocks, P, 5 blocks, P, 2 blocks, G",
        |builder| build(builder, 8),
        TrainingConfig::cifar,
    ),
];

/// Filters of the first convolution.
const FIRST: usize = 192;

/// Filters of the blocks, as in Table 1 of the paper, stage by stage: those of the 1x1 convolution,
/// of both 3x3 convolutions, of both 5x5 convolutions, and behind the pooling.
const STAGES: [&[[usize; 6]]; 3] = [
    &[[64, 96, 128, 16, 32, 32], [128, 128, 192, 32, 96, 64]],
    &[
        [192, 96, 208, 16, 48, 64],
        [160, 112, 224, 24, 64, 64],
        [128, 128, 256, 24, 64, 64],
        [112, 144, 288, 32, 64, 64],
        [256, 160, 320, 32, 128, 128],
    ],
    &[[256, 160, 320, 32, 128, 128], [384, 192, 384, 48, 128, 128]],
];

/// The network with all numbers of filters divided.
fn build(builder: ClassifierBuilder<'_>, divisor: usize) -> ClassifierBuilder<'_> {
    let first = builder.conv_norm(conv(FIRST / divisor));
    let features = STAGES.iter().enumerate().fold(first, |builder, (stage, blocks)| {
        let builder = match stage {
            0 => builder,
            _ => builder.max_pool(LayerWindow::centred(3, 2)),
        };
        blocks.iter().fold(builder, |builder, block| {
            let [single, three_before, three, five_before, five, pooled] =
                block.map(|filters| filters / divisor);
            builder.inception(InceptionFilters {
                single,
                three: [three_before, three],
                five: [five_before, five],
                pooled,
            })
        })
    });
    features.global_average_pool().logits()
}
