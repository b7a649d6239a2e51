//! The best terms at points, and their values.

use std::ops::ControlFlow;

use tropex::extract::function::Ranking;
use tropex::{Classes, ExtractedFunction, Precision, TermStore};

use super::{CLASSES, Cloud, FEATURES, Fixture};
use crate::common::device;

fn ranking(store: &TermStore, points: &[f32], top: usize, own: Option<&[usize]>) -> Ranking {
    let function = ExtractedFunction::new(store, &device()).unwrap();
    function.ranking(points, top, own, &|_| ControlFlow::Continue(())).unwrap()
}

fn store(classes: Classes) -> (Fixture, TermStore) {
    let fixture = Fixture::with(Cloud::new(90, 1), Precision::F32, classes, 40);
    let store = fixture.extract().unwrap();
    (fixture, store)
}

#[test]
fn the_best_term_is_the_one_that_points_are_assigned_to() {
    let points = Cloud::new(50, 9).points;
    for classes in [Classes::Predicted, Classes::All, Classes::One(2)] {
        let (_fixture, store) = store(classes);
        let many = ranking(&store, &points, 5, None);
        let one = ranking(&store, &points, 1, None);
        assert_eq!(many.assignments, one.assignments);
        for (winner, best) in many.assignments.iter().zip(&many.best) {
            assert_eq!((best.len(), best[0].gap), (5, 0.0));
            let first = (best[0].position, best[0].class, best[0].value);
            assert_eq!(first, (winner.positive, winner.class, winner.value));
            assert!(best.is_sorted_by(|a, b| a.gap <= b.gap && a.value >= b.value), "{best:?}");
        }
    }
}

#[test]
fn at_most_all_terms_are_returned() {
    let (_fixture, store) = store(Classes::All);
    let found = ranking(&store, &[0.5; FEATURES], usize::MAX, None);
    let mut terms: Vec<_> = found.best[0].iter().map(|term| (term.position, term.class)).collect();
    terms.sort_unstable();
    let all = (0..90).flat_map(|position| (0..CLASSES).map(move |class| (position, class)));
    assert!(terms.into_iter().eq(all));
}

/// If both maximal terms belong to one data point, the value of the function is that of its linear
/// term. Under a worst-case gauge, a difference of values in f32 would have no correct digit.
#[test]
fn the_value_at_a_straight_term_is_that_of_its_linear_term() {
    let (_fixture, store) = store(Classes::Predicted);
    let shards: Vec<_> = store.shards().map(|shard| shard.unwrap()).collect();
    let points = Cloud::new(200, 9).points;
    let found = ranking(&store, &points, 1, None);
    let straight = points.chunks(FEATURES).zip(&found.assignments);
    let straight: Vec<_> = straight.filter(|(_, won)| won.is_straight()).collect();
    assert!(straight.len() > 20, "{}", straight.len());
    for (point, won) in straight {
        let shard = shards.iter().rfind(|shard| shard.first <= won.positive).unwrap();
        let term = won.positive - shard.first;
        let coefficients: Vec<f64> = shard.linear_coefficients.iter().collect();
        let biases: Vec<f64> = shard.linear_bias.iter().collect();
        let row = coefficients[term * FEATURES..].iter().zip(point);
        let value = biases[term] + row.map(|(a, &x)| a * f64::from(x)).sum::<f64>();
        assert!((won.value - value).abs() < 1e-13, "{} instead of {value}", won.value);
    }
}

#[test]
fn without_its_own_terms_a_point_is_assigned_to_the_best_of_the_others() {
    for classes in [Classes::Predicted, Classes::All] {
        let (fixture, store) = store(classes);
        let points = &fixture.cloud.points;
        let own: Vec<usize> = (0..90).collect();
        let others = ranking(&store, points, 1, Some(&own));
        let all = ranking(&store, points, 1 + CLASSES, None);
        for (position, winner) in others.assignments.iter().enumerate() {
            assert_ne!(winner.positive, position);
            assert_ne!(winner.negative, position);
            let expected = all.best[position].iter().find(|term| term.position != position);
            let expected = expected.unwrap();
            assert_eq!((winner.positive, winner.class), (expected.position, expected.class));
        }
    }
}

#[test]
fn all_pairs_are_counted_and_few_are_computed_again() {
    for (classes, rows) in [(Classes::Predicted, 2), (Classes::All, CLASSES + 1)] {
        let (_fixture, store) = store(classes);
        let work = ranking(&store, &Cloud::new(50, 9).points, 1, None).work;
        assert_eq!(work.pairs, (50 * 90 * rows) as u64);
        assert!(work.exact >= 100 && work.exact <= work.reevaluated, "{work:?}");
        assert!(work.share() < 0.2, "{work:?}");
    }
}

#[test]
fn invalid_requests_are_refused() {
    let (_fixture, store) = store(Classes::Predicted);
    let function = ExtractedFunction::new(&store, &device()).unwrap();
    let refused = |points: &[f32], top, own: Option<&[usize]>| {
        function.ranking(points, top, own, &|_| ControlFlow::Continue(())).unwrap_err().to_string()
    };
    let point = [0.0; FEATURES];
    assert_eq!(
        refused(&point, 0, None),
        "terms wanted at every point: found 0, expected at least one"
    );
    assert_eq!(refused(&point, 1, Some(&[])), "positions left out: found 0, expected 1");
    assert_eq!(
        refused(&point, 1, Some(&[90])),
        "position left out: found 90, expected less than 90"
    );
    let mut infinite = [0.0; FEATURES];
    infinite[4] = f32::INFINITY;
    assert_eq!(
        refused(&infinite, 1, None),
        "value 4 of point 0: found inf, expected a finite number"
    );
    let alone = Fixture::with(Cloud::new(1, 1), Precision::F32, Classes::All, 1);
    let store = alone.extract().unwrap();
    let function = ExtractedFunction::new(&store, &device()).unwrap();
    let error = function
        .ranking(&point, 1, Some(&[0]), &|_| ControlFlow::Continue(()))
        .unwrap_err()
        .to_string();
    assert_eq!(error, "points in the store: found 1, expected two, to leave one out");
}
