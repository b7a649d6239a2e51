//! Linear forms of values, elementwise. They show whether a selection by comparison is a maximum or
//! a minimum.

use std::collections::BTreeMap;

use crate::network::{Node, ValueId};
use crate::ops::Op;

/// The form `sum_v factors_v * v + offset`, with one factor and one offset per feature.
#[derive(Clone, Debug)]
pub(super) struct LinearForm {
    /// Factors, by the index of the value.
    pub(super) factors: BTreeMap<usize, Vec<f64>>,
    pub(super) offset: Vec<f64>,
}

impl LinearForm {
    /// A form that does not depend on the input.
    pub(super) fn constant(offset: Vec<f64>) -> Self {
        Self { factors: BTreeMap::new(), offset }
    }

    /// The form of a value, traced back through sums and elementwise affine maps.
    pub(super) fn of(nodes: &[Node], value: ValueId, features: usize) -> Self {
        trace(nodes, value, features, DEPTH)
    }

    /// `self + factor * other`.
    pub(super) fn plus(mut self, factor: f64, other: &Self) -> Self {
        let add = |sum: &mut Vec<f64>, terms: &[f64]| {
            sum.iter_mut().zip(terms).for_each(|(sum, term)| *sum += factor * term);
        };
        for (&value, factors) in &other.factors {
            let zeros = || vec![0.0; factors.len()];
            add(self.factors.entry(value).or_insert_with(zeros), factors);
        }
        add(&mut self.offset, &other.offset);
        self
    }

    pub(super) fn negated(self) -> Self {
        Self::constant(vec![0.0; self.offset.len()]).plus(-1.0, &self)
    }

    /// For every feature, the number `r` with `self = r * other`; `None` if a feature has no such
    /// number.
    pub(super) fn ratio(&self, other: &Self) -> Option<Vec<f64>> {
        (0..self.offset.len()).map(|feature| self.ratio_at(other, feature)).collect()
    }

    fn ratio_at(&self, other: &Self, feature: usize) -> Option<f64> {
        let values = self.factors.keys().chain(other.factors.keys());
        let at = |form: &Self, value| form.factors.get(value).map_or(0.0, |f| f[feature]);
        let offsets = (self.offset[feature], other.offset[feature]);
        let pairs = values.map(|value| (at(self, value), at(other, value))).chain([offsets]);
        let (left, right) = pairs.clone().fold((0.0, 0.0_f64), |largest, pair| {
            if pair.1.abs() > largest.1.abs() { pair } else { largest }
        });
        let ratio = if right == 0.0 { 0.0 } else { left / right };
        let is_equal = |(left, right): (f64, f64)| {
            (left - ratio * right).abs() <= ROUNDING * left.abs().max((ratio * right).abs())
        };
        let mut pairs = pairs;
        pairs.all(is_equal).then_some(ratio)
    }
}

/// Largest relative difference of equal numbers. Constants usually have the precision of `f32`.
const ROUNDING: f64 = 1e-6;

/// Largest number of operations through which a value is traced back. A sum of sums doubles the
/// work.
const DEPTH: usize = 8;

fn trace(nodes: &[Node], value: ValueId, features: usize, depth: usize) -> LinearForm {
    let single = || LinearForm {
        factors: BTreeMap::from([(value.index(), vec![1.0; features])]),
        offset: vec![0.0; features],
    };
    let Some(node) = value.node().map(|node| &nodes[node]).filter(|_| depth > 0) else {
        return single();
    };
    match (&node.op, node.inputs.as_slice()) {
        (Op::ElementwiseAffine(affine), &[input]) => {
            let mut form = trace(nodes, input, features, depth - 1);
            if let Some(factor) = affine.factor() {
                let factor: Vec<f64> = factor.iter().collect();
                let scaled = form.factors.values_mut().chain([&mut form.offset]);
                scaled.for_each(|f| f.iter_mut().zip(&factor).for_each(|(f, by)| *f *= by));
            }
            if let Some(offset) = affine.offset() {
                form.offset.iter_mut().zip(offset.iter::<f64>()).for_each(|(o, by)| *o += by);
            }
            form
        }
        (Op::Add(_), &[left, right]) => {
            let side = |value| trace(nodes, value, features, depth - 1);
            side(left).plus(1.0, &side(right))
        }
        _ => single(),
    }
}
