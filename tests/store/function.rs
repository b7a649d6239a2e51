//! The extracted function compared with loops over all terms in f64.

use std::ops::ControlFlow;

use tropex::extract::function::Assignment;
use tropex::extract::terms::TermTable;
use tropex::{Classes, Error, ExtractedFunction, PointSource, Precision, TermStore};

use super::{CLASSES, Cloud, FEATURES, Fixture};
use crate::common::{cancel_everywhere, device, finest, of_finest, precisions};

/// A term of a store with its point and class.
struct Affine {
    point: usize,
    class: usize,
    coefficients: Vec<f64>,
    bias: f64,
}

impl Affine {
    fn at(&self, x: &[f32]) -> f64 {
        let products = self.coefficients.iter().zip(x).map(|(a, &x)| a * f64::from(x));
        products.sum::<f64>() + self.bias
    }
}

/// All positive and all negative terms of a store.
fn all_terms(store: &TermStore) -> (Vec<Affine>, Vec<Affine>) {
    let (mut positive, mut negative) = (Vec::new(), Vec::new());
    for shard in store.shards().map(|shard| shard.unwrap()) {
        let linear: Vec<f64> = shard.linear_coefficients.iter().collect();
        let linear_bias: Vec<f64> = shard.linear_bias.iter().collect();
        let shift: Vec<f64> = shard.negative_coefficients.iter().collect();
        let shift_bias: Vec<f64> = shard.negative_bias.iter().collect();
        let slots = linear_bias.len() / shard.len();
        for term in 0..shard.len() {
            let (point, own) = (shard.first + term, &shift[term * FEATURES..][..FEATURES]);
            let coefficients = own.to_vec();
            negative.push(Affine { point, class: 0, coefficients, bias: shift_bias[term] });
            for slot in 0..slots {
                let row = term * slots + slot;
                let class = match store.manifest().terms.classes {
                    Classes::All => slot,
                    Classes::Predicted => shard.predicted[term] as usize,
                    Classes::One(class) => class,
                };
                let sum = linear[row * FEATURES..].iter().zip(own).map(|(a, b)| a + b);
                let (coefficients, bias) = (sum.collect(), linear_bias[row] + shift_bias[term]);
                positive.push(Affine { point, class, coefficients, bias });
            }
        }
    }
    (positive, negative)
}

/// Checks that the term of a point and class is maximal at `x`, except for `slack`.
fn check_winner(
    terms: &[Affine],
    (point, class): (usize, usize),
    value: f64,
    x: &[f32],
    slack: f64,
) {
    let largest = terms.iter().map(|term| term.at(x)).fold(f64::NEG_INFINITY, f64::max);
    let winner = terms.iter().find(|term| (term.point, term.class) == (point, class)).unwrap();
    assert!(largest - winner.at(x) <= slack, "{} wins over {largest}", winner.at(x));
    assert!((value - winner.at(x)).abs() <= 1e-9, "{value} instead of {}", winner.at(x));
}

/// Compares every assignment with loops over all terms.
fn check(store: &TermStore, points: &[f32], slack: f64) -> Vec<Assignment> {
    let (positive, negative) = all_terms(store);
    let function = ExtractedFunction::new(store, &device()).unwrap();
    let assigned = function.assign(points, &|_| ControlFlow::Continue(())).unwrap();
    assert_eq!(assigned.len(), points.len() / FEATURES);
    for (x, found) in points.chunks(FEATURES).zip(&assigned) {
        check_winner(&positive, (found.positive, found.class), found.positive_value, x, slack);
        check_winner(&negative, (found.negative, 0), found.negative_value, x, slack);
    }
    assigned
}

#[test]
fn winners_equal_those_of_a_loop_for_all_classes_and_precisions() {
    let points = Cloud::new(60, 9).points;
    for precision in precisions() {
        let slack = if precision == Precision::F32 { 1e-4 } else { 1e-11 };
        for classes in [Classes::Predicted, Classes::All, Classes::One(2)] {
            let fixture = Fixture::with(Cloud::new(90, 1), precision, classes, 40);
            check(&fixture.extract().unwrap(), &points, slack);
        }
    }
}

#[test]
fn winners_are_found_in_more_points_and_terms_than_one_product_holds() {
    // A product is of 512 points by 1024 terms. The shards have 1100 and 200 points.
    let cloud = Cloud::new(1300, 1);
    let fixture = Fixture::with(cloud, finest(), Classes::Predicted, 1100);
    let store = fixture.extract().unwrap();
    assert_eq!(store.manifest().shards.len(), 2);
    let assigned = check(&store, &Cloud::new(600, 9).points, of_finest(1e-11));
    let wins = |range: std::ops::Range<usize>| {
        assigned.iter().filter(|won| range.contains(&won.positive)).count()
    };
    assert!(wins(0..1024) > 0, "no winner in the first block of terms");
}

#[test]
fn of_equal_terms_the_first_wins_across_products_and_shards() {
    let first = Cloud::new(1, 4).points;
    for precision in precisions() {
        let equal = Cloud::of(first.repeat(1200));
        let fixture = Fixture::with(equal, precision, Classes::All, 1100);
        let store = fixture.extract().unwrap();
        let function = ExtractedFunction::new(&store, &device()).unwrap();
        let assigned =
            function.assign(&Cloud::new(520, 9).points, &|_| ControlFlow::Continue(())).unwrap();
        // A backend may round equal points differently at the end of a batch, so terms are compared
        // by value.
        let terms: Vec<_> = store.shards().flat_map(|shard| every_term(&shard.unwrap())).collect();
        let first = |won: usize| terms.iter().position(|term| *term == terms[won]).unwrap();
        let repeats = (1100..1200).any(|term| first(term) < 1100);
        assert!(repeats, "{precision:?}: no term of the second shard is in the first");
        let late = |won: &&Assignment| {
            (first(won.positive), first(won.negative)) != (won.positive, won.negative)
        };
        let late = assigned.iter().filter(late).count();
        assert_eq!(late, 0, "of {} points in {precision:?}", assigned.len());
    }
}

/// All terms of every point of a shard, negative and linear.
fn every_term(shard: &TermTable) -> Vec<Vec<(Vec<f64>, f64)>> {
    let terms = |point: usize| {
        let linear = (0..shard.per_point()).map(move |class| shard.linear_term(point, class));
        std::iter::once(shard.negative_term(point)).chain(linear).collect()
    };
    (0..shard.len()).map(terms).collect()
}

#[test]
fn an_evaluation_agrees_with_the_assignments() {
    let fixture = Fixture::new();
    let store = fixture.extract().unwrap();
    let test = Cloud::new(100, 5);
    let predicted = fixture.extractor.network().classify(&test.points).unwrap();
    let function = ExtractedFunction::new(&store, &device()).unwrap();
    let evaluation = function.evaluate(&test, &predicted, &|_| ControlFlow::Continue(())).unwrap();
    let assigned = check(&store, &test.points, 1e-4);
    let count = |holds: &dyn Fn(usize, &Assignment) -> bool| {
        assigned.iter().enumerate().filter(|(point, won)| holds(*point, won)).count()
    };
    assert_eq!(evaluation.points, 100);
    assert_eq!(evaluation.agreeing, count(&|point, won| won.class == predicted[point]));
    assert_eq!(evaluation.correct, count(&|point, won| won.class == test.label(point)));
    assert_eq!(
        evaluation.network_correct,
        count(&|point, _| predicted[point] == test.label(point))
    );
    assert_eq!(evaluation.straight, count(&|_, won| won.positive == won.negative));
    assert!((1..100).contains(&evaluation.straight), "both kinds occur: {evaluation:?}");
    assert!((1..100).contains(&evaluation.correct), "{evaluation:?}");
    assert_eq!(evaluation.agreement(), evaluation.agreeing as f64 / 100.0);
    let classes = function.classify(&test.points).unwrap();
    assert!(classes.iter().eq(assigned.iter().map(|won| &won.class)));
    assert!((0..CLASSES).all(|class| classes.contains(&class)), "every class is given to a point");
}

#[test]
fn the_function_equals_the_network_at_its_own_points() {
    for classes in [Classes::Predicted, Classes::All] {
        let fixture = Fixture::with(Cloud::new(80, 1), finest(), classes, 30);
        let store = fixture.extract().unwrap();
        let predicted = fixture.extractor.network().classify(&fixture.cloud.points).unwrap();
        let function = ExtractedFunction::new(&store, &device()).unwrap();
        assert_eq!(function.classify(&fixture.cloud.points).unwrap(), predicted);
    }
}

#[test]
fn a_damaged_shard_ends_an_assignment() {
    let fixture = Fixture::new();
    let store = fixture.extract().unwrap();
    let path = fixture.file("shard-00002.safetensors");
    let mut content = std::fs::read(&path).unwrap();
    *content.last_mut().unwrap() ^= 1;
    std::fs::write(&path, content).unwrap();
    let function = ExtractedFunction::new(&store, &device()).unwrap();
    let error = function.classify(&[0.0; FEATURES]).unwrap_err().to_string();
    assert!(error.contains("shard-00002.safetensors") && error.contains("checksum"), "{error}");
}

#[test]
fn points_and_classes_that_do_not_fit_are_refused() {
    let fixture = Fixture::new();
    let store = fixture.extract().unwrap();
    let function = ExtractedFunction::new(&store, &device()).unwrap();
    for count in [0, 1, FEATURES - 1, FEATURES + 1] {
        let error = function.classify(&vec![0.0; count]).unwrap_err().to_string();
        assert!(error.contains(&format!("found {count}, expected a multiple of 6")), "{error}");
    }
    let error = function
        .evaluate(&Cloud::new(3, 1), &[0, 1], &|_| ControlFlow::Continue(()))
        .unwrap_err()
        .to_string();
    assert_eq!(error, "predicted classes: found 2, expected 3");
}

#[test]
fn a_comparison_can_be_cancelled_at_every_report() {
    let fixture = Fixture::new();
    let store = fixture.extract().unwrap();
    let points = Cloud::new(3000, 5);
    let predicted = vec![0; points.len()];
    for devices in [1, 3] {
        let function = ExtractedFunction::new(&store, &device()).unwrap();
        let function = function.share_with(&vec![device(); devices - 1]).unwrap();
        let reports = cancel_everywhere(|cancel| {
            let found = function.evaluate(&points, &predicted, cancel);
            assert!(matches!(found, Ok(_) | Err(Error::Cancelled)), "{found:?}");
            found.is_err()
        });
        assert!(reports >= 4 * devices, "one for every shard and set of points: {reports}");
    }
}
