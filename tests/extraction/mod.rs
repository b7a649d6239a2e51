//! Linear terms of random networks, compared with the module, with Burn's autodiff and with an
//! independent reference, and checked for properties that all networks have.

mod calibrated;
mod maxima;
mod module;
mod parts;
mod reference;
mod terms;
mod tight;

use tropex::{Classes, Error, Extractor, Gauge};

use crate::common::module::Planned;
use crate::common::networks::Case;
use crate::common::plan::Plan;
use crate::common::properties::properties;
use crate::common::{device, difference, largest};

properties! {
    reference:
        the_reference_computes_the_logits_of_the_module,
        the_reference_has_the_jacobian_of_burns_autodiff;
    module:
        replay_computes_the_logits_of_the_module,
        a_network_is_the_composition_of_two_parts,
        linear_terms_are_the_jacobian_of_burns_autodiff;
    terms:
        terms_in_f64_are_those_of_the_reference,
        terms_in_f32_are_those_of_the_reference,
        batches_of_any_size_give_the_same_terms,
        linear_terms_alone_are_those_of_an_extraction;
    maxima:
        every_term_attains_the_networks_value,
        positive_and_negative_coefficients_are_not_negative,
        no_term_exceeds_a_points_own;
    tight:
        tight_terms_in_f64_are_those_of_the_reference,
        tight_terms_in_f32_are_those_of_the_reference,
        no_tight_coefficient_is_negative_and_no_term_exceeds_a_points_own,
        no_tight_shift_is_larger_than_that_of_the_worst_case,
        under_their_own_shifts_points_have_the_same_terms_and_violate_none,
        tight_terms_are_the_same_in_batches_of_any_size_in_memory_or_on_disk;
    calibrated:
        no_calibrated_term_exceeds_a_points_own;
}

fn selections(case: &Case) -> [Classes; 3] {
    [Classes::Predicted, Classes::All, Classes::One(case.plan.classes - 1)]
}

/// Largest difference of coefficients, relative to the largest coefficient.
fn coefficients(found: &(Vec<f64>, f64), expected: &(Vec<f64>, f64)) -> f64 {
    difference(&found.0, &expected.0) / largest(&expected.0).max(1e-2)
}

/// Difference of biases, relative to the largest coefficient or the bias.
fn bias(found: &(Vec<f64>, f64), expected: &(Vec<f64>, f64)) -> f64 {
    (found.1 - expected.1).abs() / largest(&expected.0).max(expected.1.abs()).max(1.0)
}

#[test]
fn extraction_refuses_invalid_classes_and_points() {
    let plan = Plan::grow(1, 0);
    let module = Planned::new(&plan, &device());
    let network = module.capture(&plan.input).expect("plans can be captured");
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

fn assert_shape_error(result: Result<(), Error>, what: &str, contains: &str) {
    let error = result.expect_err("must be refused");
    assert!(matches!(error, Error::Shape { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(what) && text.contains(contains), "{text}");
}
