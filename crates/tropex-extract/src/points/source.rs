//! Sources of points.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;

/// Labelled points that can be read in ranges. Implement this trait for a dataset.
pub trait PointSource: Sync {
    /// Number of points.
    fn len(&self) -> usize;

    /// Whether the source has no points.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of input features of a point.
    fn features(&self) -> usize;

    /// Reads a range of points, `[range.len(), features]` row by row.
    fn read(&self, range: Range<usize>) -> Vec<f32>;

    /// The true class of a point.
    fn label(&self, point: usize) -> usize;

    /// A hash of points and labels: equal hashes mean equal points and labels. A source of selected
    /// points of a dataset may return the hash of the whole dataset.
    fn fingerprint(&self) -> String;

    /// The index of a point in its dataset; ascending.
    fn index(&self, point: usize) -> usize {
        point
    }

    /// The choice of points, unless they are all points or the first points of a dataset.
    fn subset(&self) -> Option<PointSubset> {
        None
    }

    /// Positions of `count` representative points, ascending; all positions if the source has at
    /// most `count` points. The default is a random sample with a fixed seed.
    fn sample(&self, count: usize) -> Vec<usize> {
        sample(self.len(), count)
    }
}

/// The choice of points from a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PointSubset {
    /// A description of the rule.
    pub rule: String,
    /// Number of points in the dataset.
    pub of: usize,
    /// SHA-256 of the indices, each as 8 bytes, little-endian.
    pub sha256: String,
}

impl PointSubset {
    /// The selection of the points with these indices from a dataset of `of` points.
    pub fn new(rule: String, of: usize, indices: impl Iterator<Item = usize>) -> Self {
        let mut hash = Sha256::new();
        indices.for_each(|index| hash.update((index as u64).to_le_bytes()));
        Self { rule, of, sha256: tropex_files::hex(&hash.finalize()) }
    }
}

/// A random sample of `count` of the numbers below `numbers`, ascending. Evenly spaced numbers
/// could all hit one class of a dataset with periodic labels.
pub(crate) fn sample(numbers: usize, count: usize) -> Vec<usize> {
    if count >= numbers {
        return (0..numbers).collect();
    }
    let mut all: Vec<usize> = (0..numbers).collect();
    let mut random = SplitMix(0);
    // The first steps of a Fisher-Yates shuffle.
    for at in 0..count {
        let offset = random.next() % (numbers - at) as u64;
        all.swap(at, at + offset as usize);
    }
    all.truncate(count);
    all.sort_unstable();
    all
}

/// The generator splitmix64 (Steele, Lea and Flood, 2014).
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }
}

/// Reads a range of points and checks the number of values.
pub(crate) fn read(source: &dyn PointSource, range: Range<usize>) -> Result<Vec<f32>, Error> {
    let expected = range.len() * source.features();
    let points = source.read(range);
    if points.len() == expected {
        return Ok(points);
    }
    Err(Error::shape("values read from the source", points.len(), expected))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_sample_is_spread_over_classes_and_positions() {
        let chosen = sample(1000, 100);
        for class in 0..10 {
            let count = chosen.iter().filter(|&&point| point % 10 == class).count();
            assert!((3..=20).contains(&count), "{count} points of class {class}");
        }
        for part in 0..10 {
            let count = chosen.iter().filter(|&&point| point / 100 == part).count();
            assert!((3..=20).contains(&count), "{count} points of part {part}");
        }
    }

    #[test]
    fn splitmix_gives_the_published_numbers() {
        // The first numbers for the seed 1234567, from the authors' reference code.
        let mut random = SplitMix(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    proptest! {
        #[test]
        fn samples_are_ascending_subsets(numbers in 0..300_usize, count in 0..400_usize) {
            let chosen = sample(numbers, count);
            prop_assert_eq!(chosen.len(), count.min(numbers));
            prop_assert!(chosen.is_sorted_by(|a, b| a < b));
            prop_assert!(chosen.iter().all(|&number| number < numbers));
        }
    }
}
