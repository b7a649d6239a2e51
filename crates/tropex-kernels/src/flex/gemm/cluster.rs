//! Points that are zero at nearly the same features.

use crate::simd::SimdFloat;

/// At which features points have an entry other than zero, a bit each.
pub(super) struct Patterns {
    /// `[points, words]`
    bits: Vec<u64>,
    words: usize,
    features: usize,
}

impl Patterns {
    /// Points without entries.
    pub(super) fn new(points: usize, features: usize) -> Self {
        let words = features.div_ceil(WORD);
        Self { bits: vec![0; points * words], words, features }
    }

    /// Words of a point.
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

    /// The features at which one of some points has an entry.
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

    /// Features at which exactly one of two points has an entry.
    #[inline(always)]
    fn distance(&self, one: u32, other: u32) -> u32 {
        let mut distance = 0;
        for (one, other) in self.of(one).iter().zip(self.of(other)) {
            distance += (one ^ other).count_ones();
        }
        distance
    }

    /// Share of entries.
    #[inline(always)]
    fn share(&self) -> f64 {
        let mut entries = 0;
        for word in &self.bits {
            entries += u64::from(word.count_ones());
        }
        entries as f64 / (self.bits.len() / self.words.max(1) * self.features).max(1) as f64
    }
}

/// Bits of a word.
const WORD: usize = u64::BITS as usize;

/// Share of entries from which on it does not matter which points are together.
const FULL: f64 = 0.95;

/// Points in an order in which each run of so many consists of a point and those nearest to it.
#[inline(always)]
pub(super) fn cluster_by_sparsity(patterns: &Patterns, together: usize) -> Vec<u32> {
    let points = patterns.bits.len().checked_div(patterns.words).unwrap_or(0) as u32;
    let mut order: Vec<u32> = (0..points).collect();
    if together == 1 || patterns.share() > FULL {
        return order;
    }
    let mut left: Vec<(u32, u32)> = order.drain(..).map(|point| (0, point)).collect();
    while left.len() > together {
        let (_, first) = left[0];
        for (distance, point) in &mut left {
            *distance = patterns.distance(first, *point);
        }
        left.select_nth_unstable(together - 1);
        order.extend(left.drain(..together).map(|(_, point)| point));
    }
    order.extend(left.drain(..).map(|(_, point)| point));
    order
}
