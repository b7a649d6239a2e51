use std::ops::ControlFlow;

use super::super::{Gauge, ShiftScale, Shifts, SpillBuffer, TightPullback};
use super::{CLASSES, FEATURES, network, points};
use crate::network::ValueId;
use crate::terms::{Classes, Terms};
use crate::{Extractor, Network, Precision};

/// The largest excess of a term of another point over the term of a point, by a loop over all
/// pairs.
fn excess(terms: &Terms, points: &[f32]) -> f64 {
    let slot = |point: usize| if terms.per_point() > 1 { terms.predicted()[point] } else { 0 };
    let value = |(coefficients, bias): (Vec<f64>, f64), at: usize| {
        let point = &points[at * FEATURES..][..FEATURES];
        coefficients.iter().zip(point).map(|(a, &x)| a * f64::from(x)).sum::<f64>() + bias
    };
    let mut excess = f64::NEG_INFINITY;
    for own in 0..terms.len() {
        let positive = value(terms.positive(own, slot(own)), own);
        let negative = value(terms.negative(own), own);
        for other in 0..terms.len() {
            for class in 0..terms.per_point() {
                excess = excess.max(value(terms.positive(other, class), own) - positive);
            }
            excess = excess.max(value(terms.negative(other), own) - negative);
        }
    }
    excess
}

/// Shifts and terms for a multiple of the tight shifts.
fn with_scale(
    network: &Network,
    classes: Classes,
    all: &[f32],
    scale: ShiftScale,
) -> (Shifts, Terms) {
    let extractor = Extractor::new(network, Gauge::Calibrated, classes).unwrap();
    let read = |_| Ok(all.to_vec());
    let batch = 0..all.len() / FEATURES;
    let (spec, gauge, buffer) =
        (extractor.spec(), (Gauge::Calibrated, scale), SpillBuffer::in_memory());
    let walk =
        TightPullback::new(&[spec], gauge, &[batch], &read, buffer, &|_| ControlFlow::Continue(()))
            .unwrap();
    let terms = walk.take(spec, walk.shifts(), 0).unwrap();
    (walk.shifts().clone(), terms)
}

#[test]
fn the_calibrated_scale_is_the_smallest_sufficient_one() {
    let mut scaled = 0;
    for seed in 1..9 {
        let all = points(6, seed);
        let network = network(Precision::F64);
        for classes in [Classes::Predicted, Classes::All] {
            let extractor = Extractor::new(&network, Gauge::Calibrated, classes).unwrap();
            let shifts = Shifts::calibrated(&network, classes, &all).unwrap();
            let terms = extractor.extract(&all).unwrap();
            assert!(excess(&terms, &all) < 1e-9, "{classes:?}");
            let step = (-4.0 * shifts.scale().log2()).round();
            let smaller = ShiftScale::of((-(step + 1.0) / 4.0).exp2()).unwrap();
            let (_, smaller) = with_scale(&network, classes, &all, smaller);
            assert!(excess(&smaller, &all) > 1e-9, "{classes:?}");
            scaled += usize::from(shifts.scale() < 1.0);
        }
    }
    assert!(scaled > 4, "{scaled} of 16 scales are below 1");
}

#[test]
fn coefficients_at_the_input_are_not_negative() {
    let all = points(30, 1);
    let network = network(Precision::F64);
    let extractor = Extractor::new(&network, Gauge::Calibrated, Classes::All).unwrap();
    let terms = extractor.extract(&all).unwrap();
    let rows = (0..terms.len()).flat_map(|point| {
        let positive = (0..CLASSES).map(move |class| (point, class));
        positive.map(|(point, class)| terms.positive(point, class).0)
    });
    let rows = rows.chain((0..terms.len()).map(|point| terms.negative(point).0));
    assert!(rows.flatten().all(|coefficient| coefficient > -1e-12));
}

#[test]
fn the_linear_terms_do_not_depend_on_the_scale() {
    let all = points(10, 1);
    let network = network(Precision::F64);
    let (whole, expected) = with_scale(&network, Classes::All, &all, ShiftScale::FULL);
    let (half, found) = with_scale(&network, Classes::All, &all, ShiftScale::of(0.5).unwrap());
    for point in 0..10 {
        for class in 0..CLASSES {
            assert_eq!(found.linear(point, class), expected.linear(point, class));
        }
        assert_ne!(found.negative(point), expected.negative(point));
    }
    // No shift has changed the rows at the last maximum.
    let first = network.nodes().iter().rposition(|node| node.op().is_maximum()).unwrap();
    let at = |shifts: &Shifts| shifts.at(ValueId::of_node(first)).unwrap();
    for (half, whole) in at(&half).into_iter().zip(at(&whole)) {
        assert!((half - 0.5 * whole).abs() < 1e-12);
    }
}
