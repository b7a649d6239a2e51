//! Terms compared with the independent reference, and with terms extracted in other batches.

use tropex::{Classes, Extractor, Gauge, Precision, Terms};

use super::{bias, coefficients, selections};
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};
use crate::common::{difference, largest};

pub(super) fn terms_in_f64_are_those_of_the_reference(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    for classes in selections(case) {
        let terms = case.terms(Precision::F64, classes)?;
        agree(case, &terms, classes, measured, 1e-10)?;
    }
    Ok(())
}

pub(super) fn terms_in_f32_are_those_of_the_reference(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    for classes in selections(case) {
        let terms = case.terms(Precision::F32, classes)?;
        agree(case, &terms, classes, measured, 1e-4)?;
    }
    Ok(())
}

/// The class of a term of a point.
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
            // A positive term is a sum, and the negative term may cancel in it. The error is
            // relative to the larger summand: in 4,000 networks in f32 it was below 1e-5, but 9e-5
            // relative to the sum in one.
            let expected = &at.positive[class];
            let scale = largest(&expected.0).max(largest(&at.negative.0)).max(1e-2);
            let error = difference(&positive.0, &expected.0) / scale;
            measured.within("positive", error, allowed)?;
            measured.within("positive bias", bias(&positive, expected), allowed)?;
            let linear = terms.linear(point, index);
            measured.within("linear", coefficients(&linear, &at.linear[class]), allowed)?;
            measured.within("linear bias", bias(&linear, &at.linear[class]), allowed)?;
            let logit = (terms.logit(point, index) - at.logits[class]).abs();
            measured.within("logit", logit / largest(&at.logits).max(1.0), allowed)?;
        }
    }
    Ok(())
}

pub(super) fn batches_of_any_size_give_the_same_terms(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let whole = case.terms(Precision::F64, Classes::All)?;
    let network = case.placed(Precision::F64)?;
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

pub(super) fn linear_terms_alone_are_those_of_an_extraction(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let network = case.placed(Precision::F64)?;
    for classes in selections(case) {
        let terms = case.terms(Precision::F64, classes)?;
        let alone = network.linear_terms(&case.points, classes).map_err(|e| e.to_string())?;
        if (alone.predicted(), alone.per_point()) != (terms.predicted(), terms.per_point()) {
            return Err("other classes".into());
        }
        let points = 0..alone.len();
        let pairs =
            points.flat_map(|point| (0..alone.per_point()).map(move |index| (point, index)));
        for (point, index) in pairs {
            measured.compared += 1;
            let (found, expected) = (alone.term(point, index), terms.linear(point, index));
            measured.within("coefficients", coefficients(&found, &expected), 1e-12)?;
            measured.within("bias", bias(&found, &expected), 1e-12)?;
            let logits = (alone.logit(point, index) - terms.logit(point, index)).abs();
            measured.within("logit", logits, 0.0)?;
        }
    }
    Ok(())
}
