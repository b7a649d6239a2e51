//! The tight gauge, compared with an independent reference, and checked for properties that hold
//! for all networks, batches and memory limits.

use std::ops::ControlFlow;

use tropex::extract::job::ExtractOptions;
use tropex::extract::points::SlicePoints;
use tropex::extract::terms::TermTable;
use tropex::{Classes, Extractor, Gauge, Precision, SelfCheck, Shifts, TermStore, Terms};

use super::maxima::{dominance_gap, extremes};
use super::{bias, coefficients, selections};
use crate::common::networks::Case;
use crate::common::properties::{Measured, Verdict};
use crate::common::reference::Reference;
use crate::common::{difference, largest, precisions};

/// Largest rounding error of a coefficient that should be zero, in units of machine epsilon times
/// the largest coefficient or shift.
const ROUNDED_ZERO: f64 = 16.0;

fn words(error: tropex::Error) -> String {
    error.to_string()
}

/// The points at which the precision is certain to choose the pieces of the reference. Any other
/// point would change the shifts of all points.
fn clear_points(case: &Case, precision: Precision, measured: &mut Measured) -> Vec<usize> {
    let clear: Vec<_> =
        (0..case.count()).filter(|&point| case.is_clear(point, precision)).collect();
    measured.compared += case.count();
    measured.left_out += case.count() - clear.len();
    clear
}

/// The classes of the terms of a point. The predicted class may depend on rounding.
fn classes_at(classes: Classes, terms: &Terms, point: usize) -> Vec<usize> {
    match classes {
        Classes::All => (0..terms.per_point()).collect(),
        Classes::Predicted => vec![terms.predicted()[point]],
        Classes::One(class) => vec![class],
    }
}

pub(super) fn tight_terms_in_f64_are_those_of_the_reference(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    agree(case, measured, Precision::F64, 1e-10)
}

pub(super) fn tight_terms_in_f32_are_those_of_the_reference(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    agree(case, measured, Precision::F32, 1e-4)
}

fn agree(case: &Case, measured: &mut Measured, precision: Precision, allowed: f64) -> Verdict {
    let clear = clear_points(case, precision, measured);
    if clear.is_empty() {
        return Ok(());
    }
    let points: Vec<&[f32]> = clear.iter().map(|&point| case.point(point)).collect();
    let reference = Reference::new(&case.plan);
    for classes in selections(case) {
        let extractor = Extractor::new(&case.placed(precision)?, Gauge::Tight, classes);
        let terms = extractor.and_then(|extractor| extractor.extract(&points.concat()));
        let terms = terms.map_err(words)?;
        let asked = (0..points.len()).map(|point| classes_at(classes, &terms, point));
        let asked: Vec<_> = points.iter().copied().zip(asked).collect();
        for (point, (linear, negative)) in reference.tight(&asked).iter().enumerate() {
            let found = terms.negative(point);
            measured.within("negative", coefficients(&found, negative), allowed)?;
            measured.within("negative bias", bias(&found, negative), allowed)?;
            for (index, expected) in linear.iter().enumerate() {
                let found = terms.linear(point, index);
                measured.within("linear", coefficients(&found, expected), allowed)?;
                measured.within("linear bias", bias(&found, expected), allowed)?;
            }
        }
    }
    Ok(())
}

pub(super) fn no_tight_coefficient_is_negative_and_no_term_exceeds_a_points_own(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    for precision in precisions() {
        for classes in selections(case) {
            measured.compared += 1;
            let extractor = Extractor::new(&case.placed(precision)?, Gauge::Tight, classes);
            let terms = extractor.and_then(|extractor| extractor.extract(&case.points));
            let terms = terms.map_err(words)?;
            let (smallest, largest) = extremes(&terms);
            // Rows may cancel most of the shift at the input, so that all coefficients are smaller
            // than it.
            let largest = largest.max(SelfCheck::of(&terms, &case.points).largest_shift);
            let negative = -smallest / (largest.max(1e-30) * precision.epsilon());
            measured.within("most negative in eps", negative.max(0.0), ROUNDED_ZERO)?;
            for index in 0..terms.per_point() {
                let gap = dominance_gap(case, &terms, index) / precision.epsilon();
                measured.within("dominance gap in eps", gap, 64.0)?;
            }
        }
    }
    Ok(())
}

/// The bounds of the worst case hold for the rows of the points too, so their negative parts are no
/// larger than those of the bounds.
pub(super) fn no_tight_shift_is_larger_than_that_of_the_worst_case(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    let network = case.placed(Precision::F64)?;
    for classes in selections(case) {
        measured.compared += 1;
        let worst = Extractor::new(&network, Gauge::WorstCase, classes).map_err(words)?;
        let worst = worst.shifts().ok_or("the worst case needs no points")?;
        let tight = Shifts::tight(&network, classes, &case.points).map_err(words)?;
        let inputs = network.nodes().iter().flat_map(|node| node.inputs());
        for &value in inputs.chain([&network.output()]) {
            let (Some(tight), Some(worst)) = (tight.at(value), worst.at(value)) else { continue };
            let excess = tight.iter().zip(&worst).map(|(tight, worst)| tight - worst);
            let excess = excess.fold(0.0, f64::max) / largest(&worst).max(1e-2);
            measured.within("excess over the worst case", excess, 1e-12)?;
        }
        measured.within("start", tight.at_start() - worst.at_start(), 1e-12)?;
    }
    Ok(())
}

pub(super) fn under_their_own_shifts_points_have_the_same_terms_and_violate_none(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    for precision in precisions() {
        measured.compared += 1;
        let network = case.placed(precision)?;
        let tight = Extractor::new(&network, Gauge::Tight, Classes::All).map_err(words)?;
        let expected = tight.extract(&case.points).map_err(words)?;
        let shifts = Shifts::tight(&network, Classes::All, &case.points).map_err(words)?;
        let under = Extractor::with_shifts(&network, &shifts, Classes::All).map_err(words)?;
        let found = under.extract(&case.points).map_err(words)?;
        same(&expected, &found, 8.0 * precision.epsilon(), measured)?;
        let violations = found.violations().ok_or("violations are not looked for")?;
        if violations.points > 0 {
            return Err(format!("{violations:?} of the shifts' own points"));
        }
    }
    Ok(())
}

fn same(expected: &Terms, found: &Terms, allowed: f64, measured: &mut Measured) -> Verdict {
    for point in 0..expected.len() {
        let terms = (found.negative(point), expected.negative(point));
        measured.within("negative", coefficients(&terms.0, &terms.1), allowed)?;
        measured.within("negative bias", bias(&terms.0, &terms.1), allowed)?;
        for class in 0..expected.per_point() {
            let terms = (found.linear(point, class), expected.linear(point, class));
            measured.within("linear", coefficients(&terms.0, &terms.1), allowed)?;
            measured.within("linear bias", bias(&terms.0, &terms.1), allowed)?;
        }
    }
    Ok(())
}

pub(super) fn tight_terms_are_the_same_in_batches_of_any_size_in_memory_or_on_disk(
    case: &Case,
    measured: &mut Measured,
) -> Verdict {
    // Only every tenth network, because files are slow.
    if !case.plan.seed.is_multiple_of(10) {
        return Ok(());
    }
    let clear = clear_points(case, Precision::F64, measured);
    if clear.is_empty() {
        return Ok(());
    }
    let points: Vec<f32> = clear.iter().flat_map(|&point| case.point(point)).copied().collect();
    let network = case.placed(Precision::F64)?;
    let extractor = Extractor::new(&network, Gauge::Tight, Classes::All).map_err(words)?;
    let whole = extractor.extract(&points).map_err(words)?;
    let labels = vec![0; clear.len()];
    let source = SlicePoints::new(&points, case.plan.features(), &labels).map_err(words)?;
    for (batch, memory) in [(1, 0), (2, usize::MAX), (7, 1000)] {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let options = ExtractOptions {
            batch: Some(batch),
            memory: Some(memory),
            dominance_points: 0,
            ..ExtractOptions::default()
        };
        let store = TermStore::extract(folder.path(), &extractor, &source, &options, &|_| {
            ControlFlow::Continue(())
        });
        let store = store.map_err(words)?;
        let shard = store.shards().next().ok_or("no shard")?.map_err(words)?;
        on_disk(&whole, &shard, measured)?;
    }
    Ok(())
}

/// Compares terms of all classes with the only shard of a store.
fn on_disk(whole: &Terms, shard: &TermTable, measured: &mut Measured) -> Verdict {
    let numbers = |data: &burn::tensor::TensorData| data.iter::<f64>().collect::<Vec<_>>();
    let negative = (0..whole.len()).flat_map(|point| whole.negative(point).0);
    let slots =
        (0..whole.len()).flat_map(|point| (0..whole.per_point()).map(move |class| (point, class)));
    let linear = slots.flat_map(|(point, class)| whole.linear(point, class).0);
    for (name, found, expected) in [
        ("negative on disk", numbers(&shard.negative_coefficients), negative.collect::<Vec<_>>()),
        ("linear on disk", numbers(&shard.linear_coefficients), linear.collect::<Vec<_>>()),
    ] {
        let error = difference(&found, &expected) / largest(&expected).max(1e-2);
        measured.within(name, error, 1e-12)?;
    }
    Ok(())
}
