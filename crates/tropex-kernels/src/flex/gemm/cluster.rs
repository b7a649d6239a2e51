//! Clusters of points whose rows are zero at nearly equal features.

use crate::simd::SimdFloat;

/// The features at which the rows of each point are not zero, a bit each.
pub(super) struct NonzeroPatterns {
    /// `[points, words]`
    bits: Vec<u64>,
    words: usize,
    features: usize,
}

impl NonzeroPatterns {
    /// Points without nonzero entries.
    pub(super) fn new(points: usize, features: usize) -> Self {
        let words = features.div_ceil(WORD);
        Self { bits: vec![0; points * words], words, features }
    }

    /// Number of words of a point.
    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// Adds a row of a point.
    #[inline(always)]
    pub(super) fn add<F: SimdFloat>(&mut self, point: usize, row: &[F]) {
        for (word, numbers) in self.bits[point * self.words..].iter_mut().zip(row.chunks(WORD)) {
            let mut bits = 0;
            for (bit, &number) in numbers.iter().enumerate() {
                bits |= u64::from(number != F::ZERO) << bit;
            }
            *word |= bits;
        }
    }

    /// The features at which at least one of some points is not zero.
    #[inline(always)]
    pub(super) fn union(&self, points: &[u32], union: &mut [u64]) {
        union.fill(0);
        for &point in points {
            for (all, word) in union.iter_mut().zip(self.of(point)) {
                *all |= word;
            }
        }
    }

    #[inline(always)]
    fn of(&self, point: u32) -> &[u64] {
        &self.bits[point as usize * self.words..][..self.words]
    }

    /// Number of features at which exactly one of two points is not zero.
    #[inline(always)]
    fn distance(&self, one: u32, other: u32) -> u32 {
        let mut distance = 0;
        for (one, other) in self.of(one).iter().zip(self.of(other)) {
            distance += (one ^ other).count_ones();
        }
        distance
    }

    /// Share of nonzero entries.
    #[inline(always)]
    fn density(&self) -> f64 {
        let mut entries = 0;
        for word in &self.bits {
            entries += u64::from(word.count_ones());
        }
        entries as f64 / (self.bits.len() / self.words.max(1) * self.features).max(1) as f64
    }
}

/// Bits of a word.
const WORD: usize = u64::BITS as usize;

/// Density above which clustering saves nothing, because the union of any points is nearly full.
const MAX_DENSITY: f64 = 0.95;

/// An order of the points in which every run of `size` points is a cluster: a point and its nearest
/// neighbours by [`NonzeroPatterns::distance`].
#[inline(always)]
pub(super) fn cluster_by_sparsity(patterns: &NonzeroPatterns, size: usize) -> Vec<u32> {
    let points = patterns.bits.len().checked_div(patterns.words).unwrap_or(0) as u32;
    let mut order: Vec<u32> = (0..points).collect();
    if size == 1 || patterns.density() > MAX_DENSITY {
        return order;
    }
    let mut left: Vec<(u32, u32)> = order.drain(..).map(|point| (0, point)).collect();
    while left.len() > size {
        let (_, first) = left[0];
        for (distance, point) in &mut left {
            *distance = patterns.distance(first, *point);
        }
        left.select_nth_unstable(size - 1);
        order.extend(left.drain(..size).map(|(_, point)| point));
    }
    order.extend(left.drain(..).map(|(_, point)| point));
    order
}
