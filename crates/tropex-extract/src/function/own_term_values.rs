//! The largest values of terms at selected points, and the values of the points' own terms: of all
//! terms, or of a part of them.

use super::ranking::Assignment;
use crate::terms::{DominanceGap, TermTable};

/// Words of 8 bytes per own value: index and three numbers.
const OWN_WORDS: usize = 4;

/// Values of the terms of a point at the point.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct OwnValues {
    positive: f64,
    negative: f64,
    /// Sum of the absolute values of all summands; the excess is relative to it.
    size: f64,
}

impl OwnValues {
    pub(super) fn of(table: &TermTable, term: usize, point: &[f32]) -> Self {
        let class = table.predicted_slot(term);
        let [positive, negative] = [table.positive(term, class), table.negative(term)];
        Self {
            positive: positive.exactly(point).value(),
            negative: negative.exactly(point).value(),
            size: positive.size_at(point).max(negative.size_at(point)),
        }
    }

    /// Excess of the largest values over those of the terms of the point, relative to `size`.
    fn excess(&self, [positive, negative]: [f64; 2]) -> f64 {
        let (positive, negative) = (positive - self.positive, negative - self.negative);
        positive.max(negative).max(0.0) / self.size.max(f64::MIN_POSITIVE)
    }
}

/// The largest positive and negative values at selected points, and the values of their own terms.
/// Values are the `f64` numbers nearest to the exact values, and rounding keeps the order of
/// numbers. So the values of all terms follow from those of parts, bit for bit.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OwnTermValues {
    /// The largest positive and the largest negative value at each point, `[points]`; empty without
    /// terms.
    pub(super) highest: Vec<[f64; 2]>,
    /// The own values of points whose terms are among the terms, by the index of the point.
    pub(super) own: Vec<(usize, OwnValues)>,
}

impl OwnTermValues {
    pub(super) fn new(winners: &[Assignment], own: Vec<(usize, OwnValues)>) -> Self {
        let values = |winner: &Assignment| [winner.positive_value, winner.negative_value];
        Self { highest: winners.iter().map(values).collect(), own }
    }

    /// The values of two sets of terms together, at the same points.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        if self.highest.is_empty() {
            self.highest = other.highest;
        } else {
            for (highest, other) in self.highest.iter_mut().zip(other.highest) {
                *highest = [highest[0].max(other[0]), highest[1].max(other[1])];
            }
        }
        self.own.extend(other.own);
        self
    }

    /// The values at these points and, after them, those of the same terms at other points.
    pub(crate) fn append(&mut self, next: Self) {
        let count = self.highest.len();
        self.highest.extend(next.highest);
        self.own.extend(next.own.into_iter().map(|(index, own)| (count + index, own)));
    }

    /// The excess of all terms over the terms of the points. `chosen` holds the positions of the
    /// points.
    pub(crate) fn gaps(&self, chosen: &[usize]) -> Vec<DominanceGap> {
        let mut own = vec![OwnValues::default(); chosen.len()];
        for &(index, values) in &self.own {
            own[index] = values;
        }
        let points = chosen.iter().zip(own).zip(&self.highest);
        points
            .map(|((&position, own), &highest)| DominanceGap {
                position,
                excess: own.excess(highest),
            })
            .collect()
    }

    /// The values as bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut words = vec![self.highest.len() as u64];
        words.extend(self.highest.iter().flatten().map(|value| value.to_bits()));
        for (index, OwnValues { positive, negative, size }) in &self.own {
            words.push(*index as u64);
            words.extend([positive, negative, size].map(|value| value.to_bits()));
        }
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// Reads the bytes of values at a number of points; `None` if they are not such bytes.
    pub(crate) fn from_bytes(bytes: &[u8], points: usize) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let words: Vec<u64> = words.iter().map(|word| u64::from_le_bytes(*word)).collect();
        let (&count, words) = words.split_first()?;
        let count = usize::try_from(count).ok().filter(|&count| count == 0 || count == points)?;
        let (highest, own) = words.split_at_checked(2 * count)?;
        let (highest, own) = (highest.as_chunks::<2>().0, own.as_chunks::<OWN_WORDS>());
        let own_values = own.0.iter().map(|&[index, positive, negative, size]| {
            let [positive, negative, size] = [positive, negative, size].map(f64::from_bits);
            let index = usize::try_from(index).ok().filter(|&index| index < points)?;
            Some((index, OwnValues { positive, negative, size }))
        });
        let own_values = own_values.collect::<Option<_>>()?;
        let highest = highest.iter().map(|pair| pair.map(f64::from_bits)).collect();
        let is_whole = rest.is_empty() && own.1.is_empty();
        is_whole.then_some(Self { highest, own: own_values })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(highest: &[[f64; 2]], own: &[(usize, f64)]) -> OwnTermValues {
        let own = own
            .iter()
            .map(|&(index, positive)| (index, OwnValues { positive, negative: 0.0, size: 2.0 }));
        OwnTermValues { highest: highest.to_vec(), own: own.collect() }
    }

    #[test]
    fn the_values_of_all_terms_follow_from_those_of_parts() {
        let first = values(&[[1.0, 0.0], [5.0, -1.0]], &[(1, 4.0)]);
        let second = values(&[[3.0, -2.0], [4.0, 0.5]], &[(0, 3.0)]);
        let both = first.clone().and(OwnTermValues::default()).and(second.clone());
        assert_eq!(both.highest, [[3.0, 0.0], [5.0, 0.5]]);
        let excesses: Vec<_> = both.gaps(&[7, 9]).iter().map(|gap| gap.excess).collect();
        assert_eq!(excesses, [0.0, 0.5]);
        assert_eq!(both.gaps(&[7, 9])[1].position, 9);
        let mut sets = first;
        sets.append(second);
        assert_eq!((sets.highest.len(), sets.own[1].0), (4, 2));
    }

    #[test]
    fn values_survive_as_bytes_and_damaged_bytes_are_refused() {
        for (values, points) in [
            (values(&[[1.0, -0.0], [f64::MIN_POSITIVE, 2.0]], &[(1, 0.1), (0, 0.3)]), 2),
            (OwnTermValues::default(), 2),
        ] {
            let bytes = values.to_bytes();
            assert_eq!(OwnTermValues::from_bytes(&bytes, points), Some(values));
            assert_eq!(OwnTermValues::from_bytes(&bytes[..bytes.len() - 1], points), None);
            assert_eq!(OwnTermValues::from_bytes(&[&bytes[..], &[9; 8]].concat(), points), None);
        }
        let other = values(&[[1.0, 2.0]], &[]).to_bytes();
        assert_eq!(OwnTermValues::from_bytes(&other, 2), None);
    }
}
