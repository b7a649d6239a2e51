//! Standings against sums of rational numbers, on numbers that make trouble.

use burn::tensor::{DType, Device, TensorData};
use num_rational::BigRational;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{Blocks, Race, Rules};
use crate::store::Shard;
use crate::terms::{Classes, Standings};
use crate::{Placement, Precision};

/// What the numbers of terms and points are like.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Small whole numbers: many terms are equal, and many others worth the same.
    Ties,
    /// Terms that differ by their last digits.
    Near,
    /// Negative terms with a large part that all share, as the worst-case gauge gives.
    Shifted,
    /// Any size, up to what a sum of terms survives.
    Wild,
    /// Numbers near the largest and the smallest of the format.
    Extreme,
}

#[derive(Clone, Debug)]
struct Problem {
    kind: Kind,
    precision: Precision,
    classes: Classes,
    features: usize,
    points: usize,
    shards: Vec<usize>,
    seed: u64,
}

const CLASSES: usize = 3;

fn problems() -> impl Strategy<Value = Problem> {
    let kind = prop::sample::select(vec![
        Kind::Ties,
        Kind::Near,
        Kind::Shifted,
        Kind::Wild,
        Kind::Extreme,
    ]);
    let precision = prop::sample::select(vec![Precision::F32, Precision::F64]);
    let classes = prop::sample::select(vec![Classes::Predicted, Classes::All, Classes::One(1)]);
    let shards = prop::collection::vec(1..12_usize, 1..4);
    (kind, precision, classes, 1..20_usize, 1..8_usize, shards, any::<u64>()).prop_map(
        |(kind, precision, classes, features, points, shards, seed)| Problem {
            kind,
            precision,
            classes,
            features,
            points,
            shards,
            seed,
        },
    )
}

/// A term as rational numbers know it.
struct Reference {
    position: usize,
    class: usize,
    coefficients: Vec<BigRational>,
    bias: BigRational,
}

fn rational(number: f64) -> BigRational {
    BigRational::from_float(number).expect("finite")
}

impl Reference {
    fn at(&self, point: &[f32]) -> BigRational {
        let products = self.coefficients.iter().zip(point).map(|(a, &x)| a * rational(x.into()));
        products.fold(self.bias.clone(), |sum, product| sum + product)
    }
}

/// Terms in shards, the same as references, and points.
struct Instance {
    shards: Vec<Shard>,
    positive: Vec<Reference>,
    negative: Vec<Reference>,
    points: Vec<f32>,
}

impl Problem {
    fn per_point(&self) -> usize {
        self.classes.per_point(CLASSES)
    }

    /// A coefficient or bias; what terms share depends on the column.
    fn number(&self, random: &mut ChaCha8Rng, column: Option<usize>) -> f64 {
        let unit = random.random_range(-1.0..1.0_f64);
        let number = match self.kind {
            Kind::Ties => f64::from(random.random_range(-2..=2_i8)),
            Kind::Near => 1.0 + unit.signum() * 2_f64.powi(random.random_range(-60..-20)),
            Kind::Shifted => column.map_or(0.0, |k| 1e12 * (1.5 + (k as f64).sin())) + unit,
            Kind::Wild => unit * 10_f64.powi(random.random_range(-12..12)),
            Kind::Extreme => match self.precision {
                Precision::F32 => unit * 2_f64.powi(random.random_range(-149..126)),
                Precision::F64 => unit * 2_f64.powi(random.random_range(-1060..1010)),
            },
        };
        match self.precision {
            Precision::F32 => f64::from(number as f32),
            Precision::F64 => number,
        }
    }

    fn coordinate(&self, random: &mut ChaCha8Rng) -> f32 {
        match self.kind {
            Kind::Ties => f32::from(random.random_range(-2..=2_i8)),
            Kind::Extreme => {
                let unit = random.random_range(-1.0..1.0_f32);
                unit * 2_f32.powi(random.random_range(-126..127))
            }
            _ => random.random_range(-1.0..1.0_f32),
        }
    }

    fn instance(&self) -> Instance {
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
                instance.positive.push(Reference { position, class, coefficients, bias });
            }
            let (coefficients, bias) = (own, own_bias);
            instance.negative.push(Reference { position, class: 0, coefficients, bias });
        }
        let data = |numbers: Vec<f64>| {
            let count = numbers.len();
            TensorData::new(numbers, [count]).convert_dtype(match self.precision {
                Precision::F32 => DType::F32,
                Precision::F64 => DType::F64,
            })
        };
        instance.shards.push(Shard::in_memory(
            first,
            self.classes,
            predicted,
            [data(linear), data(linear_bias)],
            [data(negative), data(negative_bias)],
        ));
    }

    fn standings(&self, instance: &Instance, rules: Rules<'_>, blocks: Blocks) -> Standings {
        let placement = Placement::new(&device(), Precision::F32).unwrap();
        let mut race =
            Race::new(&instance.points, self.features, rules, blocks, &placement).unwrap();
        instance.shards.iter().for_each(|shard| race.enter(shard));
        race.standings()
    }
}

#[cfg(feature = "flex")]
fn device() -> Device {
    Device::flex()
}

#[cfg(not(feature = "flex"))]
fn device() -> Device {
    Device::default()
}

/// The terms that are best at a point, best first, and their values.
fn best(
    terms: &[Reference],
    point: &[f32],
    top: usize,
    without: Option<usize>,
) -> Vec<(BigRational, usize, usize)> {
    let taking_part = terms.iter().filter(|term| Some(term.position) != without);
    let mut values: Vec<_> =
        taking_part.map(|term| (term.at(point), term.position, term.class)).collect();
    values.sort_by(|a, b| b.0.cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    values.truncate(top);
    values
}

/// Whether a number is the `f64` nearest to a rational one, or infinite as that is too large.
fn is_nearest(found: f64, number: &BigRational) -> bool {
    if found.is_infinite() {
        let largest = rational(f64::MAX);
        return if found > 0.0 { *number > largest } else { *number < -largest };
    }
    let distance = |candidate: f64| {
        let difference = rational(candidate) - number;
        if difference < rational(0.0) { -difference } else { difference }
    };
    let neighbours = [found.next_up(), found.next_down()];
    neighbours.into_iter().filter(|x| x.is_finite()).all(|x| distance(found) <= distance(x))
}

fn check(
    problem: &Problem,
    top: usize,
    without: Option<&[usize]>,
    blocks: Blocks,
) -> Result<(), TestCaseError> {
    let instance = problem.instance();
    let standings = problem.standings(&instance, Rules { top, without }, blocks);
    prop_assert_eq!(standings.assignments.len(), problem.points);
    for (index, point) in instance.points.chunks(problem.features).enumerate() {
        let left_out = without.map(|without| without[index]);
        let positive = best(&instance.positive, point, top, left_out);
        let negative = best(&instance.negative, point, 1, left_out);
        let found = &standings.assignments[index];
        let (expected, winner) = (&positive[0], &negative[0]);
        prop_assert_eq!((found.positive, found.class), (expected.1, expected.2));
        prop_assert_eq!(found.negative, winner.1);
        prop_assert!(is_nearest(found.positive_value, &expected.0));
        prop_assert!(is_nearest(found.negative_value, &winner.0));
        prop_assert!(is_nearest(found.value, &(&expected.0 - &winner.0)));
        let ranked: Vec<_> =
            standings.best[index].iter().map(|term| (term.position, term.class)).collect();
        let expected: Vec<_> = positive.iter().map(|term| (term.1, term.2)).collect();
        prop_assert_eq!(ranked, expected);
        for (ranked, term) in standings.best[index].iter().zip(&positive) {
            prop_assert!(is_nearest(ranked.gap, &(&positive[0].0 - &term.0)));
            prop_assert!(is_nearest(ranked.value, &(&term.0 - &winner.0)));
        }
    }
    let rows = (problem.per_point() + 1) * problem.shards.iter().sum::<usize>();
    let effort = standings.effort;
    prop_assert_eq!(effort.pairs, (rows * problem.points) as u64);
    prop_assert!(effort.exact <= effort.reevaluated && effort.reevaluated <= effort.pairs);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn winners_are_those_of_rational_numbers(
        problem in problems(),
        top in 1..5_usize,
        points in 1..6_usize,
        terms in 1..9_usize,
    ) {
        check(&problem, top, None, Blocks { points, terms })?;
    }

    #[test]
    fn a_point_may_do_without_some_terms(problem in problems(), top in 1..4_usize) {
        let terms: usize = problem.shards.iter().sum();
        prop_assume!(terms > 1);
        let without: Vec<_> = (0..problem.points).map(|point| point * 7 % terms).collect();
        check(&problem, top, Some(&without), Blocks { points: 4, terms: 5 })?;
    }

    #[test]
    fn the_size_of_blocks_changes_nothing(problem in problems(), points in 1..9_usize, terms in 1..14_usize) {
        let instance = problem.instance();
        let rules = Rules { top: 3, without: None };
        let one = problem.standings(&instance, rules, Blocks::default());
        let other = problem.standings(&instance, rules, Blocks { points, terms });
        prop_assert_eq!(one.assignments, other.assignments);
        prop_assert_eq!(one.best, other.best);
    }
}

#[test]
fn most_values_are_computed_once() {
    let problem = Problem {
        kind: Kind::Shifted,
        precision: Precision::F64,
        classes: Classes::Predicted,
        features: 64,
        points: 100,
        shards: vec![1500],
        seed: 0,
    };
    let instance = problem.instance();
    let rules = Rules { top: 1, without: None };
    let effort = problem.standings(&instance, rules, Blocks::default()).effort;
    assert!(effort.share() < 0.05, "{effort:?}");
}

/// A network that is one affine map has the same term everywhere.
#[test]
fn equal_terms_are_computed_again_once_a_block() {
    let (points, terms, features) = (20, 3000, 5);
    let data = |number: f32, count: usize| TensorData::new(vec![number; count], [count]);
    let linear = || [data(0.3, terms * features), data(0.1, terms)];
    let negative = || [data(7.7, terms * features), data(0.2, terms)];
    let shard =
        |first| Shard::in_memory(first, Classes::Predicted, vec![0; terms], linear(), negative());
    let placement = Placement::new(&device(), Precision::F32).unwrap();
    let values: Vec<f32> = (0..points * features).map(|i| (i as f32 * 0.7).sin()).collect();
    let rules = Rules { top: 2, without: None };
    let mut race = Race::new(&values, features, rules, Blocks::default(), &placement).unwrap();
    race.enter(&shard(0));
    race.enter(&shard(terms));
    let found = race.standings();
    for (winner, best) in found.assignments.iter().zip(&found.best) {
        assert_eq!((winner.positive, winner.negative), (0, 0));
        let ranked: Vec<_> = best.iter().map(|term| (term.position, term.gap)).collect();
        assert_eq!(ranked, [(0, 0.0), (1, 0.0)]);
    }
    // Six blocks with two positive terms of interest, and one negative one.
    assert_eq!(found.effort.reevaluated, (6 * 3 * points) as u64);
}

#[test]
fn terms_of_no_certain_order_do_not_fill_memory() {
    // Too many for a point to hold, all of one value but different from each other.
    let (terms, features) = (2000, 2);
    let coefficients = (0..terms).flat_map(|term| [term as f32, -(term as f32)]).collect();
    let linear =
        [TensorData::new(coefficients, [terms * features]), TensorData::zeros::<f32, _>([terms])];
    let negative =
        [TensorData::zeros::<f32, _>([terms * features]), TensorData::zeros::<f32, _>([terms])];
    let shard = Shard::in_memory(0, Classes::Predicted, vec![0; terms], linear, negative);
    let placement = Placement::new(&device(), Precision::F32).unwrap();
    let rules = Rules { top: 3, without: None };
    let mut race = Race::new(&[0.1, 0.1], features, rules, Blocks::default(), &placement).unwrap();
    race.enter(&shard);
    let found = race.standings();
    let ranked: Vec<_> = found.best[0].iter().map(|term| term.position).collect();
    assert_eq!(ranked, [0, 1, 2]);
}

#[test]
fn points_that_are_no_numbers_are_refused_by_name() {
    let placement = Placement::new(&device(), Precision::F32).unwrap();
    let rules = Rules { top: 1, without: None };
    let points = [0.0, 1.0, 2.0, f32::NAN];
    let race = Race::new(&points, 2, rules, Blocks::default(), &placement);
    let error = race.err().map(|error| error.to_string());
    assert_eq!(error.unwrap(), "value 1 of point 1: found NaN, expected a finite number");
}
