//! Rankings as bytes, for files of parts: words of 8 bytes, little-endian. Numbers keep their bits.

use super::ranking::{Assignment, RankedTerm, Ranking, WorkStats};

impl Ranking {
    /// The ranking as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let WorkStats { pairs, reevaluated, exact } = self.work;
        let mut words = vec![pairs, reevaluated, exact, self.assignments.len() as u64];
        for (winner, best) in self.assignments.iter().zip(&self.best) {
            words.extend([winner.class, winner.positive, winner.negative].map(|n| n as u64));
            let values = [winner.positive_value, winner.negative_value, winner.value];
            words.extend(values.map(f64::to_bits));
            words.push(best.len() as u64);
            for term in best {
                words.extend([term.position, term.class].map(|n| n as u64));
                words.extend([term.gap, term.value].map(f64::to_bits));
            }
        }
        words.into_iter().flat_map(u64::to_le_bytes).collect()
    }

    /// Reads the bytes of a ranking; `None` if they are not those of a ranking.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let mut words = Words(words.iter());
        let work =
            WorkStats { pairs: words.next()?, reevaluated: words.next()?, exact: words.next()? };
        let points = words.index()?;
        let (mut assignments, mut best) = (Vec::new(), Vec::new());
        for _ in 0..points {
            assignments.push(words.assignment()?);
            let count = words.index()?;
            best.push((0..count).map(|_| words.term()).collect::<Option<_>>()?);
        }
        let is_whole = rest.is_empty() && words.0.len() == 0;
        is_whole.then_some(Self { assignments, best, work })
    }

    /// Adds the ranking of the points after these.
    pub fn append(&mut self, next: Self) {
        self.assignments.extend(next.assignments);
        self.best.extend(next.best);
        self.work = self.work.with(next.work);
    }
}

/// The words that are still to be read.
struct Words<'a>(std::slice::Iter<'a, [u8; 8]>);

impl Words<'_> {
    fn next(&mut self) -> Option<u64> {
        self.0.next().copied().map(u64::from_le_bytes)
    }

    fn index(&mut self) -> Option<usize> {
        self.next()?.try_into().ok()
    }

    fn number(&mut self) -> Option<f64> {
        self.next().map(f64::from_bits)
    }

    fn assignment(&mut self) -> Option<Assignment> {
        Some(Assignment {
            class: self.index()?,
            positive: self.index()?,
            negative: self.index()?,
            positive_value: self.number()?,
            negative_value: self.number()?,
            value: self.number()?,
        })
    }

    fn term(&mut self) -> Option<RankedTerm> {
        Some(RankedTerm {
            position: self.index()?,
            class: self.index()?,
            gap: self.number()?,
            value: self.number()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking(points: usize) -> Ranking {
        let number = |point: usize| (point as f64 + 0.1).sqrt() - 1.0;
        let winner = |point: usize| Assignment {
            class: point % 3,
            positive: 7 * point,
            positive_value: number(point),
            negative: point,
            negative_value: -number(point),
            value: f64::MIN_POSITIVE,
        };
        let term = |point: usize| RankedTerm { position: point, class: 1, gap: 0.0, value: -0.0 };
        Ranking {
            assignments: (0..points).map(winner).collect(),
            best: (0..points).map(|point| vec![term(point); point % 3 + 1]).collect(),
            work: WorkStats { pairs: points as u64, reevaluated: 2, exact: 1 },
        }
    }

    #[test]
    fn rankings_survive_as_bytes_and_damaged_bytes_are_refused() {
        for points in [0, 1, 5] {
            let bytes = ranking(points).to_bytes();
            assert_eq!(Ranking::from_bytes(&bytes), Some(ranking(points)));
            assert_eq!(Ranking::from_bytes(&bytes[..bytes.len() - 1]), None);
            assert_eq!(Ranking::from_bytes(&bytes[..bytes.len() - 8]), None);
            assert_eq!(Ranking::from_bytes(&[&bytes[..], &[0; 8]].concat()), None);
        }
    }

    #[test]
    fn rankings_follow_each_other() {
        let mut both = Ranking::default();
        [2, 3].into_iter().for_each(|points| both.append(ranking(points)));
        assert_eq!((both.assignments.len(), both.best.len(), both.work.pairs), (5, 5, 5));
        assert_eq!(both.assignments[2..], ranking(3).assignments);
    }
}
