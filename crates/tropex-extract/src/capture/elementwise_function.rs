//! Elementwise piecewise affine functions, which may be discontinuous at breaks: the results of
//! signs, steps and selections by comparison. A function becomes a value of the network when it is
//! continuous; until then only further operations can use it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::rc::Rc;

use burn::tensor::TensorData;

use super::context::{CapturedValue, LoweringContext};
use super::form::LinearForm;
use crate::network::{Node, ValueId};
use crate::ops::Op;

/// The affine function `slope * u + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct AffinePiece {
    slope: f64,
    offset: f64,
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

    fn identity() -> Self {
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
            let place = match (begin, breaks.get(index)) {
                (Some(begin), Some(end)) => (begin + end) / 2.0,
                (Some(begin), None) => begin + begin.abs() + 1.0,
                (None, Some(end)) => end - end.abs() - 1.0,
                (None, None) => 0.0,
            };
            let line = line(place)?;
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

    fn is_continuous(&self) -> bool {
        self.breaks.iter().zip(self.lines.windows(2)).all(|(&at, lines)| {
            let jump = lines[0].at(at) - lines[1].at(at);
            jump.abs() <= ROUNDING * (lines[0].scale(at) + lines[1].scale(at))
        })
    }

    /// Decomposes a continuous function into one affine function plus hinges.
    fn hinges(&self) -> (AffinePiece, Vec<Hinge>) {
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
struct Hinge {
    side: f64,
    at: f64,
    change: f64,
}

/// An elementwise function of values of the network: an expression in values and constants.
#[derive(Clone)]
pub(super) struct ElementwiseFunction {
    expression: Rc<Expression>,
    features: usize,
}

enum Expression {
    Value(ValueId),
    Constant(Vec<f64>),
    /// A scalar function of other functions, applied to every feature.
    Of(Box<Function>, Vec<ElementwiseFunction>),
}

type Function = dyn Fn(&[PiecewiseAffine]) -> Option<PiecewiseAffine>;

impl fmt::Debug for ElementwiseFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ElementwiseFunction of {} features", self.features)
    }
}

impl ElementwiseFunction {
    fn new(expression: Expression, features: usize) -> Self {
        Self { expression: Rc::new(expression), features }
    }

    pub(super) fn value(value: ValueId, features: usize) -> Self {
        Self::new(Expression::Value(value), features)
    }

    pub(super) fn constant(numbers: Vec<f64>) -> Self {
        let features = numbers.len();
        Self::new(Expression::Constant(numbers), features)
    }

    pub(super) fn form(form: &LinearForm) -> Self {
        let features = form.offset.len();
        let term = |(&value, factors): (&usize, &Vec<f64>)| {
            let value = Self::value(ValueId::of_index(value), features);
            let factors = Self::constant(factors.clone());
            Self::of([value, factors], |[value, factor]| value.times(factor))
        };
        form.factors.iter().map(term).fold(Self::constant(form.offset.clone()), |sum, term| {
            Self::of([sum, term], |[sum, term]| sum.plus(1.0, term))
        })
    }

    /// A function of other functions with equal numbers of features.
    pub(super) fn of<const N: usize>(
        parts: [Self; N],
        function: impl Fn([&PiecewiseAffine; N]) -> Option<PiecewiseAffine> + 'static,
    ) -> Self {
        let features = parts[0].features;
        let function =
            move |parts: &[PiecewiseAffine]| function(std::array::from_fn(|i| &parts[i]));
        Self::new(Expression::Of(Box::new(function), parts.to_vec()), features)
    }

    pub(super) fn features(&self) -> usize {
        self.features
    }

    /// Whether the function depends on a placeholder.
    pub(super) fn is_placeholder(&self, context: &LoweringContext) -> bool {
        let mut values = BTreeSet::new();
        self.values(&mut values);
        values.into_iter().any(|value| context.is_placeholder(ValueId::of_index(value)))
    }

    fn values(&self, found: &mut BTreeSet<usize>) {
        match &*self.expression {
            Expression::Value(value) => drop(found.insert(value.index())),
            Expression::Constant(_) => {}
            Expression::Of(_, parts) => parts.iter().for_each(|part| part.values(found)),
        }
    }

    /// The function in terms of the latest value on which all its values depend elementwise. `None`
    /// if there is no such value or the function has too many pieces.
    pub(super) fn univariate(&self, context: &LoweringContext) -> Option<UnivariateFunction> {
        let mut values = BTreeSet::new();
        self.values(&mut values);
        let mut ancestors = Ancestors { nodes: &context.nodes, found: HashMap::new() };
        let of_all = values.iter().map(|&value| ancestors.of(value));
        let common = of_all.reduce(|all, next| all.intersection(&next).copied().collect())?;
        let base = ValueId::of_index(*common.last()?);
        let mut composer = Composer {
            nodes: &context.nodes,
            base,
            features: self.features,
            found: HashMap::new(),
        };
        Some(UnivariateFunction { base, features: composer.curve(self)? })
    }
}

/// Finds the values on which a value depends elementwise.
struct Ancestors<'a> {
    nodes: &'a [Node],
    found: HashMap<usize, BTreeSet<usize>>,
}

impl Ancestors<'_> {
    fn of(&mut self, value: usize) -> BTreeSet<usize> {
        if let Some(found) = self.found.get(&value) {
            return found.clone();
        }
        let node = ValueId::of_index(value).node().map(|node| &self.nodes[node]);
        let mut ancestors = match node {
            Some(Node { op: Op::ElementwiseAffine(_) | Op::LeakyRelu(_), inputs, .. }) => {
                inputs.first().map(|input| self.of(input.index())).unwrap_or_default()
            }
            Some(Node { op: Op::Add(_), inputs, .. }) => {
                let (left, right) = (self.of(inputs[0].index()), self.of(inputs[1].index()));
                left.intersection(&right).copied().collect()
            }
            _ => BTreeSet::new(),
        };
        ancestors.insert(value);
        self.found.insert(value, ancestors.clone());
        ancestors
    }
}

/// Expresses values as functions of one of their ancestors.
struct Composer<'a> {
    nodes: &'a [Node],
    base: ValueId,
    features: usize,
    found: HashMap<usize, Vec<PiecewiseAffine>>,
}

impl Composer<'_> {
    fn curve(&mut self, curve: &ElementwiseFunction) -> Option<Vec<PiecewiseAffine>> {
        match &*curve.expression {
            Expression::Value(value) => self.value(*value),
            Expression::Constant(numbers) => {
                Some(numbers.iter().map(|&number| PiecewiseAffine::constant(number)).collect())
            }
            Expression::Of(function, parts) => {
                let parts: Option<Vec<_>> = parts.iter().map(|part| self.curve(part)).collect();
                let parts = parts?;
                let at = |feature: usize| -> Vec<PiecewiseAffine> {
                    parts.iter().map(|pieces| pieces[feature].clone()).collect()
                };
                (0..self.features).map(|feature| function(&at(feature))).collect()
            }
        }
    }

    fn value(&mut self, value: ValueId) -> Option<Vec<PiecewiseAffine>> {
        if value == self.base {
            return Some(vec![PiecewiseAffine::identity(); self.features]);
        }
        if let Some(found) = self.found.get(&value.index()) {
            return Some(found.clone());
        }
        let node = &self.nodes[value.node()?];
        let input = self.value(*node.inputs.first()?)?;
        let pieces: Vec<PiecewiseAffine> = match &node.op {
            Op::ElementwiseAffine(affine) => {
                let numbers = |data: Option<&TensorData>, missing| {
                    data.map_or(vec![missing; self.features], |data| data.iter().collect())
                };
                let factors = numbers(affine.factor(), 1.0);
                let offsets = numbers(affine.offset(), 0.0);
                let line = |((piece, factor), offset): ((&PiecewiseAffine, &f64), &f64)| {
                    piece.scaled(*factor).shifted(*offset)
                };
                input.iter().zip(&factors).zip(&offsets).map(line).collect()
            }
            Op::LeakyRelu(relu) => {
                let bent = input.iter().zip(relu.slopes(self.features));
                let bent = bent.map(|(piece, slope)| piece.maximum(&piece.scaled(slope)));
                bent.collect::<Option<_>>()?
            }
            Op::Add(_) => {
                let other = self.value(node.inputs[1])?;
                let sums = input.iter().zip(&other).map(|(left, right)| left.plus(1.0, right));
                sums.collect::<Option<_>>()?
            }
            _ => return None,
        };
        self.found.insert(value.index(), pieces.clone());
        Some(pieces)
    }
}

/// An elementwise function of one value.
pub(super) struct UnivariateFunction {
    base: ValueId,
    features: Vec<PiecewiseAffine>,
}

impl UnivariateFunction {
    pub(super) fn is_continuous(&self) -> bool {
        self.features.iter().all(PiecewiseAffine::is_continuous)
    }

    /// Lowers a continuous function to a value with the given shape at one point.
    pub(super) fn lower(&self, context: &mut LoweringContext, shape: Vec<usize>) -> CapturedValue {
        let base = CapturedValue { id: self.base, shape, padding: [(0, 0); 2] };
        let (lines, hinges): (Vec<_>, Vec<_>) =
            self.features.iter().map(PiecewiseAffine::hinges).unzip();
        let most = hinges.iter().map(Vec::len).max().unwrap_or(0);
        let slopes: Vec<f64> = lines.iter().map(|line| line.slope).collect();
        let mut terms = Vec::with_capacity(most + 1);
        if most == 0 || slopes.iter().any(|&slope| slope != 0.0) {
            terms.push(context.scaled(&base, slopes));
        }
        for nth in 0..most {
            let none = Hinge { side: 0.0, at: 0.0, change: 0.0 };
            let hinges: Vec<_> =
                hinges.iter().map(|hinges| hinges.get(nth).copied().unwrap_or(none)).collect();
            let turned = context.scaled(&base, hinges.iter().map(|hinge| hinge.side).collect());
            let offsets = hinges.iter().map(|hinge| 0.0 - hinge.side * hinge.at).collect();
            let shifted = context.shifted(&turned, offsets);
            let positive = context.relu(&shifted);
            terms
                .push(context.scaled(&positive, hinges.iter().map(|hinge| hinge.change).collect()));
        }
        let sum = terms.into_iter().reduce(|sum, term| context.sum(&sum, &term)).unwrap_or(base);
        context.shifted(&sum, lines.iter().map(|line| line.offset).collect())
    }
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
    fn signs_and_steps_are_made_into_functions() {
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
    fn pieces_that_are_zero_count_as_positive_only_if_told_so() {
        let relu =
            PiecewiseAffine::identity().maximum(&PiecewiseAffine::constant(0.0)).expect("few");
        let strict = relu.positive(true).expect("few");
        let all = relu.positive(false).expect("few");
        assert_eq!((value(&strict, -1.0), value(&strict, 1.0)), (0.0, 1.0));
        assert_eq!((value(&all, -1.0), value(&all, 1.0)), (1.0, 1.0));
        assert_eq!(value(&relu.sign().expect("few"), -1.0), 0.0);
    }

    #[test]
    fn bends_give_back_the_function() {
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
            let bent = |hinge: &Hinge| hinge.change * (hinge.side * (u - hinge.at)).max(0.0);
            let found = line.at(u) + hinges.iter().map(bent).sum::<f64>();
            assert!((found - value(&shrink, u)).abs() < 1e-12, "{u}");
        }
    }
}
