//! Trains a small CNN, extracts its linear terms at every training image, and evaluates the
//! extracted function on test images.
//!
//! ```text
//! cargo run --example cifar_cnn [-- --epochs 5 --limit 12000 --device flex]
//! ```
//!
//! Uses CIFAR-10 if it is in the cache or can be downloaded, otherwise the generated dataset
//! `shapes`.

#[path = "support/mod.rs"]
mod support;

use support::{ExampleArgs, ExampleRun};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments = ExampleArgs::parse(support::Defaults { epochs: 5, limit: 12_000 });
    let datasets = &["cifar10", "shapes"];
    ExampleRun { architecture: "vgg-narrow", learning_rate: 2e-3, datasets }.run(&arguments)
}
