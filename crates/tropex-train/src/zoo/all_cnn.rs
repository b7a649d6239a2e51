//! Networks of convolutions only, with strides in place of pooling (Springenberg et al., *Striving
//! for Simplicity: The All Convolutional Net*, 2015).

use super::ArchitectureEntry;
use super::builder::{ClassifierBuilder, conv};
use crate::training_config::TrainingConfig;

pub(super) static FAMILY: &[ArchitectureEntry] = &[
    ArchitectureEntry::new(
        "all-cnn",
        "AllCNN with dropout: C96 C96 C96(s2) C192 C192 C192(s2) C192 C192 C10(1x1) G",
        standard,
        TrainingConfig::cifar,
    ),
    ArchitectureEntry::new(
        "all-cnn-narrow",
        "narrow AllCNN: C4 C4 C16(s2) C16 C16 C64(s2) C64 C64(1x1) C10(1x1)",
        narrow,
        TrainingConfig::cifar,
    ),
];

/// The logits are the means of the last channels, one per class, after a ReLU.
fn standard(builder: ClassifierBuilder<'_>) -> ClassifierBuilder<'_> {
    let classes = builder.classes();
    builder
        .conv(conv(96))
        .dropout(0.2)
        .conv(conv(96))
        .conv(conv(96).stride(2))
        .dropout(0.5)
        .conv(conv(192))
        .conv(conv(192))
        .conv(conv(192).stride(2))
        .dropout(0.5)
        .conv(conv(192))
        .conv(conv(192))
        .conv(conv(classes).kernel(1))
        .global_average_pool()
}

/// The published study ends this network with a dense layer.
fn narrow(builder: ClassifierBuilder<'_>) -> ClassifierBuilder<'_> {
    let classes = builder.classes();
    let convs = [
        conv(4),
        conv(4),
        conv(16).stride(2),
        conv(16),
        conv(16),
        conv(64).stride(2),
        conv(64),
        conv(64).kernel(1),
        conv(classes).kernel(1),
    ];
    convs.into_iter().fold(builder, ClassifierBuilder::conv).logits()
}
