//! Trains a small CNN, extracts its linear terms at every training image, and evaluates the
//! extracted function on test images.
//!
//! ```text
//! cargo run --example cifar_cnn [-- --epochs 5 --limit 12000 --device flex]
//! ```
//!
//! Takes CIFAR-10 if it is in the cache or can be downloaded, and else `shapes`, which is
//! generated.

#[path = "support/mod.rs"]
mod support;

use support::{Arguments, Study};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse(support::Defaults { epochs: 5, limit: 12_000 });
    let datasets = &["cifar10", "shapes"];
    Study { architecture: "vgg-narrow", learning_rate: 2e-3, datasets }.run(&arguments)
}
