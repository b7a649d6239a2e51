//! Random points.

use std::ops::Range;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tropex_extract::PointSource;

/// The published ranges of random points.
pub const RANGES: [[f32; 2]; 4] =
    [[0.0, 1.0], [-100.0, 100.0], [-1000.0, 1000.0], [-10_000.0, 10_000.0]];

/// Largest number of random points per range.
const MOST_POINTS: usize = 10_000_000;

/// Points whose values are drawn independently and uniformly from a range.
#[derive(Clone, Copy, Debug)]
pub struct RandomPoints {
    count: usize,
    features: usize,
    range: [f32; 2],
    seed: u64,
}

impl RandomPoints {
    /// `count` points of `features` values each. Equal seeds give equal points; in another range
    /// they are scaled to that range.
    pub fn new(count: usize, features: usize, range: [f32; 2], seed: u64) -> Self {
        Self { count, features, range, seed }
    }

    /// A name for files.
    pub(crate) fn name(&self) -> String {
        let Self { count, range: [low, high], seed, .. } = self;
        format!("{count}-from-{low}-to-{high}-seed-{seed}")
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
        let [low, high] = self.range;
        let point = |point: usize| {
            let mut random = ChaCha8Rng::seed_from_u64(self.seed);
            random.set_stream(point as u64);
            (0..self.features).map(move |_| low + (high - low) * random.random::<f32>())
        };
        range.flat_map(point).collect()
    }

    /// Random points have no label; this is 0.
    fn label(&self, _point: usize) -> usize {
        0
    }

    fn fingerprint(&self) -> String {
        format!("random {} {} {:?} {}", self.count, self.features, self.range, self.seed)
    }
}

/// Name of the random points of a range in tables and figures.
pub(crate) fn range_name([low, high]: [f32; 2]) -> String {
    format!("random in [{low}, {high}]")
}

/// A message if the number of random points (the parameter `name`) or one of their ranges is
/// invalid.
pub(crate) fn range_fault(name: &str, count: usize, ranges: &[[f32; 2]]) -> Option<String> {
    if count > MOST_POINTS {
        return Some(format!("{name} is {count}, expected at most {MOST_POINTS}"));
    }
    let is_range = |[low, high]: [f32; 2]| low < high && (high - low).is_finite();
    let other = ranges.iter().find(|range| !is_range(**range))?;
    Some(format!("ranges: {other:?} is not a range, expected two numbers, the smaller one first"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_do_not_depend_on_the_range_that_is_read() {
        let points = RandomPoints::new(5, 3, RANGES[0], 7);
        let all = points.read(0..5);
        assert_eq!(points.read(2..4), all[6..12]);
        assert!(all.iter().all(|value| (0.0..1.0).contains(value)));
        assert_ne!(RandomPoints::new(5, 3, RANGES[0], 8).read(0..5), all);
    }

    #[test]
    fn points_are_uniform_in_their_range() {
        for [low, high] in RANGES {
            let mut values = RandomPoints::new(1, 1000, [low, high], 7).read(0..1);
            values.sort_by(f32::total_cmp);
            let shares = values.iter().map(|value| (value - low) / (high - low));
            for (rank, share) in shares.enumerate() {
                assert!((share - rank as f32 / 1000.0).abs() < 0.06, "{rank} {share}");
            }
        }
    }

    #[test]
    fn invalid_ranges_are_refused() {
        assert_eq!(range_fault("points", 10, &RANGES), None);
        assert!(range_fault("points", MOST_POINTS + 1, &RANGES).unwrap().starts_with("points is"));
        for other in [[1.0, 1.0], [2.0, 1.0], [f32::NAN, 1.0], [f32::MIN, f32::MAX]] {
            assert!(
                range_fault("points", 10, &[RANGES[0], other]).unwrap().starts_with("ranges: [")
            );
        }
    }
}
