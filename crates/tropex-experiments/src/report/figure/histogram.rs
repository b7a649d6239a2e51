//! How often values fall into intervals.

use serde::{Deserialize, Serialize};

use super::super::{Table, Unit};
use super::frame::{ACROSS, UPWARDS, frame};
use super::scale::Scale;
use super::svg::{Drawing, Short};
use super::{Axis, Spacing, palette};

/// Shares of values between edges, for one or several sets of values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// The values.
    pub x: Axis,
    /// Edges of the intervals, ascending: one more than there are intervals.
    pub edges: Vec<f64>,
    /// The sets.
    pub series: Vec<Bins>,
}

/// A set of values in a histogram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bins {
    /// Its entry in the legend.
    pub name: String,
    /// Share of its values in every interval.
    pub shares: Vec<f64>,
}

impl Histogram {
    /// Counts the finite values of named sets in intervals that are equally wide on the axis, which
    /// begin and end at the smallest and largest of all. The last interval holds its upper edge. On
    /// a logarithmic axis only positive values count.
    pub fn of(x: Axis, bins: usize, sets: &[(&str, Vec<f64>)]) -> Self {
        let is_logarithmic = x.spacing == Spacing::Logarithmic;
        let place = |value: f64| if is_logarithmic { value.log10() } else { value };
        let value = |place: f64| if is_logarithmic { 10_f64.powf(place) } else { place };
        let places = |values: &[f64]| -> Vec<f64> {
            values.iter().map(|&value| place(value)).filter(|place| place.is_finite()).collect()
        };
        let sets: Vec<_> = sets.iter().map(|(name, values)| (*name, places(values))).collect();
        let all = || sets.iter().flat_map(|(_, places)| places.iter().copied());
        let (low, high) =
            (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        let (low, high) = match (low <= high, low < high) {
            (false, _) => (0.0, 1.0),
            (true, false) => (low - 0.5, low + 0.5),
            (true, true) => (low, high),
        };
        let width = (high - low) / bins as f64;
        let edges = (0..=bins).map(|edge| value(low + edge as f64 * width)).collect();
        let bin = |place: &f64| (((place - low) / width) as usize).min(bins - 1);
        let series = sets.iter().map(|(name, places)| {
            let mut shares = vec![0.0; bins];
            places.iter().for_each(|place| shares[bin(place)] += 1.0 / places.len() as f64);
            Bins { name: (*name).to_owned(), shares }
        });
        Self { x, edges, series: series.collect() }
    }

    pub(super) fn draw(&self) -> Drawing {
        let share = Axis::linear("share", Unit::Share);
        let x = Scale::of(&self.x, self.edges.iter().copied(), ACROSS);
        let heights = self.series.iter().flat_map(|bins| bins.shares.iter().copied());
        let y = Scale::of(&share, heights, UPWARDS).rounded(true);
        let names: Vec<_> = self.series.iter().map(|bins| &*bins.name).collect();
        let mut drawing = frame([&self.x, &share], Some(&x), &y, &names, 0.0);
        for (index, bins) in self.series.iter().enumerate() {
            let mut steps = Vec::new();
            let mut step = |edge: f64, height: f64| {
                if let (Some(x), Some(y)) = (x.place(edge), y.place(height)) {
                    steps.push(format!("{},{}", Short(x), Short(y)));
                }
            };
            for (edges, &share) in self.edges.windows(2).zip(&bins.shares) {
                edges.iter().for_each(|&edge| step(edge, share));
            }
            let ends = [self.edges.last(), self.edges.first()];
            ends.into_iter().flatten().for_each(|&edge| step(edge, 0.0));
            let (points, colour) = (steps.join(" "), palette::series(index));
            drawing.element(&format!(
                r#"<polygon points="{points}" fill="{colour}" fill-opacity="0.25" stroke="{colour}" stroke-width="1.5"/>"#
            ));
        }
        drawing
    }

    pub(super) fn fault(&self) -> Option<String> {
        let edges = self.edges.len();
        let bins = self.series.iter().find(|bins| bins.shares.len() + 1 != edges)?;
        Some(format!("{} intervals between {edges} edges", bins.shares.len()))
    }

    pub(super) fn table(&self) -> Table {
        let fixed = [("from", self.x.unit), ("to", self.x.unit)];
        let names = self.series.iter().map(|bins| (&*bins.name, Unit::Share));
        let columns: Vec<_> = fixed.into_iter().chain(names).collect();
        let mut table = Table::new("", "", &columns);
        for (bin, edges) in self.edges.windows(2).enumerate() {
            let shares = self.series.iter().map(|bins| bins.shares[bin].into());
            table.push(edges.iter().map(|&edge| edge.into()).chain(shares).collect());
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_logarithmic_axis_intervals_have_equal_ratios() {
        let axis = Axis::logarithmic("x", Unit::Number);
        let sets = [("a", vec![0.01, 0.5, 2.0, 100.0, 0.0, -1.0, f64::INFINITY])];
        let histogram = Histogram::of(axis, 4, &sets);
        for (edge, expected) in histogram.edges.iter().zip([0.01, 0.1, 1.0, 10.0, 100.0]) {
            assert!((edge / expected - 1.0).abs() < 1e-12, "{:?}", histogram.edges);
        }
        assert_eq!(histogram.series[0].shares, [0.25; 4]);
    }

    #[test]
    fn every_finite_value_is_in_one_interval() {
        let axis = Axis::linear("x", Unit::Number);
        let sets = [("a", vec![0.0, 1.0, 1.9, 4.0, f64::NAN]), ("b", vec![2.0]), ("c", vec![])];
        let histogram = Histogram::of(axis.clone(), 4, &sets);
        assert_eq!(histogram.edges, [0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(histogram.series[0].shares, [0.25, 0.5, 0.0, 0.25]);
        assert_eq!(histogram.series[1].shares, [0.0, 0.0, 1.0, 0.0]);
        assert_eq!(histogram.series[2].shares, [0.0; 4]);
        let equal = Histogram::of(axis, 2, &[("a", vec![3.0; 5])]);
        assert_eq!(equal.series[0].shares.iter().sum::<f64>().round(), 1.0);
    }
}
