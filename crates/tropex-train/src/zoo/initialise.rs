//! Starting weights.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::classifier::Classifier;
use crate::naming::{Naming, Role, TensorSpec, follow_path};

/// Draws weights from He's uniform distribution, and sets biases to zero. For a leaky ReLU of slope
/// 0.01 the variance of He would differ by one part in 10,000, which is ignored.
///
/// The numbers come from a ChaCha8 stream, in the order of the layers: a seed gives one network on
/// every device.
pub(super) fn initialise(classifier: Classifier, device: &Device, seed: u64) -> Classifier {
    let random = ChaCha8Rng::seed_from_u64(seed);
    classifier.map(&mut InitialWeights { naming: Naming::default(), random, device })
}

struct InitialWeights<'a> {
    naming: Naming,
    random: ChaCha8Rng,
    device: &'a Device,
}

impl InitialWeights<'_> {
    fn values(&mut self, spec: &TensorSpec) -> Vec<f32> {
        let count = spec.shape.iter().product();
        match spec.role {
            Role::Weight => {
                let inputs: usize = spec.shape[1..].iter().product();
                let bound = (6.0 / inputs as f32).sqrt();
                (0..count).map(|_| bound * symmetric_uniform(&mut self.random)).collect()
            }
            Role::Scale | Role::RunningVariance => vec![1.0; count],
            Role::Bias | Role::RunningMean => vec![0.0; count],
        }
    }
}

/// A number in [-1, 1) on a grid of 2^-23, exact in f32.
fn symmetric_uniform(random: &mut ChaCha8Rng) -> f32 {
    (random.next_u32() >> 8) as f32 / (1 << 23) as f32 - 1.0
}

impl ModuleMapper for InitialWeights<'_> {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // Reading the old, lazy parameter would allocate it.
        let Some(spec) = self.naming.spec(param.lazy_shape().as_slice()) else { return param };
        let data = TensorData::new(self.values(&spec), spec.shape.clone());
        Param::from_tensor(spec.tensor(data, self.device))
    }
}
