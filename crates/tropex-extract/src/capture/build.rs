//! Values made of other values, for operations that are lowered to several.

use burn::tensor::TensorData;

use super::context::{Context, Value};
use crate::ops::{Add, Concat, ElementwiseAffine, LeakyRelu, MaxPool2d};

impl Context {
    /// `factor * value`, feature by feature; the value itself if all factors are 1.
    pub(super) fn scaled(&mut self, value: &Value, factor: Vec<f64>) -> Value {
        if factor.iter().all(|&factor| factor == 1.0) {
            return value.clone();
        }
        self.diagonal(value, Some(factor), None)
    }

    /// `value + offset`, feature by feature; the value itself if all offsets are 0.
    pub(super) fn shifted(&mut self, value: &Value, offset: Vec<f64>) -> Value {
        if offset.iter().all(|&offset| offset == 0.0) {
            return value.clone();
        }
        self.diagonal(value, None, Some(offset))
    }

    /// `factor * value + offset`, feature by feature.
    pub(super) fn diagonal(
        &mut self,
        value: &Value,
        factor: Option<Vec<f64>>,
        offset: Option<Vec<f64>>,
    ) -> Value {
        let row = |numbers: Vec<f64>| {
            let features = numbers.len();
            TensorData::new(numbers, [1, features])
        };
        let op = ElementwiseAffine::new(factor.map(row), offset.map(row), &self.target);
        self.push(op, &[value], value.shape.clone(), None)
    }

    pub(super) fn negated(&mut self, value: &Value) -> Value {
        self.scaled(value, vec![-1.0; value.features()])
    }

    pub(super) fn relu(&mut self, value: &Value) -> Value {
        self.push(LeakyRelu::relu(), &[value], value.shape.clone(), None)
    }

    pub(super) fn sum(&mut self, left: &Value, right: &Value) -> Value {
        self.push(Add, &[left, right], left.shape.clone(), None)
    }

    /// `max(left, right)`, the left one on ties.
    pub(super) fn maximum(&mut self, left: &Value, right: &Value) -> Value {
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
    pub(super) fn minimum(&mut self, left: &Value, right: &Value) -> Value {
        let (left, right) = (self.negated(left), self.negated(right));
        let maximum = self.maximum(&left, &right);
        self.negated(&maximum)
    }

    /// `max(value, floor) = floor + relu(value - floor)`, feature by feature.
    pub(super) fn at_least(&mut self, value: &Value, floor: Vec<f64>) -> Value {
        let above = self.shifted(value, floor.iter().map(|floor| -floor).collect());
        let positive = self.relu(&above);
        self.shifted(&positive, floor)
    }

    /// `min(value, ceiling) = ceiling - relu(ceiling - value)`, feature by feature.
    pub(super) fn at_most(&mut self, value: &Value, ceiling: Vec<f64>) -> Value {
        let minus = self.negated(value);
        let below = self.shifted(&minus, ceiling.clone());
        let positive = self.relu(&below);
        let minus = self.negated(&positive);
        self.shifted(&minus, ceiling)
    }

    /// `floor + relu(value - floor) - relu(value - ceiling)`, for a floor below the ceiling.
    pub(super) fn between(&mut self, value: &Value, floor: f64, ceiling: f64) -> Value {
        let all = |number: f64| vec![number; value.features()];
        let above = self.shifted(value, all(-floor));
        let beyond = self.shifted(value, all(-ceiling));
        let (above, beyond) = (self.relu(&above), self.relu(&beyond));
        let beyond = self.scaled(&beyond, all(-1.0));
        let sum = self.sum(&above, &beyond);
        self.shifted(&sum, all(floor))
    }
}
