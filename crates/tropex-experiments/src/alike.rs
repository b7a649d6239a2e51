//! Tables and figures of how alike terms are, which experiments have in common.

use crate::report::{Answer, Axis, Cell, Figure, Histogram, Plot, Table, Unit};
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
}

const MEASURES: [Measure; 5] = [
    Measure { name: "angle", label: "angle", unit: Unit::Degrees, values: |m| &m.angle },
    Measure { name: "distance", label: "distance", unit: Unit::Number, values: |m| &m.distance },
    Measure {
        name: "centred-distance",
        label: "distance of centred terms",
        unit: Unit::Number,
        values: |m| &m.centred_distance,
    },
    Measure {
        name: "point-correlation",
        label: "correlation per point",
        unit: Unit::Number,
        values: |m| &m.point_correlation,
    },
    Measure {
        name: "coefficient-correlation",
        label: "correlation per coefficient",
        unit: Unit::Number,
        values: |m| &m.coefficient_correlation,
    },
];

/// What the measures mean, for a reader who compares them with others.
pub(crate) const NOTE: &str = "Centred terms have the mean of all terms of their set taken off; \
     the published distances are between centred terms. Correlation per coefficient is taken \
     across points for every coefficient, as published; correlation per point across the \
     coefficients of every pair.";

/// Adds measures of named sets of pairs, the first of which holds all pairs: a table, histograms,
/// and the means over all pairs as numbers.
pub(crate) fn add_measures(mut answer: Answer, sets: &[(String, PairMeasures)]) -> Answer {
    answer = answer.table(table(sets));
    let Some((_, first)) = sets.first() else { return answer };
    for measure in &MEASURES {
        let mean = mean((measure.values)(first));
        answer = answer.value(measure.label, mean, measure.unit);
    }
    MEASURES.iter().fold(answer, |answer, measure| answer.figure(measure.figure(sets)))
}

/// Mean of the finite ones of some values.
pub(crate) fn mean(values: &[f64]) -> f64 {
    Summary::of(values.iter().copied().filter(|value| value.is_finite())).mean()
}

fn table(sets: &[(String, PairMeasures)]) -> Table {
    let fixed = [("set".to_owned(), Unit::Text), ("pairs".to_owned(), Unit::Count)];
    let measures = MEASURES.iter().flat_map(|Measure { label, unit, .. }| {
        ["mean", "deviation"].map(|what| (format!("{label}, {what}"), *unit))
    });
    let columns: Vec<_> = fixed.into_iter().chain(measures).collect();
    let columns: Vec<_> = columns.iter().map(|(name, unit)| (&**name, *unit)).collect();
    let mut table = Table::new("measures", "How alike the terms are", &columns);
    for (name, set) in sets {
        let cells = MEASURES.iter().flat_map(|measure| {
            let finite = (measure.values)(set).iter().copied().filter(|value| value.is_finite());
            let summary = Summary::of(finite);
            [summary.mean(), summary.deviation()].map(Cell::from)
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
