//! The tight gauge: against an independent reference, against what must hold whatever the network,
//! and whatever the batches and the memory.

use std::ops::Range;

use tropex::extract::store::ExtractOptions;
use tropex::{Classes, Extractor, Gauge, PointSource, Precision, Shifts, TermStore, Terms};

use crate::common::networks::{Case, Measured, Verdict, for_networks};
use crate::common::reference::{At, Reference};
use crate::common::tight::tight;
use crate::common::{difference, largest};
use crate::extraction::{ROUNDED_ZERO, bias, coefficients, dominance_gap, extremes, selections};

/// The points at which computing in a precision surely chooses the same pieces as the reference:
/// a point that does not would change the shifts of all.
fn clear_points(case: &Case, precision: Precision, measured: &mut Measured) -> Vec<usize> {
    let clear: Vec<_> =
        (0..case.count()).filter(|&point| case.is_clear(point, precision)).collect();
    measured.compared += case.count();
    measured.left_out += case.count() - clear.len();
    clear
}

/// Classes asked for at a point.
fn classes_at(classes: Classes, at: &At) -> Vec<usize> {
    let first_largest = |best: usize, class: usize| {
        if at.logits[class] > at.logits[best] { class } else { best }
    };
    match classes {
        Classes::All => (0..at.logits.len()).collect(),
        Classes::Predicted => vec![(0..at.logits.len()).fold(0, first_largest)],
        Classes::One(class) => vec![class],
    }
}

fn terms_are_those_of_the_reference(precision: Precision, allowed: f64) {
    for_networks(|case, measured| {
        let clear = clear_points(case, precision, measured);
        if clear.is_empty() {
            return Ok(());
        }
        let points: Vec<&[f32]> = clear.iter().map(|&point| case.point(point)).collect();
        let reference = Reference::new(&case.plan);
        for classes in selections(case) {
            let expected = tight(&reference, &points, &|at| classes_at(classes, at));
            let extractor = Extractor::new(&case.placed(precision), Gauge::Tight, classes);
            let terms = extractor.and_then(|extractor| extractor.extract(&points.concat()));
            let terms = terms.map_err(|error| error.to_string())?;
            for (point, (linear, negative)) in expected.iter().enumerate() {
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
    });
}

#[test]
fn terms_in_f64_are_those_of_the_reference() {
    terms_are_those_of_the_reference(Precision::F64, 1e-10);
}

#[test]
fn terms_in_f32_are_those_of_the_reference() {
    terms_are_those_of_the_reference(Precision::F32, 1e-4);
}

#[test]
fn no_coefficient_is_negative_and_no_term_exceeds_a_points_own() {
    for_networks(|case, measured| {
        for precision in [Precision::F32, Precision::F64] {
            for classes in selections(case) {
                measured.compared += 1;
                let extractor = Extractor::new(&case.placed(precision), Gauge::Tight, classes);
                let terms = extractor.and_then(|extractor| extractor.extract(&case.points));
                let terms = terms.map_err(|error| error.to_string())?;
                let (smallest, largest) = extremes(&terms);
                let negative = -smallest / (largest.max(1e-30) * precision.epsilon());
                measured.within("most negative in eps", negative.max(0.0), ROUNDED_ZERO)?;
                for index in 0..terms.per_point() {
                    let gap = dominance_gap(case, &terms, index) / precision.epsilon();
                    measured.within("dominance gap in eps", gap, 64.0)?;
                }
            }
        }
        Ok(())
    });
}

#[test]
fn no_shift_is_larger_than_that_of_the_worst_case() {
    for_networks(|case, measured| {
        let network = case.placed(Precision::F64);
        let fail = |error: tropex::Error| error.to_string();
        for classes in selections(case) {
            measured.compared += 1;
            let worst = Extractor::new(&network, Gauge::WorstCase, classes).map_err(fail)?;
            let worst = worst.shifts().ok_or("the worst case needs no points")?;
            let tight = Shifts::tight(&network, classes, &case.points).map_err(fail)?;
            let inputs = network.nodes().iter().flat_map(|node| node.inputs());
            for &value in inputs.chain([&network.output()]) {
                let (Some(tight), Some(worst)) = (tight.at(value), worst.at(value)) else {
                    continue;
                };
                let excess = tight.iter().zip(&worst).map(|(tight, worst)| tight - worst);
                let excess = excess.fold(0.0, f64::max) / largest(&worst).max(1e-2);
                measured.within("excess over the worst case", excess, 1e-12)?;
            }
            measured.within("start", tight.at_start() - worst.at_start(), 1e-12)?;
        }
        Ok(())
    });
}

#[test]
fn under_their_own_shifts_points_have_the_same_terms_and_violate_none() {
    for_networks(|case, measured| {
        for precision in [Precision::F32, Precision::F64] {
            measured.compared += 1;
            let network = case.placed(precision);
            let fail = |error: tropex::Error| error.to_string();
            let tight = Extractor::new(&network, Gauge::Tight, Classes::All).map_err(fail)?;
            let expected = tight.extract(&case.points).map_err(fail)?;
            let shifts = Shifts::tight(&network, Classes::All, &case.points).map_err(fail)?;
            let under = Extractor::with_shifts(&network, &shifts, Classes::All).map_err(fail)?;
            let found = under.extract(&case.points).map_err(fail)?;
            same(&expected, &found, 0, 8.0 * precision.epsilon(), measured)?;
            let violations = found.violations().ok_or("violations are not looked for")?;
            if violations.points > 0 {
                return Err(format!("{violations:?} of the shifts' own points"));
            }
        }
        Ok(())
    });
}

/// Compares terms with those of a part of the points, from `first` on.
fn same(
    whole: &Terms,
    part: &Terms,
    first: usize,
    allowed: f64,
    measured: &mut Measured,
) -> Verdict {
    for point in 0..part.len() {
        let (found, expected) = (part.negative(point), whole.negative(first + point));
        measured.within("negative", coefficients(&found, &expected), allowed)?;
        measured.within("negative bias", bias(&found, &expected), allowed)?;
        for class in 0..whole.per_point() {
            let (found, expected) = (part.linear(point, class), whole.linear(first + point, class));
            measured.within("linear", coefficients(&found, &expected), allowed)?;
            measured.within("linear bias", bias(&found, &expected), allowed)?;
        }
    }
    Ok(())
}

/// The points of a case, as a source.
struct Points<'a> {
    values: &'a [f32],
    features: usize,
}

impl PointSource for Points<'_> {
    fn len(&self) -> usize {
        self.values.len() / self.features
    }

    fn features(&self) -> usize {
        self.features
    }

    fn read(&self, range: Range<usize>) -> Vec<f32> {
        self.values[range.start * self.features..range.end * self.features].to_vec()
    }

    fn label(&self, _: usize) -> usize {
        0
    }

    fn fingerprint(&self) -> String {
        "points of a case".into()
    }
}

#[test]
fn batches_of_any_size_in_memory_or_on_disk_give_the_same_terms() {
    for_networks(|case, measured| {
        // Files are slow.
        if case.plan.seed % 5 != 0 {
            return Ok(());
        }
        let clear = clear_points(case, Precision::F64, measured);
        let points: Vec<f32> = clear.iter().flat_map(|&point| case.point(point)).copied().collect();
        if clear.is_empty() {
            return Ok(());
        }
        let network = case.placed(Precision::F64);
        let fail = |error: tropex::Error| error.to_string();
        let extractor = Extractor::new(&network, Gauge::Tight, Classes::All).map_err(fail)?;
        let whole = extractor.extract(&points).map_err(fail)?;
        let source = Points { values: &points, features: case.plan.features() };
        for (batch, memory) in [(1, 0), (2, usize::MAX), (7, 1000)] {
            let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
            let options = ExtractOptions {
                batch: Some(batch),
                memory: Some(memory),
                dominance_points: 0,
                ..ExtractOptions::default()
            };
            let store = TermStore::extract(folder.path(), &extractor, &source, &options, &|_| {});
            for shard in store.map_err(fail)?.shards() {
                let shard = shard.map_err(fail)?;
                let found: Vec<f64> = shard.negative_coefficients.iter().collect();
                let expected = (0..whole.len()).flat_map(|point| whole.negative(point).0);
                let expected: Vec<f64> = expected.collect();
                let error = difference(&found, &expected) / largest(&expected).max(1e-2);
                measured.within("negative on disk", error, 1e-12)?;
                let found: Vec<f64> = shard.linear_coefficients.iter().collect();
                let slots = (0..whole.len())
                    .flat_map(|point| (0..whole.per_point()).map(move |class| (point, class)));
                let expected = slots.flat_map(|(point, class)| whole.linear(point, class).0);
                let expected: Vec<f64> = expected.collect();
                let error = difference(&found, &expected) / largest(&expected).max(1e-2);
                measured.within("linear on disk", error, 1e-12)?;
            }
        }
        Ok(())
    });
}
