//! Rankings compared with sums of rational numbers, on difficult inputs.

mod case;

use burn::tensor::TensorData;
use proptest::prelude::*;

use super::{BlockSizes, SearchRequest, TopKSearch};
use crate::exact::tests::is_nearest;
use crate::terms::Classes;
use crate::terms::TermTable;
use crate::{ComputeTarget, Precision};
use case::{Distribution, SearchCase, best, cases, device};

fn check(
    case: &SearchCase,
    top: usize,
    without: Option<&[usize]>,
    blocks: BlockSizes,
) -> Result<(), TestCaseError> {
    let instance = case.instance();
    let ranking = case.ranking(&instance, SearchRequest { top, without }, blocks);
    prop_assert_eq!(ranking.assignments.len(), case.points);
    for (index, point) in instance.points.chunks(case.features).enumerate() {
        let excluded = without.map(|without| without[index]);
        let positive = best(&instance.positive, point, top, excluded);
        let negative = best(&instance.negative, point, 1, excluded);
        let found = &ranking.assignments[index];
        let (expected, winner) = (&positive[0], &negative[0]);
        prop_assert_eq!((found.positive, found.class), (expected.1, expected.2));
        prop_assert_eq!(found.negative, winner.1);
        prop_assert!(is_nearest(found.positive_value, &expected.0));
        prop_assert!(is_nearest(found.negative_value, &winner.0));
        prop_assert!(is_nearest(found.value, &(&expected.0 - &winner.0)));
        let ranked: Vec<_> =
            ranking.best[index].iter().map(|term| (term.position, term.class)).collect();
        let expected: Vec<_> = positive.iter().map(|term| (term.1, term.2)).collect();
        prop_assert_eq!(ranked, expected);
        for (ranked, term) in ranking.best[index].iter().zip(&positive) {
            prop_assert!(is_nearest(ranked.gap, &(&positive[0].0 - &term.0)));
            prop_assert!(is_nearest(ranked.value, &(&term.0 - &winner.0)));
        }
    }
    let rows = (case.per_point() + 1) * case.shards.iter().sum::<usize>();
    let work = ranking.work;
    prop_assert_eq!(work.pairs, (rows * case.points) as u64);
    prop_assert!(work.exact <= work.reevaluated && work.reevaluated <= work.pairs);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn winners_equal_those_of_rational_arithmetic(
        case in cases(),
        top in 1..5_usize,
        points in 1..6_usize,
        terms in 1..9_usize,
    ) {
        check(&case, top, None, BlockSizes { points, terms })?;
    }

    #[test]
    fn terms_of_a_point_can_be_excluded(case in cases(), top in 1..4_usize) {
        let terms: usize = case.shards.iter().sum();
        prop_assume!(terms > 1);
        let without: Vec<_> = (0..case.points).map(|point| point * 7 % terms).collect();
        check(&case, top, Some(&without), BlockSizes { points: 4, terms: 5 })?;
    }

    #[test]
    fn results_do_not_depend_on_the_block_sizes(
        case in cases(),
        points in 1..9_usize,
        terms in 1..14_usize,
    ) {
        let instance = case.instance();
        let request = SearchRequest { top: 3, without: None };
        let one = case.ranking(&instance, request, BlockSizes::default());
        let other = case.ranking(&instance, request, BlockSizes { points, terms });
        prop_assert_eq!(one.assignments, other.assignments);
        prop_assert_eq!(one.best, other.best);
    }
}

#[test]
fn few_values_are_computed_in_f64() {
    let case = SearchCase {
        distribution: Distribution::Shifted,
        precision: Precision::F64,
        classes: Classes::Predicted,
        features: 64,
        points: 100,
        shards: vec![1500],
        seed: 0,
    };
    let instance = case.instance();
    let request = SearchRequest { top: 1, without: None };
    let work = case.ranking(&instance, request, BlockSizes::default()).work;
    assert!(work.share() < 0.05, "{work:?}");
}

/// A network that is one affine map has one term at every point.
#[test]
fn equal_terms_are_computed_in_f64_once_per_block() {
    let (points, terms, features) = (20, 3000, 5);
    let data = |number: f32, count: usize| TensorData::new(vec![number; count], [count]);
    let linear = || [data(0.3, terms * features), data(0.1, terms)];
    let negative = || [data(7.7, terms * features), data(0.2, terms)];
    let table = |first| {
        TermTable::in_memory(first, Classes::Predicted, vec![0; terms], linear(), negative())
    };
    let target = ComputeTarget::new(&device(), Precision::F32).unwrap();
    let values: Vec<f32> = (0..points * features).map(|i| (i as f32 * 0.7).sin()).collect();
    let request = SearchRequest { top: 2, without: None };
    let mut search =
        TopKSearch::new(&values, features, request, BlockSizes::default(), &target).unwrap();
    search.add_table(&table(0));
    search.add_table(&table(terms));
    let found = search.ranking();
    for (winner, best) in found.assignments.iter().zip(&found.best) {
        assert_eq!((winner.positive, winner.negative), (0, 0));
        let ranked: Vec<_> = best.iter().map(|term| (term.position, term.gap)).collect();
        assert_eq!(ranked, [(0, 0.0), (1, 0.0)]);
    }
    // Two positive terms and one negative term in each of six blocks.
    assert_eq!(found.work.reevaluated, (6 * 3 * points) as u64);
}

/// Products near the smallest subnormal number have large relative errors.
#[test]
fn values_near_the_smallest_number_are_ordered_exactly() {
    let smallest = f64::from_bits(1);
    let data = |numbers: Vec<f64>| {
        let count = numbers.len();
        TensorData::new(numbers, [count])
    };
    let zeros = |count| data(vec![0.0; count]);
    // The exact values are 0.6 and 0.9 of the smallest number; `f64` rounds them to 1 and 0.
    let rows = [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0].map(|unit| unit * smallest);
    let linear = [data(rows.to_vec()), zeros(2)];
    let table =
        TermTable::in_memory(0, Classes::Predicted, vec![0; 2], linear, [zeros(8), zeros(2)]);
    let target = ComputeTarget::new(&device(), Precision::F32).unwrap();
    let request = SearchRequest { top: 1, without: None };
    let point = [0.6, 0.3, 0.3, 0.3];
    let mut search = TopKSearch::new(&point, 4, request, BlockSizes::default(), &target).unwrap();
    search.add_table(&table);
    let found = search.ranking().assignments;
    assert_eq!((found[0].positive, found[0].value), (1, smallest));
}

#[test]
fn undecided_terms_do_not_fill_memory() {
    // The terms are different and have equal values. Their number exceeds the limit of undecided
    // terms of a point.
    let (terms, features) = (2000, 2);
    let coefficients = (0..terms).flat_map(|term| [term as f32, -(term as f32)]).collect();
    let linear =
        [TensorData::new(coefficients, [terms * features]), TensorData::zeros::<f32, _>([terms])];
    let negative =
        [TensorData::zeros::<f32, _>([terms * features]), TensorData::zeros::<f32, _>([terms])];
    let table = TermTable::in_memory(0, Classes::Predicted, vec![0; terms], linear, negative);
    let target = ComputeTarget::new(&device(), Precision::F32).unwrap();
    let request = SearchRequest { top: 3, without: None };
    let mut search =
        TopKSearch::new(&[0.1, 0.1], features, request, BlockSizes::default(), &target).unwrap();
    search.add_table(&table);
    let found = search.ranking();
    let ranked: Vec<_> = found.best[0].iter().map(|term| term.position).collect();
    assert_eq!(ranked, [0, 1, 2]);
}

#[test]
fn points_that_are_not_finite_are_refused_by_name() {
    let target = ComputeTarget::new(&device(), Precision::F32).unwrap();
    let request = SearchRequest { top: 1, without: None };
    let points = [0.0, 1.0, 2.0, f32::NAN];
    let search = TopKSearch::new(&points, 2, request, BlockSizes::default(), &target);
    let error = search.err().map(|error| error.to_string());
    assert_eq!(error.unwrap(), "value 1 of point 1: found NaN, expected a finite number");
}
