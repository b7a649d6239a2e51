//! What [`capture`] makes of modules, and what it refuses.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Tensor;
use tropex::{Precision, capture};

use crate::common::{device, difference, tensor, values};

/// A linear layer applied at every position.
#[derive(Module, Debug)]
struct Positions {
    inner: Linear,
    outer: Linear,
}

impl Positions {
    fn new(width: usize, positions: usize, hidden: usize) -> Self {
        Self {
            inner: LinearConfig::new(width, hidden).init(&device()),
            outer: LinearConfig::new(hidden * positions, 2).init(&device()),
        }
    }

    fn forward(&self, points: Tensor<3>) -> Tensor<2> {
        self.outer.forward(self.inner.forward(points).flatten(1, 2))
    }
}

#[test]
fn linear_layers_are_captured_whichever_axes_burn_merges() {
    // Burn merges points and positions if the product becomes squarer, so the extents decide for
    // how many points it does.
    for (positions, hidden) in (1..8).flat_map(|p| (1..16).map(move |hidden| (p, hidden))) {
        let module = Positions::new(3, positions, hidden);
        let network = capture(&module, [positions, 3], Positions::forward)
            .unwrap_or_else(|error| panic!("{positions} positions, {hidden} hidden: {error}"));
        let input: Vec<f32> = (0..11 * positions * 3).map(|i| (i as f32 * 0.618).fract()).collect();
        let expected = module.forward(tensor(&input, [11, positions, 3], &device()));
        let found = network.replay(tensor(&input, [11, positions * 3], &device())).logits();
        let error = difference(&values(found), &values(expected));
        assert!(error < 64.0 * Precision::F32.epsilon(), "{error:e}");
    }
}
