//! Where points come from.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;

/// Labelled points that can be read in pieces. This crate does not know datasets; whoever has one
/// implements this.
pub trait PointSource: Sync {
    /// Number of points.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values of one point.
    fn features(&self) -> usize;

    /// Values of a range of points, row by row: `[range.len(), features]`.
    fn read(&self, range: Range<usize>) -> Vec<f32>;

    /// The true class of a point.
    fn label(&self, point: usize) -> usize;

    /// Equal for equal points and labels only. Where the points are some of a dataset, it may be
    /// that of the dataset.
    fn fingerprint(&self) -> String;

    /// Index in the dataset of a point; ascending.
    fn index(&self, point: usize) -> usize {
        point
    }

    /// How the points were chosen, where they are not the first ones of a dataset, or all.
    fn subset(&self) -> Option<PointSubset> {
        None
    }

    /// So many points that stand for all, ascending, or all of them where there are no more: by
    /// default drawn at random, always the same ones.
    fn sample(&self, count: usize) -> Vec<usize> {
        sample(self.len(), count)
    }
}

/// How the points of a source were chosen from a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointSubset {
    /// The rule, in words.
    pub rule: String,
    /// Points of the dataset.
    pub of: usize,
    /// SHA-256 of the indices, each as 8 bytes, little-endian.
    pub sha256: String,
}

impl PointSubset {
    /// A subset of `of` points with these indices.
    pub fn new(rule: String, of: usize, indices: impl Iterator<Item = usize>) -> Self {
        let mut hash = Sha256::new();
        indices.for_each(|index| hash.update((index as u64).to_le_bytes()));
        Self { rule, of, sha256: tropex_files::hex(&hash.finalize()) }
    }
}

/// `count` of so many numbers, ascending, at random: evenly spaced ones would fall in step with
/// points that come in turns.
pub(crate) fn sample(numbers: usize, count: usize) -> Vec<usize> {
    if count >= numbers {
        return (0..numbers).collect();
    }
    let mut all: Vec<usize> = (0..numbers).collect();
    let mut random = SplitMix(0);
    // The first steps of a Fisher-Yates shuffle.
    for at in 0..count {
        let further = random.next() % (numbers - at) as u64;
        all.swap(at, at + further as usize);
    }
    all.truncate(count);
    all.sort_unstable();
    all
}

/// The generator splitmix64 of Steele, Lea and Flood (2014).
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

/// Points of a source, as many as were asked for.
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
    fn a_sample_does_not_fall_in_step() {
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
    fn splitmix_is_the_published_one() {
        // The first numbers from the seed 1234567, as the authors' reference code gives them.
        let mut random = SplitMix(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    proptest! {
        #[test]
        fn samples_are_some_of_all(numbers in 0..300_usize, count in 0..400_usize) {
            let chosen = sample(numbers, count);
            prop_assert_eq!(chosen.len(), count.min(numbers));
            prop_assert!(chosen.is_sorted_by(|a, b| a < b));
            prop_assert!(chosen.iter().all(|&number| number < numbers));
        }
    }
}
