//! Residual networks for small images, first version (He et al., *Deep Residual Learning for Image
//! Recognition*, 2016): 6n + 2 layers in three stages of n blocks.

use super::ArchitectureEntry;
use super::builder::{ClassifierBuilder, conv};
use crate::training_config::TrainingConfig;

pub(super) static FAMILY: &[ArchitectureEntry] = &[
    ArchitectureEntry::new(
        "resnet20",
        "ResNet with batch norm: C16, 3 blocks each of 16, 32(s2) and 64(s2) filters, G",
        |builder| build(builder, 3),
        TrainingConfig::resnet,
    ),
    ArchitectureEntry::new(
        "resnet32",
        "ResNet with batch norm: C16, 5 blocks each of 16, 32(s2) and 64(s2) filters, G",
        |builder| build(builder, 5),
        TrainingConfig::resnet,
    ),
    ArchitectureEntry::new(
        "resnet44",
        "ResNet with batch norm: C16, 7 blocks each of 16, 32(s2) and 64(s2) filters, G",
        |builder| build(builder, 7),
        TrainingConfig::resnet,
    ),
    ArchitectureEntry::new(
        "resnet56",
        "ResNet with batch norm: C16, 9 blocks each of 16, 32(s2) and 64(s2) filters, G",
        |builder| build(builder, 9),
        TrainingConfig::resnet,
    ),
];

/// A convolution, three stages of `blocks` blocks, the mean of each channel, the logits.
fn build(builder: ClassifierBuilder<'_>, blocks: usize) -> ClassifierBuilder<'_> {
    let stages = [(16, 1), (32, 2), (64, 2)];
    let features = stages.into_iter().fold(builder.conv_norm(conv(16)), |builder, stage| {
        let (filters, first_stride) = stage;
        (0..blocks).fold(builder, |builder, block| {
            builder.residual(filters, if block == 0 { first_stride } else { 1 })
        })
    });
    features.global_average_pool().logits()
}
