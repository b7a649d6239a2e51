//! Random numbers for one image.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Bits of the stream number for the index of an image; the split has the bits above.
const SPLIT_SHIFT: u32 = 48;

/// A random stream for a seed, a split and the index of an image.
pub(super) struct ImageRng(ChaCha8Rng);

impl ImageRng {
    pub(super) fn new(seed: u64, split: u64, position: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream((split << SPLIT_SHIFT) | position);
        Self(generator)
    }

    pub(super) fn bits(&mut self) -> u32 {
        self.0.next_u32()
    }

    /// Uniform in [low, high).
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        let unit = (self.bits() >> 8) as f32 / (1u32 << 24) as f32;
        low + (high - low) * unit
    }

    /// A uniformly distributed unit vector: a random point of the unit disc, normalised.
    pub(super) fn direction(&mut self) -> [f32; 2] {
        loop {
            let [x, y] = [self.between(-1.0, 1.0), self.between(-1.0, 1.0)];
            let length = (x * x + y * y).sqrt();
            if length > 0.1 && length <= 1.0 {
                return [x / length, y / length];
            }
        }
    }
}
