//! Elementwise piecewise affine functions, which may be discontinuous at breaks: the results of
//! signs, steps and selections by comparison. A function becomes a value of the network when it is
//! continuous; until then only further operations can use it.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::rc::Rc;

use burn::tensor::TensorData;

use super::form::LinearForm;
use super::piecewise::PiecewiseAffine;
use crate::network::{Node, ValueId};
use crate::ops::Op;

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

    /// The indices of the values that the function depends on.
    pub(super) fn values(&self) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        self.add_values(&mut found);
        found
    }

    fn add_values(&self, found: &mut BTreeSet<usize>) {
        match &*self.expression {
            Expression::Value(value) => drop(found.insert(value.index())),
            Expression::Constant(_) => {}
            Expression::Of(_, parts) => parts.iter().for_each(|part| part.add_values(found)),
        }
    }

    /// The function in terms of the latest value on which all its values depend elementwise. `None`
    /// if there is no such value or the function has too many pieces.
    pub(super) fn univariate(&self, nodes: &[Node]) -> Option<UnivariateFunction> {
        let mut ancestors = Ancestors { nodes, found: HashMap::new() };
        let all_ancestors = self.values().into_iter().map(|value| ancestors.of(value));
        let common =
            all_ancestors.reduce(|all, next| all.intersection(&next).copied().collect())?;
        let base = ValueId::of_index(*common.last()?);
        let mut composer = Composer { nodes, base, features: self.features, found: HashMap::new() };
        Some(UnivariateFunction { base, features: composer.compose(self)? })
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
    fn compose(&mut self, function: &ElementwiseFunction) -> Option<Vec<PiecewiseAffine>> {
        match &*function.expression {
            Expression::Value(value) => self.value(*value),
            Expression::Constant(numbers) => {
                Some(numbers.iter().map(|&number| PiecewiseAffine::constant(number)).collect())
            }
            Expression::Of(function, parts) => {
                let parts: Option<Vec<_>> = parts.iter().map(|part| self.compose(part)).collect();
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
                let activated = input.iter().zip(relu.slopes(self.features));
                let activated = activated.map(|(piece, slope)| piece.maximum(&piece.scaled(slope)));
                activated.collect::<Option<_>>()?
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
    pub(super) base: ValueId,
    pub(super) features: Vec<PiecewiseAffine>,
}

impl UnivariateFunction {
    pub(super) fn is_continuous(&self) -> bool {
        self.features.iter().all(PiecewiseAffine::is_continuous)
    }
}
