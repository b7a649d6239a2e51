//! Histograms.

use serde::{Deserialize, Serialize};

use super::axis::{PlotAxis, Spacing};
use super::drawing::{Drawing, Paint, Shape};
use super::frame::{ACROSS, Frame, UPWARDS};
use super::scale::AxisScale;
use super::theme::ThemeColour;
use crate::unit::Unit;

/// Shares of the values that fall into intervals, for one or several sets of values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// The values.
    pub x: PlotAxis,
    /// Ascending edges of the intervals, one more than there are intervals.
    pub edges: Vec<f64>,
    /// The series, drawn in one colour each.
    pub series: Vec<HistogramSeries>,
}

/// A series of values in a histogram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistogramSeries {
    /// Entry in the legend.
    pub name: String,
    /// Share of the values in every interval.
    pub shares: Vec<f64>,
}

impl Histogram {
    /// Counts the finite values of named sets in `bins` intervals of equal width on the axis, from
    /// the smallest to the largest value of all sets. The last interval includes its upper edge. On
    /// a logarithmic axis only positive values count.
    pub fn of(x: PlotAxis, bins: usize, sets: &[(&str, Vec<f64>)]) -> Self {
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
            HistogramSeries { name: (*name).to_owned(), shares }
        });
        Self { x, edges, series: series.collect() }
    }

    pub(super) fn draw(&self, title: &str) -> Drawing {
        let share = PlotAxis::linear("share", Unit::Share);
        let x = AxisScale::of(&self.x, self.edges.iter().copied(), ACROSS);
        let heights = self.series.iter().flat_map(|bins| bins.shares.iter().copied());
        let y = AxisScale::of(&share, heights, UPWARDS).rounded(true);
        let names: Vec<_> = self.series.iter().map(|bins| &*bins.name).collect();
        let (horizontal, vertical) = (Some(&x), &y);
        let frame = Frame { title, x: &self.x, y: &share, horizontal, vertical, below: 0.0 };
        let mut drawing = frame.draw(&names);
        for (index, bins) in self.series.iter().enumerate() {
            let mut points = Vec::new();
            let mut step = |edge: f64, height: f64| {
                if let (Some(x), Some(y)) = (x.place(edge), y.place(height)) {
                    points.push([x, y]);
                }
            };
            for (edges, &share) in self.edges.windows(2).zip(&bins.shares) {
                edges.iter().for_each(|&edge| step(edge, share));
            }
            let ends = [self.edges.last(), self.edges.first()];
            ends.into_iter().flatten().for_each(|&edge| step(edge, 0.0));
            let paint = Paint::Theme(ThemeColour::series(index));
            let area = Shape::Area { points, paint, opacity: 0.25, outline: Some(1.5) };
            drawing.series(index, |drawing| drawing.add(area));
        }
        self.draw_hover(&x, &mut drawing);
        drawing
    }

    /// The shares of all sets in every interval.
    fn draw_hover(&self, x: &AxisScale, drawing: &mut Drawing) {
        for (index, edges) in self.edges.windows(2).enumerate() {
            let (Some(left), Some(right)) = (x.place(edges[0]), x.place(edges[1])) else {
                continue;
            };
            let share = |bins: &HistogramSeries| {
                format!("{} {}", bins.name, Unit::Share.format(bins.shares[index]))
            };
            let shares: Vec<_> = self.series.iter().map(share).collect();
            let [low, high] = [edges[0], edges[1]].map(|edge| self.x.unit.format(edge));
            let text = format!("{low} to {high}: {}", shares.join(", "));
            let size = [right - left, UPWARDS[0] - UPWARDS[1]];
            drawing.hover([left, UPWARDS[1]], size, text);
        }
    }

    pub(super) fn fault(&self) -> Option<String> {
        let edges = self.edges.len();
        let bins = self.series.iter().find(|bins| bins.shares.len() + 1 != edges)?;
        Some(format!("{} intervals between {edges} edges", bins.shares.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_a_logarithmic_axis_intervals_have_equal_ratios() {
        let axis = PlotAxis::logarithmic("x", Unit::Number);
        let sets = [("a", vec![0.01, 0.5, 2.0, 100.0, 0.0, -1.0, f64::INFINITY])];
        let histogram = Histogram::of(axis, 4, &sets);
        for (edge, expected) in histogram.edges.iter().zip([0.01, 0.1, 1.0, 10.0, 100.0]) {
            assert!((edge / expected - 1.0).abs() < 1e-12, "{:?}", histogram.edges);
        }
        assert_eq!(histogram.series[0].shares, [0.25; 4]);
    }

    #[test]
    fn every_finite_value_is_in_one_interval() {
        let axis = PlotAxis::linear("x", Unit::Number);
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
