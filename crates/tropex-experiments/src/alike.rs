//! Tables and figures of how alike terms are, which experiments have in common.

use crate::report::{Answer, Axis, Cell, Figure, Histogram, Plot, Table, Unit, count};
use crate::statistics::{PairMeasures, Summary};

/// Intervals of a histogram.
const BINS: usize = 40;

/// A measure of how alike terms are.
struct Measure {
    name: &'static str,
    /// What it says, with what it is taken across.
    label: &'static str,
    unit: Unit,
    values: fn(&PairMeasures) -> &[f64],
    /// What there is a value of.
    each: &'static str,
    /// Of which there is no value.
    undefined: &'static str,
}

const MEASURES: [Measure; 5] = [
    Measure {
        name: "angle",
        label: "angle",
        unit: Unit::Degrees,
        values: |m| &m.angle,
        each: "pairs",
        undefined: "a term of zeros has no direction",
    },
    Measure {
        name: "distance",
        label: "distance",
        unit: Unit::Number,
        values: |m| &m.distance,
        each: "pairs",
        undefined: "",
    },
    Measure {
        name: "centred-distance",
        label: "distance of centred terms",
        unit: Unit::Number,
        values: |m| &m.centred_distance,
        each: "pairs",
        undefined: "",
    },
    Measure {
        name: "point-correlation",
        label: "correlation per point",
        unit: Unit::Number,
        values: |m| &m.point_correlation,
        each: "pairs",
        undefined: "a term with equal coefficients has no correlation",
    },
    Measure {
        name: "coefficient-correlation",
        label: "correlation per coefficient",
        unit: Unit::Number,
        values: |m| &m.coefficient_correlation,
        each: "coefficients",
        undefined: "a coefficient that is equal in all terms has no correlation",
    },
];

/// What the measures mean, for a reader who compares them with others.
pub(crate) const NOTE: &str = "Centred terms have the mean of all terms of their set taken off; \
     the published distances are between centred terms. Correlation per coefficient is taken \
     across points for every coefficient, as published; correlation per point across the \
     coefficients of every pair.";

/// Adds measures of named sets of pairs, the first of which holds all pairs: a table, histograms,
/// and the means over all pairs as numbers. Notes say over how many of them means are taken.
pub(crate) fn add_measures(mut answer: Answer, sets: &[(String, PairMeasures)]) -> Answer {
    answer = answer.table(table(sets));
    let Some((_, first)) = sets.first() else { return answer };
    for measure in &MEASURES {
        let summary = measured((measure.values)(first));
        answer = answer.value(measure.label, summary.mean(), measure.unit);
    }
    answer =
        answer.value("pairs with an angle", measured(&first.angle).count() as f64, Unit::Count);
    for measure in &MEASURES {
        let (found, all) =
            (measured((measure.values)(first)).count(), (measure.values)(first).len());
        if found < all {
            let Measure { label, each, undefined, .. } = measure;
            answer = answer.note(format!(
                "The mean of {label} is taken over {} of {} {each}: {undefined}.",
                count(found),
                count(all),
            ));
        }
    }
    MEASURES.iter().fold(answer, |answer, measure| answer.figure(measure.figure(sets)))
}

/// Of the values that there are: a measure of terms that have none is not a number.
fn measured(values: &[f64]) -> Summary {
    Summary::of(values.iter().copied().filter(|value| value.is_finite()))
}

/// The mean angle of some pairs; none of terms of zeros, which have no direction.
pub(crate) fn mean_angle(set: &PairMeasures) -> f64 {
    measured(&set.angle).mean()
}

/// The mean angle as people read it.
pub(crate) fn angle_text(set: &PairMeasures) -> String {
    match mean_angle(set) {
        angle if angle.is_nan() => "nothing to measure".to_owned(),
        angle => Unit::Degrees.format(angle),
    }
}

/// What the mean angle is taken over: `40 test images`, or `20 of 40 test images (the others have
/// terms of zeros)`.
pub(crate) fn with_angle(set: &PairMeasures, what: &str) -> String {
    let (found, all) = (measured(&set.angle).count(), set.angle.len());
    match found == all {
        true => format!("{} {what}", count(all)),
        false => {
            format!("{} of {} {what} (the others have terms of zeros)", count(found), count(all))
        }
    }
}

fn table(sets: &[(String, PairMeasures)]) -> Table {
    let fixed = [("set".to_owned(), Unit::Text), ("pairs".to_owned(), Unit::Count)];
    let measures = MEASURES.iter().flat_map(|Measure { label, unit, .. }| {
        let of = |what| format!("{label}, {what}");
        [(of("number"), Unit::Count), (of("mean"), *unit), (of("deviation"), *unit)]
    });
    let columns: Vec<_> = fixed.into_iter().chain(measures).collect();
    let columns: Vec<_> = columns.iter().map(|(name, unit)| (&**name, *unit)).collect();
    let mut table = Table::new("measures", "How alike the terms are", &columns);
    for (name, set) in sets {
        let cells = MEASURES.iter().flat_map(|measure| {
            let summary = measured((measure.values)(set));
            [summary.count().into(), summary.mean().into(), summary.deviation().into()]
        });
        let fixed = [Cell::from(name.clone()), set.angle.len().into()];
        table.push(fixed.into_iter().chain(cells).collect());
    }
    table
}

impl Measure {
    /// Of several sets the first holds all pairs, which would hide the others.
    fn figure(&self, sets: &[(String, PairMeasures)]) -> Figure {
        let sets = if sets.len() > 1 { &sets[1..] } else { sets };
        let sets: Vec<_> =
            sets.iter().map(|(name, set)| (&**name, (self.values)(set).to_vec())).collect();
        let histogram = Histogram::of(Axis::linear(self.label, self.unit), BINS, &sets);
        let title = format!("Linear terms: {}", self.label);
        Figure::new(self.name, &title, Plot::Histogram(histogram))
    }
}
