//! Trains a fully-connected network, extracts its linear terms at every training image, and
//! evaluates the extracted function on test images.
//!
//! ```text
//! cargo run --example mnist_fcn [-- --epochs 5 --limit 60000 --device flex]
//! ```
//!
//! Uses MNIST if it is in the cache or can be downloaded, otherwise Fashion-MNIST, otherwise the
//! 6,000 images of Fashion-MNIST inside the program.

#[path = "support/mod.rs"]
mod support;

use support::{ExampleArgs, ExampleRun};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    let arguments = ExampleArgs::parse(support::Defaults { epochs: 5, limit: 10_000 });
    let datasets = &["mnist", "fashion-mnist", "embedded"];
    ExampleRun { architecture: "fcn4", learning_rate: 1e-3, datasets }.run(&arguments)
}
