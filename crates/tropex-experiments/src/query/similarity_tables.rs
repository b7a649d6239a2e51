//! Tables, figures and numbers of the similarity of linear terms.

use crate::render::{Figure, Histogram, Plot, PlotAxis};
use crate::report::{Answer, NumberId, Table, TableCell};
use crate::statistics::{PairMeasures, Summary};
use crate::unit::{Unit, count};

/// Number of intervals of a histogram.
const BINS: usize = 40;

/// Mean angle between the two terms of a pair.
pub(crate) const MEAN_ANGLE: NumberId = NumberId::new("angle", Unit::Degrees);

/// Number of pairs whose two terms both have a direction.
const PAIRS_WITH_ANGLE: NumberId = NumberId::new("pairs with an angle", Unit::Count);

/// A measure of the similarity of two terms.
struct SimilarityMeasure {
    name: &'static str,
    /// The identifier of the mean over all pairs.
    mean: NumberId,
    values: fn(&PairMeasures) -> &[f64],
    /// The objects with one value each: `pairs` or `coefficients`.
    each: &'static str,
    /// The reason why some of them have no value; empty if all have one.
    undefined: &'static str,
}

static MEASURES: [SimilarityMeasure; 5] = [
    SimilarityMeasure {
        name: "angle",
        mean: MEAN_ANGLE,
        values: |m| &m.angle,
        each: "pairs",
        undefined: "a term of zeros has no direction",
    },
    SimilarityMeasure {
        name: "distance",
        mean: NumberId::new("distance", Unit::Number),
        values: |m| &m.distance,
        each: "pairs",
        undefined: "",
    },
    SimilarityMeasure {
        name: "centred-distance",
        mean: NumberId::new("distance of centred terms", Unit::Number),
        values: |m| &m.centred_distance,
        each: "pairs",
        undefined: "",
    },
    SimilarityMeasure {
        name: "point-correlation",
        mean: NumberId::new("correlation per point", Unit::Number),
        values: |m| &m.point_correlation,
        each: "pairs",
        undefined: "a term with equal coefficients has no correlation",
    },
    SimilarityMeasure {
        name: "coefficient-correlation",
        mean: NumberId::new("correlation per coefficient", Unit::Number),
        values: |m| &m.coefficient_correlation,
        each: "coefficients",
        undefined: "a coefficient that is equal in all terms has no correlation",
    },
];

/// The definitions of the measures.
pub(crate) const NOTE: &str = "Centred terms have the mean of all terms of their set taken off; \
     the published distances are between centred terms. Correlation per coefficient is taken \
     across points for every coefficient, as published; correlation per point across the \
     coefficients of every pair.";

/// Adds measures of named sets of pairs, the first of which contains all pairs: a table,
/// histograms, and the means over all pairs as numbers. Notes name the numbers of pairs that means
/// are taken over.
pub(crate) fn add_measures(mut answer: Answer, sets: &[(String, PairMeasures)]) -> Answer {
    answer = answer.table(table(sets));
    let Some((_, first)) = sets.first() else { return answer };
    for measure in &MEASURES {
        let summary = measured((measure.values)(first));
        answer = answer.value(&measure.mean, summary.mean());
    }
    answer = answer.value(&PAIRS_WITH_ANGLE, measured(&first.angle).count() as f64);
    for measure in &MEASURES {
        let (found, all) =
            (measured((measure.values)(first)).count(), (measure.values)(first).len());
        if found < all {
            let (label, each, undefined) = (measure.mean.name(), measure.each, measure.undefined);
            answer = answer.note(format!(
                "The mean of {label} is taken over {} of {} {each}: {undefined}.",
                count(found),
                count(all),
            ));
        }
    }
    MEASURES.iter().fold(answer, |answer, measure| answer.figure(measure.figure(sets)))
}

/// The summary of the values that are defined; others are NaN.
fn measured(values: &[f64]) -> Summary {
    Summary::of(values.iter().copied().filter(|value| value.is_finite()))
}

/// The mean angle of some pairs, without terms of zeros, which have no direction.
pub(crate) fn mean_angle(set: &PairMeasures) -> f64 {
    measured(&set.angle).mean()
}

/// The mean angle as text.
pub(crate) fn angle_text(set: &PairMeasures) -> String {
    match mean_angle(set) {
        angle if angle.is_nan() => "nothing to measure".to_owned(),
        angle => Unit::Degrees.format(angle),
    }
}

/// Number of pairs of the mean angle: `40 test images`, or `20 of 40 test images (the others have
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
    let measures = MEASURES.iter().flat_map(|SimilarityMeasure { mean, .. }| {
        let of = |what| mean.of(what).name().to_owned();
        let unit = mean.unit();
        [(of("number"), Unit::Count), (of("mean"), unit), (of("deviation"), unit)]
    });
    let columns: Vec<_> = fixed.into_iter().chain(measures).collect();
    let columns: Vec<_> = columns.iter().map(|(name, unit)| (&**name, *unit)).collect();
    let mut table = Table::new("measures", "How alike the terms are", &columns);
    for (name, set) in sets {
        let cells = MEASURES.iter().flat_map(|measure| {
            let summary = measured((measure.values)(set));
            [summary.count().into(), summary.mean().into(), summary.deviation().into()]
        });
        let fixed = [TableCell::from(name.clone()), set.angle.len().into()];
        table.push(fixed.into_iter().chain(cells).collect());
    }
    table
}

impl SimilarityMeasure {
    /// A histogram of the sets. If there are several, the first one, which contains all pairs, is
    /// left out: it would hide the others.
    fn figure(&self, sets: &[(String, PairMeasures)]) -> Figure {
        let sets = if sets.len() > 1 { &sets[1..] } else { sets };
        let sets: Vec<_> =
            sets.iter().map(|(name, set)| (&**name, (self.values)(set).to_vec())).collect();
        let histogram =
            Histogram::of(PlotAxis::linear(self.mean.name(), self.mean.unit()), BINS, &sets);
        let title = format!("Linear terms: {}", self.mean.name());
        Figure::new(self.name, &title, Plot::Histogram(histogram))
    }
}
