//! Piecewise affine functions of one number, which may be discontinuous at breaks.

/// The affine function `slope * u + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct AffinePiece {
    pub(super) slope: f64,
    pub(super) offset: f64,
}

impl AffinePiece {
    fn at(self, u: f64) -> f64 {
        self.slope * u + self.offset
    }

    /// Sum of the absolute values of the summands at `u`: the scale for the comparison of two
    /// pieces.
    fn scale(self, u: f64) -> f64 {
        (self.slope * u).abs() + self.offset.abs()
    }
}

/// A function of one number: `lines[k]` between `breaks[k - 1]` and `breaks[k]`.
#[derive(Clone, Debug)]
pub(super) struct PiecewiseAffine {
    breaks: Vec<f64>,
    lines: Vec<AffinePiece>,
}

/// Largest relative difference of breaks, or of pieces at a break, that count as equal. Constants
/// usually have the precision of `f32`.
const ROUNDING: f64 = 1e-6;

/// Largest number of pieces of a function.
const PIECES: usize = 64;

impl PiecewiseAffine {
    pub(super) fn constant(offset: f64) -> Self {
        Self { breaks: Vec::new(), lines: vec![AffinePiece { slope: 0.0, offset }] }
    }

    pub(super) fn identity() -> Self {
        Self { breaks: Vec::new(), lines: vec![AffinePiece { slope: 1.0, offset: 0.0 }] }
    }

    fn line_at(&self, u: f64) -> AffinePiece {
        self.lines[self.breaks.partition_point(|&at| at <= u)]
    }

    /// The function with the given ascending breaks; `line(u)` is the piece that contains `u`.
    /// `None` if a piece is `None` or if there are more than [`PIECES`] pieces.
    fn between(breaks: Vec<f64>, line: impl Fn(f64) -> Option<AffinePiece>) -> Option<Self> {
        let mut found = Self { breaks: Vec::new(), lines: Vec::new() };
        for index in 0..=breaks.len() {
            let begin = index.checked_sub(1).map(|index| breaks[index]);
            let inside = match (begin, breaks.get(index)) {
                (Some(begin), Some(end)) => (begin + end) / 2.0,
                (Some(begin), None) => begin + begin.abs() + 1.0,
                (None, Some(end)) => end - end.abs() - 1.0,
                (None, None) => 0.0,
            };
            let line = line(inside)?;
            if found.lines.last() != Some(&line) {
                found.breaks.extend(begin);
                found.lines.push(line);
            }
        }
        (found.lines.len() <= PIECES).then_some(found)
    }

    /// The function whose pieces are computed from the pieces of other functions.
    fn merged<const N: usize>(
        parts: [&Self; N],
        line: impl Fn([AffinePiece; N]) -> Option<AffinePiece>,
    ) -> Option<Self> {
        let mut breaks: Vec<f64> = parts.iter().flat_map(|part| part.breaks.clone()).collect();
        breaks.sort_by(f64::total_cmp);
        breaks.dedup_by(|next, last| *next - *last <= ROUNDING * next.abs().max(last.abs()));
        Self::between(breaks, |u| line(parts.map(|part| part.line_at(u))))
    }

    /// `self + factor * other`
    pub(super) fn plus(&self, factor: f64, other: &Self) -> Option<Self> {
        Self::merged([self, other], |[a, b]| {
            let (slope, offset) = (a.slope + factor * b.slope, a.offset + factor * b.offset);
            Some(AffinePiece { slope, offset })
        })
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        let line = |line: &AffinePiece| AffinePiece {
            slope: factor * line.slope,
            offset: factor * line.offset,
        };
        Self { breaks: self.breaks.clone(), lines: self.lines.iter().map(line).collect() }
    }

    pub(super) fn shifted(&self, by: f64) -> Self {
        let line = |line: &AffinePiece| AffinePiece { offset: line.offset + by, ..*line };
        Self { breaks: self.breaks.clone(), lines: self.lines.iter().map(line).collect() }
    }

    /// The product; `None` if both functions have a slope in the same interval.
    pub(super) fn times(&self, other: &Self) -> Option<Self> {
        Self::merged([self, other], |[a, b]| match (a.slope == 0.0, b.slope == 0.0) {
            (true, _) => {
                Some(AffinePiece { slope: a.offset * b.slope, offset: a.offset * b.offset })
            }
            (_, true) => {
                Some(AffinePiece { slope: b.offset * a.slope, offset: b.offset * a.offset })
            }
            _ => None,
        })
    }

    /// The reciprocal; `None` unless the function is constant and not zero.
    pub(super) fn inverted(&self) -> Option<Self> {
        match self.lines.as_slice() {
            &[AffinePiece { slope: 0.0, offset }] if offset != 0.0 => {
                Some(Self::constant(1.0 / offset))
            }
            _ => None,
        }
    }

    /// The indicator function of the positive values: 1 for positive values, 0 for negative values.
    /// On a piece that is zero it is 0 if `strict` and 1 otherwise. Isolated zeros are arbitrary.
    pub(super) fn positive(&self, strict: bool) -> Option<Self> {
        let mut breaks = self.breaks.clone();
        for (index, line) in self.lines.iter().enumerate() {
            let zero = -line.offset / line.slope;
            let begin = index.checked_sub(1).map_or(f64::NEG_INFINITY, |index| self.breaks[index]);
            let end = self.breaks.get(index).copied().unwrap_or(f64::INFINITY);
            if zero.is_finite() && begin < zero && zero < end {
                breaks.push(zero);
            }
        }
        breaks.sort_by(f64::total_cmp);
        Self::between(breaks, |u| {
            let line = self.line_at(u);
            let zero = line.slope == 0.0 && line.offset == 0.0;
            let holds = if zero { !strict } else { line.at(u) > 0.0 };
            Some(AffinePiece { slope: 0.0, offset: f64::from(u8::from(holds)) })
        })
    }

    /// `self` where a mask is 1 and `otherwise` where it is 0.
    pub(super) fn chosen(&self, mask: &Self, otherwise: &Self) -> Option<Self> {
        Self::merged([mask, self, otherwise], |[mask, chosen, otherwise]| {
            Some(if mask.offset > 0.5 { chosen } else { otherwise })
        })
    }

    /// `max(self, other)`
    pub(super) fn maximum(&self, other: &Self) -> Option<Self> {
        let mask = self.plus(-1.0, other)?.positive(true)?;
        self.chosen(&mask, other)
    }

    pub(super) fn sign(&self) -> Option<Self> {
        self.positive(true)?.plus(-1.0, &self.scaled(-1.0).positive(true)?)
    }

    pub(super) fn is_continuous(&self) -> bool {
        self.breaks.iter().zip(self.lines.windows(2)).all(|(&at, lines)| {
            let jump = lines[0].at(at) - lines[1].at(at);
            jump.abs() <= ROUNDING * (lines[0].scale(at) + lines[1].scale(at))
        })
    }

    /// Decomposes a continuous function into one affine function plus hinges.
    pub(super) fn hinges(&self) -> (AffinePiece, Vec<Hinge>) {
        let flat = self.lines.iter().position(|line| line.slope == 0.0);
        let anchor = flat.unwrap_or_else(|| self.breaks.partition_point(|&at| at <= 0.0));
        let hinge = |(index, &at): (usize, &f64)| {
            let change = self.lines[index + 1].slope - self.lines[index].slope;
            let side = if index < anchor { -1.0 } else { 1.0 };
            Hinge { side, at, change }
        };
        let hinges = self.breaks.iter().enumerate().map(hinge);
        (self.lines[anchor], hinges.filter(|hinge| hinge.change != 0.0).collect())
    }
}

/// The hinge function `change * relu(side * (u - at))`.
#[derive(Clone, Copy)]
pub(super) struct Hinge {
    pub(super) side: f64,
    pub(super) at: f64,
    pub(super) change: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at: f64) -> PiecewiseAffine {
        PiecewiseAffine::identity().shifted(-at).positive(true).expect("few pieces")
    }

    fn value(function: &PiecewiseAffine, u: f64) -> f64 {
        function.line_at(u).at(u)
    }

    #[test]
    fn products_with_signs_and_steps_are_continuous_functions() {
        let u = PiecewiseAffine::identity();
        let size = u.times(&u.sign().expect("few")).expect("one is constant");
        let within = step(-0.5).plus(-1.0, &step(0.5)).expect("few");
        let hat = within.times(&size.scaled(-1.0).shifted(0.5)).expect("one is constant");
        for u in [-2.0, -0.75, -0.4, -0.1, 0.1, 0.3, 0.49, 0.7, 3.0] {
            assert_eq!(value(&size, u), f64::abs(u));
            assert_eq!(value(&hat, u), (0.5 - f64::abs(u)).max(0.0), "{u}");
        }
        assert!(size.is_continuous() && hat.is_continuous());
        assert!(!within.is_continuous() && !step(0.0).is_continuous());
        assert!(u.times(&u).is_none(), "a square has no pieces");
    }

    #[test]
    fn zero_pieces_are_positive_only_if_not_strict() {
        let relu =
            PiecewiseAffine::identity().maximum(&PiecewiseAffine::constant(0.0)).expect("few");
        let strict = relu.positive(true).expect("few");
        let all = relu.positive(false).expect("few");
        assert_eq!((value(&strict, -1.0), value(&strict, 1.0)), (0.0, 1.0));
        assert_eq!((value(&all, -1.0), value(&all, 1.0)), (1.0, 1.0));
        assert_eq!(value(&relu.sign().expect("few"), -1.0), 0.0);
    }

    #[test]
    fn hinges_add_up_to_the_function() {
        let shrink = PiecewiseAffine {
            breaks: vec![-0.5, 0.5, 2.0],
            lines: vec![
                AffinePiece { slope: 1.0, offset: 0.5 },
                AffinePiece { slope: 0.0, offset: 0.0 },
                AffinePiece { slope: 1.0, offset: -0.5 },
                AffinePiece { slope: -1.0, offset: 3.5 },
            ],
        };
        let (line, hinges) = shrink.hinges();
        assert_eq!((line.slope, hinges.len()), (0.0, 3));
        for u in [-3.0, -0.6, 0.0, 0.6, 1.9, 2.5] {
            let hinge_value = |hinge: &Hinge| hinge.change * (hinge.side * (u - hinge.at)).max(0.0);
            let found = line.at(u) + hinges.iter().map(hinge_value).sum::<f64>();
            assert!((found - value(&shrink, u)).abs() < 1e-12, "{u}");
        }
    }
}
