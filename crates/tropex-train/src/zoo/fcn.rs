//! Fully connected networks: dense layers on the flattened image.

use super::ArchitectureEntry;
use super::builder::ClassifierBuilder;
use crate::training_config::TrainingConfig;

pub(super) static FAMILY: &[ArchitectureEntry] = &[
    ArchitectureEntry::new(
        "fcn2",
        "fully connected: D3072",
        |builder| build(builder, &[3072]),
        TrainingConfig::cifar,
    ),
    ArchitectureEntry::new(
        "fcn4",
        "fully connected, for MNIST: D784 D200 D80",
        |builder| build(builder, &[784, 200, 80]),
        TrainingConfig::mnist,
    )
    .for_mnist(),
    ArchitectureEntry::new(
        "fcn4-cifar",
        "fully connected, for CIFAR-10: D3072 D400 D120",
        |builder| build(builder, &[3072, 400, 120]),
        TrainingConfig::cifar,
    ),
    ArchitectureEntry::new(
        "fcn6",
        "fully connected, for MNIST: D2500 D2000 D1500 D1000 D500",
        |builder| build(builder, &[2500, 2000, 1500, 1000, 500]),
        TrainingConfig::mnist,
    )
    .for_mnist(),
    ArchitectureEntry::new(
        "fcn8",
        "fully connected, for CIFAR-10: D4096 D3072 D2048 D1024 D512 D256 D128",
        |builder| build(builder, &[4096, 3072, 2048, 1024, 512, 256, 128]),
        TrainingConfig::cifar,
    ),
];

/// Hidden layers of the given widths, then the logits.
fn build<'a>(builder: ClassifierBuilder<'a>, widths: &[usize]) -> ClassifierBuilder<'a> {
    widths.iter().fold(builder, |builder, &width| builder.dense(width)).logits()
}
