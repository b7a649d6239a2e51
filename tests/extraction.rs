//! Linear terms of random networks: against the module, against Burn's autodiff, against an
//! independent reference, and against what must hold whatever the network.

use burn::module::Module;
use tropex::{Classes, Error, Extractor, Gauge, Network, Precision, SelfCheck, Terms};

use crate::common::module::Planned;
use crate::common::networks::{Case, Measured, Verdict, for_networks};
use crate::common::plan::{Ending, Plan};
use crate::common::{difference, largest, values};

#[test]
fn replay_computes_the_logits_of_the_module() {
    for_networks(|case, measured| {
        let module = values(case.module.logits(case.images(&case.device)));
        let scale = largest(&module).max(1.0);
        let found = case.replayed(Precision::F32);
        measured.within("f32 against module", difference(&found, &module) / scale, 1e-5)?;
        let reference: Vec<f64> = case.reference.iter().flat_map(|at| at.logits.clone()).collect();
        let found = case.replayed(Precision::F64);
        measured.within("f64 against reference", difference(&found, &reference) / scale, 1e-12)?;
        let softmax = case.network.dropped().is_some();
        measured.compared += 1;
        let expected = case.plan.ending != Ending::Logits;
        if softmax == expected { Ok(()) } else { Err("softmax not recorded".into()) }
    });
}

#[test]
fn linear_terms_are_the_jacobian_of_burns_autodiff() {
    for_networks(|case, measured| {
        let jacobians = jacobians(case);
        let terms = case.terms(Precision::F32, Classes::All)?;
        for (class, jacobian) in jacobians.iter().enumerate() {
            for point in 0..case.count() {
                measured.compared += 1;
                if !case.is_clear(point, Precision::F32) || case.reference[point].on_kink {
                    measured.left_out += 1;
                    continue;
                }
                let features = case.plan.features();
                let expected = &jacobian[point * features..][..features];
                let (found, _) = terms.linear(point, class);
                let error = difference(&found, expected) / largest(expected).max(1e-2);
                measured.within("f32 against autodiff", error, 1e-4)?;
            }
        }
        Ok(())
    });
}

/// For every class the gradients of its logit, point by point.
fn jacobians(case: &Case) -> Vec<Vec<f64>> {
    let device = case.device.clone().autodiff();
    // Frozen, batch norm and dropout behave as in evaluation.
    let module = Planned::new(&case.plan, &device).freeze();
    let gradient = |class| {
        let images = case.images(&device).require_grad();
        let logits = module.logits(images.clone());
        let gradients = logits.narrow(1, class, 1).sum().backward();
        // Logits that do not depend on the points leave no gradient.
        let gradient = images.grad(&gradients);
        gradient.map_or_else(|| vec![0.0; case.points.len()], values)
    };
    (0..case.plan.classes).map(gradient).collect()
}

#[test]
fn terms_in_f64_are_those_of_the_reference() {
    for_networks(|case, measured| {
        for classes in selections(case) {
            let terms = case.terms(Precision::F64, classes)?;
            agree(case, &terms, classes, measured, 1e-10)?;
        }
        Ok(())
    });
}

#[test]
fn terms_in_f32_are_those_of_the_reference() {
    for_networks(|case, measured| {
        for classes in selections(case) {
            let terms = case.terms(Precision::F32, classes)?;
            agree(case, &terms, classes, measured, 1e-4)?;
        }
        Ok(())
    });
}

pub(crate) fn selections(case: &Case) -> [Classes; 3] {
    [Classes::Predicted, Classes::All, Classes::One(case.plan.classes - 1)]
}

/// The class that a term of a point stands for.
fn class_of(terms: &Terms, classes: Classes, point: usize, index: usize) -> usize {
    match classes {
        Classes::All => index,
        Classes::Predicted => terms.predicted()[point],
        Classes::One(class) => class,
    }
}

fn agree(
    case: &Case,
    terms: &Terms,
    classes: Classes,
    measured: &mut Measured,
    allowed: f64,
) -> Verdict {
    for point in 0..case.count() {
        measured.compared += 1;
        if !case.is_clear(point, terms.precision()) {
            measured.left_out += 1;
            continue;
        }
        let at = &case.reference[point];
        let negative = terms.negative(point);
        measured.within("negative", coefficients(&negative, &at.negative), allowed)?;
        measured.within("negative bias", bias(&negative, &at.negative), allowed)?;
        for index in 0..terms.per_point() {
            let class = class_of(terms, classes, point, index);
            let positive = terms.positive(point, index);
            measured.within("positive", coefficients(&positive, &at.positive[class]), allowed)?;
            measured.within("positive bias", bias(&positive, &at.positive[class]), allowed)?;
            let linear = terms.linear(point, index);
            measured.within("linear", coefficients(&linear, &at.linear[class]), allowed)?;
            measured.within("linear bias", bias(&linear, &at.linear[class]), allowed)?;
            let logit = (terms.logit(point, index) - at.logits[class]).abs();
            measured.within("logit", logit / largest(&at.logits).max(1.0), allowed)?;
        }
    }
    Ok(())
}

/// Difference of coefficients relative to the largest.
pub(crate) fn coefficients(found: &(Vec<f64>, f64), expected: &(Vec<f64>, f64)) -> f64 {
    difference(&found.0, &expected.0) / largest(&expected.0).max(1e-2)
}

/// Difference of biases relative to the size of what they are added to.
pub(crate) fn bias(found: &(Vec<f64>, f64), expected: &(Vec<f64>, f64)) -> f64 {
    (found.1 - expected.1).abs() / largest(&expected.0).max(expected.1.abs()).max(1.0)
}

#[test]
fn every_term_attains_the_networks_value() {
    for_networks(|case, measured| {
        for precision in [Precision::F32, Precision::F64] {
            let terms = case.terms(precision, Classes::All)?;
            for point in 0..case.count() {
                let negative = value(&terms.negative(point), case.point(point));
                for class in 0..terms.per_point() {
                    measured.compared += 1;
                    let logit = terms.logit(point, class);
                    let linear = value(&terms.linear(point, class), case.point(point));
                    let error = (linear.sum - logit).abs() / linear.size.max(1.0);
                    let (name, split) = names(precision);
                    measured.within(name, error, 64.0 * precision.epsilon())?;
                    let positive = value(&terms.positive(point, class), case.point(point));
                    let error =
                        (positive.sum - negative.sum - logit).abs() / positive.size.max(1.0);
                    measured.within(split, error, 64.0 * precision.epsilon())?;
                }
            }
        }
        Ok(())
    });
}

fn names(precision: Precision) -> (&'static str, &'static str) {
    match precision {
        Precision::F32 => ("f32 linear term", "f32 positive - negative"),
        Precision::F64 => ("f64 linear term", "f64 positive - negative"),
    }
}

/// A term's value at a point, and the size of the numbers that were added up.
struct Valued {
    sum: f64,
    size: f64,
}

fn value((coefficients, bias): &(Vec<f64>, f64), point: &[f32]) -> Valued {
    let products = coefficients.iter().zip(point).map(|(a, &x)| a * f64::from(x));
    let sum = products.clone().sum::<f64>() + bias;
    Valued { sum, size: products.map(f64::abs).sum::<f64>() + bias.abs() }
}

#[test]
fn positive_and_negative_coefficients_are_not_negative() {
    for_networks(|case, measured| {
        for precision in [Precision::F32, Precision::F64] {
            for classes in selections(case) {
                measured.compared += 1;
                let terms = case.terms(precision, classes)?;
                let (smallest, largest) = extremes(&terms);
                let check = SelfCheck::of(&terms, &case.points);
                if (check.smallest_coefficient, check.largest_coefficient) != (smallest, largest) {
                    return Err(format!("self check {check:?}, found {smallest:e} {largest:e}"));
                }
                let name = match precision {
                    Precision::F32 => "f32 most negative in eps of the largest",
                    Precision::F64 => "f64 most negative in eps of the largest",
                };
                let relative = -smallest / (largest.max(1e-30) * precision.epsilon());
                measured.within(name, relative.max(0.0), ROUNDED_ZERO)?;
            }
        }
        Ok(())
    });
}

/// Coefficients that are zero but for rounding, in rounding steps of the largest coefficient. The
/// largest of 3000 networks was 4.4 in `f32` and 1.4 in `f64`.
pub(crate) const ROUNDED_ZERO: f64 = 16.0;

/// Smallest and largest coefficient of all positive and negative terms.
pub(crate) fn extremes(terms: &Terms) -> (f64, f64) {
    let mut extremes = (f64::INFINITY, f64::NEG_INFINITY);
    for point in 0..terms.len() {
        let positive = (0..terms.per_point()).map(|index| terms.positive(point, index).0);
        for value in positive.chain([terms.negative(point).0]).flatten() {
            extremes = (extremes.0.min(value), extremes.1.max(value));
        }
    }
    extremes
}

#[test]
fn no_term_exceeds_a_points_own() {
    for_networks(|case, measured| {
        for precision in [Precision::F32, Precision::F64] {
            for classes in selections(case) {
                let terms = case.terms(precision, classes)?;
                let name = match precision {
                    Precision::F32 => "f32 dominance gap in eps",
                    Precision::F64 => "f64 dominance gap in eps",
                };
                for index in 0..terms.per_point() {
                    measured.compared += 1;
                    let gap = dominance_gap(case, &terms, index) / precision.epsilon();
                    measured.within(name, gap, 64.0)?;
                }
            }
        }
        Ok(())
    });
}

/// Largest excess of another point's term over a point's own, relative to the size of the sums. A
/// positive term is a sum of two, whose sizes count even where they cancel.
pub(crate) fn dominance_gap(case: &Case, terms: &Terms, index: usize) -> f64 {
    let mut gap = 0.0_f64;
    for own in 0..terms.len() {
        let at = |other| {
            let point = case.point(own);
            let negative = value(&terms.negative(other), point);
            let linear = value(&terms.linear(other, index), point);
            let positive = value(&terms.positive(other, index), point);
            [Valued { size: linear.size + negative.size, ..positive }, negative]
        };
        let own = at(own);
        for other in (0..terms.len()).map(at) {
            for (own, other) in own.iter().zip(&other) {
                let size = other.size.max(own.size).max(1e-30);
                gap = gap.max((other.sum - own.sum) / size);
            }
        }
    }
    gap
}

#[test]
fn batches_of_any_size_give_the_same_terms() {
    for_networks(|case, measured| {
        let whole = case.terms(Precision::F64, Classes::All)?;
        let network = case.placed(Precision::F64);
        let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::All);
        let extractor = extractor.map_err(|error| error.to_string())?;
        for batch in [1, 2, 7] {
            let batches = case.points.chunks(batch * case.plan.features());
            for (first, points) in batches.enumerate().map(|(index, p)| (index * batch, p)) {
                let part = extractor.extract(points).map_err(|error| error.to_string())?;
                same(case, &whole, &part, first, measured)?;
            }
        }
        Ok(())
    });
}

fn same(
    case: &Case,
    whole: &Terms,
    part: &Terms,
    first: usize,
    measured: &mut Measured,
) -> Verdict {
    for point in 0..part.len() {
        measured.compared += 1;
        if !case.is_clear(first + point, Precision::F64) {
            measured.left_out += 1;
            continue;
        }
        let (found, expected) = (part.negative(point), whole.negative(first + point));
        measured.within("negative", coefficients(&found, &expected), 1e-12)?;
        measured.within("negative bias", bias(&found, &expected), 1e-12)?;
        for class in 0..whole.per_point() {
            let (found, expected) = (part.linear(point, class), whole.linear(first + point, class));
            measured.within("linear", coefficients(&found, &expected), 1e-12)?;
            measured.within("linear bias", bias(&found, &expected), 1e-12)?;
        }
    }
    Ok(())
}

#[test]
fn extraction_refuses_what_it_cannot_use() {
    let plan = Plan::grow(1, usize::MAX);
    let network = captured(&plan);
    let too_high = Extractor::new(&network, Gauge::WorstCase, Classes::One(plan.classes));
    assert_shape_error(too_high.map(|_| ()), "class", &plan.classes.to_string());
    let extractor = Extractor::new(&network, Gauge::WorstCase, Classes::Predicted);
    let extractor = extractor.expect("the network has classes");
    let none = extractor.extract(&[]).map(|_| ());
    assert_shape_error(none, "points", "found 0, expected a multiple of");
    let short = vec![0.5; 2 * plan.features() - 1];
    let found = short.len().to_string();
    assert_shape_error(extractor.extract(&short).map(|_| ()), "points", &found);
    assert_shape_error(network.logits(&short).map(|_| ()), "points", &found);
}

fn captured(plan: &Plan) -> Network {
    let module = Planned::new(plan, &crate::common::device());
    tropex::capture(&module, plan.input, Planned::forward).expect("plans can be captured")
}

fn assert_shape_error(result: Result<(), Error>, what: &str, contains: &str) {
    let error = result.expect_err("must be refused");
    assert!(matches!(error, Error::Shape { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(what) && text.contains(contains), "{text}");
}
