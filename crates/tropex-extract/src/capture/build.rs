//! Composite operations that are lowered to several nodes.

use burn::tensor::TensorData;

use super::context::{CapturedValue, LoweringContext};
use super::elementwise_function::UnivariateFunction;
use super::piecewise::{Hinge, PiecewiseAffine};
use crate::ops::{Add, Concat, ElementwiseAffine, LeakyRelu, MaxPool2d};

impl LoweringContext {
    /// `factor * value`, elementwise; the value itself if all factors are 1.
    pub(super) fn scaled(&mut self, value: &CapturedValue, factor: Vec<f64>) -> CapturedValue {
        if factor.iter().all(|&factor| factor == 1.0) {
            return value.clone();
        }
        self.elementwise_affine(value, Some(factor), None)
    }

    /// `value + offset`, elementwise; the value itself if all offsets are 0.
    pub(super) fn shifted(&mut self, value: &CapturedValue, offset: Vec<f64>) -> CapturedValue {
        if offset.iter().all(|&offset| offset == 0.0) {
            return value.clone();
        }
        self.elementwise_affine(value, None, Some(offset))
    }

    /// `factor * value + offset`, elementwise.
    pub(super) fn elementwise_affine(
        &mut self,
        value: &CapturedValue,
        factor: Option<Vec<f64>>,
        offset: Option<Vec<f64>>,
    ) -> CapturedValue {
        let row = |numbers: Vec<f64>| {
            let features = numbers.len();
            TensorData::new(numbers, [1, features])
        };
        let op = ElementwiseAffine::new(factor.map(row), offset.map(row), &self.target);
        self.push(op, &[value], value.shape.clone(), None)
    }

    pub(super) fn negated(&mut self, value: &CapturedValue) -> CapturedValue {
        self.scaled(value, vec![-1.0; value.features()])
    }

    pub(super) fn relu(&mut self, value: &CapturedValue) -> CapturedValue {
        self.push(LeakyRelu::relu(), &[value], value.shape.clone(), None)
    }

    pub(super) fn sum(&mut self, left: &CapturedValue, right: &CapturedValue) -> CapturedValue {
        self.push(Add, &[left, right], left.shape.clone(), None)
    }

    /// `max(left, right)`; `left` wins a tie.
    pub(super) fn maximum(&mut self, left: &CapturedValue, right: &CapturedValue) -> CapturedValue {
        let features = left.features();
        let both = self.push(
            Concat::new(vec![features; 2]),
            &[left, right],
            [&[2], left.shape.as_slice()].concat(),
            None,
        );
        let op = MaxPool2d::over_axis([1, 2, features]);
        self.push(op, &[&both], left.shape.clone(), None)
    }

    /// `min(left, right) = -max(-left, -right)`.
    pub(super) fn minimum(&mut self, left: &CapturedValue, right: &CapturedValue) -> CapturedValue {
        let (left, right) = (self.negated(left), self.negated(right));
        let maximum = self.maximum(&left, &right);
        self.negated(&maximum)
    }

    /// `max(value, floor) = floor + relu(value - floor)`, elementwise.
    pub(super) fn at_least(&mut self, value: &CapturedValue, floor: Vec<f64>) -> CapturedValue {
        let above = self.shifted(value, floor.iter().map(|floor| -floor).collect());
        let positive = self.relu(&above);
        self.shifted(&positive, floor)
    }

    /// `min(value, ceiling) = ceiling - relu(ceiling - value)`, elementwise.
    pub(super) fn at_most(&mut self, value: &CapturedValue, ceiling: Vec<f64>) -> CapturedValue {
        let minus = self.negated(value);
        let below = self.shifted(&minus, ceiling.clone());
        let positive = self.relu(&below);
        let minus = self.negated(&positive);
        self.shifted(&minus, ceiling)
    }

    /// `floor + relu(value - floor) - relu(value - ceiling)`, for a floor below the ceiling.
    pub(super) fn between(
        &mut self,
        value: &CapturedValue,
        floor: f64,
        ceiling: f64,
    ) -> CapturedValue {
        let all = |number: f64| vec![number; value.features()];
        let above = self.shifted(value, all(-floor));
        let beyond = self.shifted(value, all(-ceiling));
        let (above, beyond) = (self.relu(&above), self.relu(&beyond));
        let beyond = self.scaled(&beyond, all(-1.0));
        let sum = self.sum(&above, &beyond);
        self.shifted(&sum, all(floor))
    }

    /// The value of a continuous function, in the given shape at one point.
    pub(super) fn univariate(
        &mut self,
        function: &UnivariateFunction,
        shape: Vec<usize>,
    ) -> CapturedValue {
        let base = CapturedValue { id: function.base, shape, padding: [(0, 0); 2] };
        let (lines, hinges): (Vec<_>, Vec<_>) =
            function.features.iter().map(PiecewiseAffine::hinges).unzip();
        let largest_count = hinges.iter().map(Vec::len).max().unwrap_or(0);
        let slopes: Vec<f64> = lines.iter().map(|line| line.slope).collect();
        let mut terms = Vec::with_capacity(largest_count + 1);
        if largest_count == 0 || slopes.iter().any(|&slope| slope != 0.0) {
            terms.push(self.scaled(&base, slopes));
        }
        for nth in 0..largest_count {
            let none = Hinge { side: 0.0, at: 0.0, change: 0.0 };
            let hinges: Vec<_> =
                hinges.iter().map(|hinges| hinges.get(nth).copied().unwrap_or(none)).collect();
            let oriented = self.scaled(&base, hinges.iter().map(|hinge| hinge.side).collect());
            let offsets = hinges.iter().map(|hinge| 0.0 - hinge.side * hinge.at).collect();
            let shifted = self.shifted(&oriented, offsets);
            let positive = self.relu(&shifted);
            terms.push(self.scaled(&positive, hinges.iter().map(|hinge| hinge.change).collect()));
        }
        let sum = terms.into_iter().reduce(|sum, term| self.sum(&sum, &term)).unwrap_or(base);
        self.shifted(&sum, lines.iter().map(|line| line.offset).collect())
    }
}
