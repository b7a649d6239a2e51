//! Points that no image is like.

use std::ops::Range;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tropex_extract::PointSource;

/// Points whose values are drawn from [0, 1], each on its own.
#[derive(Clone, Copy, Debug)]
pub struct RandomPoints {
    count: usize,
    features: usize,
    seed: u64,
}

impl RandomPoints {
    /// So many points of so many values. Equal seeds give equal points.
    pub fn new(count: usize, features: usize, seed: u64) -> Self {
        Self { count, features, seed }
    }
}

impl PointSource for RandomPoints {
    fn len(&self) -> usize {
        self.count
    }

    fn features(&self) -> usize {
        self.features
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        let point = |point: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            random.set_stream(point as u64);
            (0..self.features).map(move |_| random.random::<f32>())
        };
        range.flat_map(point).collect()
    }

    /// They have none.
    fn label(&self, _point: usize) -> usize {
        0
    }

    fn fingerprint(&self) -> String {
        format!("random {} {} {}", self.count, self.features, self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_the_same_however_they_are_read() {
        let points = RandomPoints::new(5, 3, 7);
        let all = points.read(0..5);
        assert_eq!(points.read(2..4), all[6..12]);
        assert!(all.iter().all(|value| (0.0..1.0).contains(value)));
        assert_ne!(RandomPoints::new(5, 3, 8).read(0..5), all);
    }
}
