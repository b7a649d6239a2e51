//! Functions of one value, feature by feature, that are affine between breaks and may jump at them:
//! what signs, steps and choices by comparison are made of. As soon as one is continuous it is a
//! value of the network; until then it only waits for others.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::rc::Rc;

use burn::tensor::TensorData;

use super::context::{Context, Value};
use super::form::Form;
use crate::network::{Node, ValueId};
use crate::ops::Op;

/// `slope * u + offset`
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    slope: f64,
    offset: f64,
}

impl Line {
    fn at(self, u: f64) -> f64 {
        self.slope * u + self.offset
    }

    /// What is added up at a place: the scale on which two lines are equal there.
    fn scale(self, u: f64) -> f64 {
        (self.slope * u).abs() + self.offset.abs()
    }
}

/// A function of one number: `lines[k]` between `breaks[k - 1]` and `breaks[k]`.
#[derive(Clone, Debug)]
pub(super) struct Piecewise {
    breaks: Vec<f64>,
    lines: Vec<Line>,
}

/// Constants are given in `f32` as a rule, so that breaks and lines that are meant to meet may miss
/// each other by so much, relative to their size.
const ROUNDING: f64 = 1e-6;

/// Pieces that a function has at most: what needs more is not written with masks.
const PIECES: usize = 64;

impl Piecewise {
    pub(super) fn constant(offset: f64) -> Self {
        Self { breaks: Vec::new(), lines: vec![Line { slope: 0.0, offset }] }
    }

    fn identity() -> Self {
        Self { breaks: Vec::new(), lines: vec![Line { slope: 1.0, offset: 0.0 }] }
    }

    fn line_at(&self, u: f64) -> Line {
        self.lines[self.breaks.partition_point(|&at| at <= u)]
    }

    /// The function with breaks, in order, and the line that belongs to a place between them; none
    /// if a line cannot be made, or if there are too many.
    fn between(breaks: Vec<f64>, line: impl Fn(f64) -> Option<Line>) -> Option<Self> {
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

    /// The function whose line everywhere is made of the lines of others there.
    fn merged<const N: usize>(
        parts: [&Self; N],
        line: impl Fn([Line; N]) -> Option<Line>,
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
            Some(Line { slope, offset })
        })
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        let line = |line: &Line| Line { slope: factor * line.slope, offset: factor * line.offset };
        Self { breaks: self.breaks.clone(), lines: self.lines.iter().map(line).collect() }
    }

    pub(super) fn shifted(&self, by: f64) -> Self {
        let line = |line: &Line| Line { offset: line.offset + by, ..*line };
        Self { breaks: self.breaks.clone(), lines: self.lines.iter().map(line).collect() }
    }

    /// The product, where one of both is constant everywhere.
    pub(super) fn times(&self, other: &Self) -> Option<Self> {
        Self::merged([self, other], |[a, b]| match (a.slope == 0.0, b.slope == 0.0) {
            (true, _) => Some(Line { slope: a.offset * b.slope, offset: a.offset * b.offset }),
            (_, true) => Some(Line { slope: b.offset * a.slope, offset: b.offset * a.offset }),
            _ => None,
        })
    }

    /// One divided by the function, if that is constant and not zero.
    pub(super) fn inverted(&self) -> Option<Self> {
        match self.lines.as_slice() {
            &[Line { slope: 0.0, offset }] if offset != 0.0 => Some(Self::constant(1.0 / offset)),
            _ => None,
        }
    }

    /// One where the function is positive, zero where it is negative; where it is zero on a whole
    /// piece, zero if `strict` and one if not. Single places do not matter.
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
            Some(Line { slope: 0.0, offset: f64::from(u8::from(holds)) })
        })
    }

    /// This function where a mask of ones and zeros is one, another one elsewhere.
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

    /// The continuous function as a line and as what bends away from it.
    fn bends(&self) -> (Line, Vec<Bend>) {
        let flat = self.lines.iter().position(|line| line.slope == 0.0);
        let anchor = flat.unwrap_or_else(|| self.breaks.partition_point(|&at| at <= 0.0));
        let bend = |(index, &at): (usize, &f64)| {
            let change = self.lines[index + 1].slope - self.lines[index].slope;
            let side = if index < anchor { -1.0 } else { 1.0 };
            Bend { side, at, change }
        };
        let bends = self.breaks.iter().enumerate().map(bend);
        (self.lines[anchor], bends.filter(|bend| bend.change != 0.0).collect())
    }
}

/// `change * relu(side * (u - at))`
#[derive(Clone, Copy)]
struct Bend {
    side: f64,
    at: f64,
    change: f64,
}

/// Functions of the features of values of the network, put together from such values and constants.
#[derive(Clone)]
pub(super) struct Curve {
    expression: Rc<Expression>,
    features: usize,
}

enum Expression {
    Value(ValueId),
    Constant(Vec<f64>),
    /// A function of other ones, the same for every feature.
    Of(Box<Function>, Vec<Curve>),
}

type Function = dyn Fn(&[Piecewise]) -> Option<Piecewise>;

impl fmt::Debug for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Curve of {} features", self.features)
    }
}

impl Curve {
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

    pub(super) fn form(form: &Form) -> Self {
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

    /// A function of other curves, all of as many features.
    pub(super) fn of<const N: usize>(
        parts: [Self; N],
        function: impl Fn([&Piecewise; N]) -> Option<Piecewise> + 'static,
    ) -> Self {
        let features = parts[0].features;
        let function = move |parts: &[Piecewise]| function(std::array::from_fn(|i| &parts[i]));
        Self::new(Expression::Of(Box::new(function), parts.to_vec()), features)
    }

    pub(super) fn features(&self) -> usize {
        self.features
    }

    /// Whether it is made of a value of which nothing can be said.
    pub(super) fn stands_in(&self, context: &Context) -> bool {
        let mut values = BTreeSet::new();
        self.values(&mut values);
        values.into_iter().any(|value| context.stands_in(ValueId::of_index(value)))
    }

    fn values(&self, found: &mut BTreeSet<usize>) {
        match &*self.expression {
            Expression::Value(value) => drop(found.insert(value.index())),
            Expression::Constant(_) => {}
            Expression::Of(_, parts) => parts.iter().for_each(|part| part.values(found)),
        }
    }

    /// The curve as a function of the latest value that all of its values are functions of, feature by
    /// feature, if there is one and the function has few pieces.
    pub(super) fn traced(&self, context: &Context) -> Option<Traced> {
        let mut values = BTreeSet::new();
        self.values(&mut values);
        let mut ancestors = Ancestors { nodes: &context.nodes, found: HashMap::new() };
        let of_all = values.iter().map(|&value| ancestors.of(value));
        let common = of_all.reduce(|all, next| all.intersection(&next).copied().collect())?;
        let base = ValueId::of_index(*common.last()?);
        let mut tracing =
            Tracing { nodes: &context.nodes, base, features: self.features, found: HashMap::new() };
        Some(Traced { base, features: tracing.curve(self)? })
    }
}

/// The values that a value is a function of, feature by feature.
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

/// Values as functions of one of their ancestors.
struct Tracing<'a> {
    nodes: &'a [Node],
    base: ValueId,
    features: usize,
    found: HashMap<usize, Vec<Piecewise>>,
}

impl Tracing<'_> {
    fn curve(&mut self, curve: &Curve) -> Option<Vec<Piecewise>> {
        match &*curve.expression {
            Expression::Value(value) => self.value(*value),
            Expression::Constant(numbers) => {
                Some(numbers.iter().map(|&number| Piecewise::constant(number)).collect())
            }
            Expression::Of(function, parts) => {
                let parts: Option<Vec<_>> = parts.iter().map(|part| self.curve(part)).collect();
                let parts = parts?;
                let at = |feature: usize| -> Vec<Piecewise> {
                    parts.iter().map(|pieces| pieces[feature].clone()).collect()
                };
                (0..self.features).map(|feature| function(&at(feature))).collect()
            }
        }
    }

    fn value(&mut self, value: ValueId) -> Option<Vec<Piecewise>> {
        if value == self.base {
            return Some(vec![Piecewise::identity(); self.features]);
        }
        if let Some(found) = self.found.get(&value.index()) {
            return Some(found.clone());
        }
        let node = &self.nodes[value.node()?];
        let input = self.value(*node.inputs.first()?)?;
        let pieces: Vec<Piecewise> = match &node.op {
            Op::ElementwiseAffine(diagonal) => {
                let numbers = |data: Option<&TensorData>, missing| {
                    data.map_or(vec![missing; self.features], |data| data.iter().collect())
                };
                let factors = numbers(diagonal.factor(), 1.0);
                let offsets = numbers(diagonal.offset(), 0.0);
                let line = |((piece, factor), offset): ((&Piecewise, &f64), &f64)| {
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

/// A curve as a function of one value.
pub(super) struct Traced {
    base: ValueId,
    features: Vec<Piecewise>,
}

impl Traced {
    pub(super) fn is_continuous(&self) -> bool {
        self.features.iter().all(Piecewise::is_continuous)
    }

    /// A continuous curve as a value, of which one point has a shape.
    pub(super) fn lower(&self, context: &mut Context, shape: Vec<usize>) -> Value {
        let base = Value { id: self.base, shape, padding: [(0, 0); 2] };
        let (lines, bends): (Vec<_>, Vec<_>) = self.features.iter().map(Piecewise::bends).unzip();
        let most = bends.iter().map(Vec::len).max().unwrap_or(0);
        let slopes: Vec<f64> = lines.iter().map(|line| line.slope).collect();
        let mut terms = Vec::with_capacity(most + 1);
        if most == 0 || slopes.iter().any(|&slope| slope != 0.0) {
            terms.push(context.scaled(&base, slopes));
        }
        for nth in 0..most {
            let none = Bend { side: 0.0, at: 0.0, change: 0.0 };
            let bends: Vec<_> =
                bends.iter().map(|bends| bends.get(nth).copied().unwrap_or(none)).collect();
            let turned = context.scaled(&base, bends.iter().map(|bend| bend.side).collect());
            let offsets = bends.iter().map(|bend| 0.0 - bend.side * bend.at).collect();
            let shifted = context.shifted(&turned, offsets);
            let positive = context.relu(&shifted);
            terms.push(context.scaled(&positive, bends.iter().map(|bend| bend.change).collect()));
        }
        let sum = terms.into_iter().reduce(|sum, term| context.sum(&sum, &term)).unwrap_or(base);
        context.shifted(&sum, lines.iter().map(|line| line.offset).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at: f64) -> Piecewise {
        Piecewise::identity().shifted(-at).positive(true).expect("few pieces")
    }

    fn value(function: &Piecewise, u: f64) -> f64 {
        function.line_at(u).at(u)
    }

    #[test]
    fn signs_and_steps_are_made_into_functions() {
        let u = Piecewise::identity();
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
        let relu = Piecewise::identity().maximum(&Piecewise::constant(0.0)).expect("few");
        let strict = relu.positive(true).expect("few");
        let all = relu.positive(false).expect("few");
        assert_eq!((value(&strict, -1.0), value(&strict, 1.0)), (0.0, 1.0));
        assert_eq!((value(&all, -1.0), value(&all, 1.0)), (1.0, 1.0));
        assert_eq!(value(&relu.sign().expect("few"), -1.0), 0.0);
    }

    #[test]
    fn bends_give_back_the_function() {
        let shrink = Piecewise {
            breaks: vec![-0.5, 0.5, 2.0],
            lines: vec![
                Line { slope: 1.0, offset: 0.5 },
                Line { slope: 0.0, offset: 0.0 },
                Line { slope: 1.0, offset: -0.5 },
                Line { slope: -1.0, offset: 3.5 },
            ],
        };
        let (line, bends) = shrink.bends();
        assert_eq!((line.slope, bends.len()), (0.0, 3));
        for u in [-3.0, -0.6, 0.0, 0.6, 1.9, 2.5] {
            let bent = |bend: &Bend| bend.change * (bend.side * (u - bend.at)).max(0.0);
            let found = line.at(u) + bends.iter().map(bent).sum::<f64>();
            assert!((found - value(&shrink, u)).abs() < 1e-12, "{u}");
        }
    }
}
