//! Random terms and points, with a reference in rational numbers.

use burn::tensor::{DType, Device, TensorData};
use num_rational::BigRational;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::{BlockSizes, SearchRequest, TopKSearch};
use crate::exact::tests::rational;
use crate::function::Ranking;
use crate::terms::Classes;
use crate::terms::TermTable;
use crate::{ComputeTarget, Precision};

/// Distribution of the numbers in terms and points.
#[derive(Clone, Copy, Debug)]
pub(super) enum Distribution {
    /// Small integers: many terms are equal, many others have equal values.
    Ties,
    /// Terms that differ in their last digits.
    Near,
    /// Negative terms with a large common part, as under the worst-case gauge.
    Shifted,
    /// Numbers of any magnitude whose products have a finite sum.
    Wild,
    /// Numbers near the largest and the smallest numbers of the format.
    Extreme,
    /// Numbers near the smallest number of the format.
    Tiny,
}

#[derive(Clone, Debug)]
pub(super) struct SearchCase {
    pub(super) distribution: Distribution,
    pub(super) precision: Precision,
    pub(super) classes: Classes,
    pub(super) features: usize,
    pub(super) points: usize,
    pub(super) shards: Vec<usize>,
    pub(super) seed: u64,
}

const CLASSES: usize = 3;

pub(super) fn cases() -> impl Strategy<Value = SearchCase> {
    let distribution = prop::sample::select(vec![
        Distribution::Ties,
        Distribution::Near,
        Distribution::Shifted,
        Distribution::Wild,
        Distribution::Extreme,
        Distribution::Tiny,
    ]);
    let precision = prop::sample::select(vec![Precision::F32, Precision::F64]);
    let classes = prop::sample::select(vec![Classes::Predicted, Classes::All, Classes::One(1)]);
    let shards = prop::collection::vec(1..12_usize, 1..4);
    (distribution, precision, classes, 1..20_usize, 1..8_usize, shards, any::<u64>()).prop_map(
        |(distribution, precision, classes, features, points, shards, seed)| SearchCase {
            distribution,
            precision,
            classes,
            features,
            points,
            shards,
            seed,
        },
    )
}

/// A term in rational numbers.
pub(super) struct RationalTerm {
    position: usize,
    class: usize,
    coefficients: Vec<BigRational>,
    bias: BigRational,
}

impl RationalTerm {
    fn at(&self, point: &[f32]) -> BigRational {
        let products = self.coefficients.iter().zip(point).map(|(a, &x)| a * rational(x.into()));
        products.fold(self.bias.clone(), |sum, product| sum + product)
    }
}

/// Terms as tables and as rational numbers, and points.
pub(super) struct Instance {
    pub(super) shards: Vec<TermTable>,
    pub(super) positive: Vec<RationalTerm>,
    pub(super) negative: Vec<RationalTerm>,
    pub(super) points: Vec<f32>,
}

impl SearchCase {
    pub(super) fn per_point(&self) -> usize {
        self.classes.per_point(CLASSES)
    }

    /// A coefficient or bias; the common part of negative terms depends on the column.
    fn number(&self, random: &mut ChaCha8Rng, column: Option<usize>) -> f64 {
        let unit = random.random_range(-1.0..1.0_f64);
        let number = match self.distribution {
            Distribution::Ties => f64::from(random.random_range(-2..=2_i8)),
            Distribution::Near => 1.0 + unit.signum() * 2_f64.powi(random.random_range(-60..-20)),
            Distribution::Shifted => column.map_or(0.0, |k| 1e12 * (1.5 + (k as f64).sin())) + unit,
            Distribution::Wild => unit * 10_f64.powi(random.random_range(-12..12)),
            Distribution::Extreme => match self.precision {
                Precision::F32 => unit * 2_f64.powi(random.random_range(-149..126)),
                Precision::F64 => unit * 2_f64.powi(random.random_range(-1060..1010)),
            },
            Distribution::Tiny => match self.precision {
                Precision::F32 => unit * 2_f64.powi(random.random_range(-148..-143)),
                Precision::F64 => unit * 2_f64.powi(random.random_range(-1073..-1068)),
            },
        };
        match self.precision {
            Precision::F32 => f64::from(number as f32),
            Precision::F64 => number,
        }
    }

    fn coordinate(&self, random: &mut ChaCha8Rng) -> f32 {
        match self.distribution {
            Distribution::Ties => f32::from(random.random_range(-2..=2_i8)),
            Distribution::Extreme => {
                let unit = random.random_range(-1.0..1.0_f32);
                unit * 2_f32.powi(random.random_range(-126..127))
            }
            _ => random.random_range(-1.0..1.0_f32),
        }
    }

    pub(super) fn instance(&self) -> Instance {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        let points = (0..self.points * self.features).map(|_| self.coordinate(&mut random));
        let points = points.collect();
        let mut instance =
            Instance { shards: Vec::new(), positive: Vec::new(), negative: Vec::new(), points };
        let mut first = 0;
        for &count in &self.shards {
            self.add_shard(&mut instance, first, count, &mut random);
            first += count;
        }
        instance
    }

    fn add_shard(
        &self,
        instance: &mut Instance,
        first: usize,
        count: usize,
        random: &mut ChaCha8Rng,
    ) {
        let (slots, features) = (self.per_point(), self.features);
        let predicted: Vec<i64> =
            (0..count).map(|_| random.random_range(0..CLASSES as i64)).collect();
        let mut linear =
            |count: usize| -> Vec<f64> { (0..count).map(|_| self.number(random, None)).collect() };
        let (linear, linear_bias) = (linear(count * slots * features), linear(count * slots));
        let mut negative = |count: usize| -> Vec<f64> {
            (0..count).map(|index| self.number(random, Some(index % features))).collect()
        };
        let (negative, negative_bias) = (negative(count * features), negative(count));
        for term in 0..count {
            let position = first + term;
            let own = &negative[term * features..][..features];
            let own: Vec<_> = own.iter().map(|&a| rational(a)).collect();
            let own_bias = rational(negative_bias[term]);
            for slot in 0..slots {
                let row = term * slots + slot;
                let class = match self.classes {
                    Classes::All => slot,
                    Classes::Predicted => predicted[term] as usize,
                    Classes::One(class) => class,
                };
                let coefficients = linear[row * features..].iter().zip(&own);
                let coefficients = coefficients.map(|(&a, own)| rational(a) + own).collect();
                let bias = rational(linear_bias[row]) + &own_bias;
                instance.positive.push(RationalTerm { position, class, coefficients, bias });
            }
            let (coefficients, bias) = (own, own_bias);
            instance.negative.push(RationalTerm { position, class: 0, coefficients, bias });
        }
        let data = |numbers: Vec<f64>| {
            let count = numbers.len();
            TensorData::new(numbers, [count]).convert_dtype(match self.precision {
                Precision::F32 => DType::F32,
                Precision::F64 => DType::F64,
            })
        };
        instance.shards.push(TermTable::in_memory(
            first,
            self.classes,
            predicted,
            [data(linear), data(linear_bias)],
            [data(negative), data(negative_bias)],
        ));
    }

    pub(super) fn ranking(
        &self,
        instance: &Instance,
        request: SearchRequest<'_>,
        blocks: BlockSizes,
    ) -> Ranking {
        let target = ComputeTarget::new(&device(), Precision::F32).unwrap();
        let mut search =
            TopKSearch::new(&instance.points, self.features, request, blocks, &target).unwrap();
        instance.shards.iter().for_each(|table| search.add_table(table));
        search.ranking()
    }
}

#[cfg(feature = "flex")]
pub(super) fn device() -> Device {
    Device::flex()
}

#[cfg(not(feature = "flex"))]
pub(super) fn device() -> Device {
    Device::default()
}

/// The largest terms at a point, largest first: value, position and class.
pub(super) fn best(
    terms: &[RationalTerm],
    point: &[f32],
    top: usize,
    without: Option<usize>,
) -> Vec<(BigRational, usize, usize)> {
    let included = terms.iter().filter(|term| Some(term.position) != without);
    let mut values: Vec<_> =
        included.map(|term| (term.at(point), term.position, term.class)).collect();
    values.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    values.truncate(top);
    values
}
