//! Small architectures for the tests of this crate.

use super::builder::conv;
use super::window::LayerWindow;
use super::{Architecture, ArchitectureEntry};
use crate::training_config::TrainingConfig;

/// The entry of [`TINY`], which runs of tests find by its name.
pub(super) static TINY_ENTRY: ArchitectureEntry = ArchitectureEntry::new(
    "tiny",
    "C3 with batch norm, P, C4(s2), D16",
    |builder| {
        let features = builder.conv_norm(conv(3)).max_pool(LayerWindow::HALVE);
        features.conv(conv(4).stride(2)).dense(16).logits()
    },
    TrainingConfig::mnist,
);

/// Every kind of layer, and a square dense one, in 500 parameters.
pub(crate) static TINY: Architecture = Architecture::Zoo(&TINY_ENTRY);

/// A residual network: a block that keeps the shape, and one that changes it.
pub(crate) static TINY_RESIDUAL: Architecture = Architecture::Zoo(&ArchitectureEntry::new(
    "tiny-residual",
    "residual, with batch norm: C3, 2 C3, 2 C4(s2), G",
    |builder| {
        let features = builder.conv_norm(conv(3)).residual(3, 1).residual(4, 2);
        features.global_average_pool().logits()
    },
    TrainingConfig::resnet,
));

/// Dense layers of the same shape, for images of 16 pixels.
pub(crate) static TINY_DENSE: Architecture = Architecture::Zoo(&ArchitectureEntry::new(
    "tiny-dense",
    "D16 D16 D16",
    |builder| builder.dense(16).dense(16).dense(16).logits(),
    TrainingConfig::mnist,
));

/// Dropout between layers.
pub(crate) static TINY_DROPOUT: Architecture = Architecture::Zoo(&ArchitectureEntry::new(
    "tiny-dropout",
    "C3 with dropout, D16",
    |builder| builder.conv(conv(3)).dropout(0.5).dense(16).logits(),
    TrainingConfig::mnist,
));
