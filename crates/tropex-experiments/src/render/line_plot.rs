//! Lines over a common axis.

use serde::{Deserialize, Serialize};

use super::axis::PlotAxis;
use super::drawing::{Drawing, Paint, Shape};
use super::frame::{ACROSS, Frame, UPWARDS};
use super::scale::AxisScale;
use super::theme::{ThemeColour, dashes};

/// Largest number of points of a line with marks. Without a mark, a line of one point is invisible.
const MOST_MARKS: usize = 40;

/// Largest number of points of a line whose numbers are shown under the pointer.
const MOST_HOVERS: usize = 200;

/// Width and height of the place at a point where its numbers are shown.
const HOVER: f64 = 12.0;

/// Lines, each with or without a band of spread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinePlot {
    /// The horizontal axis.
    pub x: PlotAxis,
    /// The vertical axis.
    pub y: PlotAxis,
    /// The lines.
    pub curves: Vec<PlotLine>,
}

/// A line with an entry in the legend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlotLine {
    /// Entry in the legend.
    pub name: String,
    /// The points, from left to right.
    pub points: Vec<[f64; 2]>,
    /// Least and largest value at every point; empty for a line without a band.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spread: Vec<[f64; 2]>,
}

impl PlotLine {
    /// A line without a band. Points that are not finite are left out.
    pub fn new(name: &str, points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        let is_finite = |point: &[f64; 2]| point.iter().all(|value| value.is_finite());
        let points = points.into_iter().filter(is_finite).collect();
        Self { name: name.to_owned(), points, spread: Vec::new() }
    }
}

impl LinePlot {
    pub(super) fn draw(&self, title: &str) -> Drawing {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let spread = self.curves.iter().flat_map(|curve| curve.spread.iter().flatten().copied());
        let x = AxisScale::of(&self.x, points().map(|point| point[0]), ACROSS);
        let heights = points().map(|point| point[1]).chain(spread);
        let y = AxisScale::of(&self.y, heights, UPWARDS).rounded(false);
        let names: Vec<_> = self.curves.iter().map(|curve| &*curve.name).collect();
        let (horizontal, vertical) = (Some(&x), &y);
        let frame = Frame { title, x: &self.x, y: &self.y, horizontal, vertical, below: 0.0 };
        let mut drawing = frame.draw(&names);
        for (index, curve) in self.curves.iter().enumerate() {
            drawing.series(index, |drawing| {
                curve.draw(index, [&x, &y], drawing);
                self.draw_hover(curve, [&x, &y], drawing);
            });
        }
        drawing
    }

    /// The height of all points of all lines, if they have one height and are several.
    pub(crate) fn constant(&self) -> Option<f64> {
        let mut heights = self.curves.iter().flat_map(|curve| &curve.points).map(|point| point[1]);
        let first = heights.next()?;
        let is_flat = self.curves.iter().any(|curve| curve.points.len() > 1);
        (is_flat && heights.all(|height| height == first)).then_some(first)
    }

    /// Name and numbers of every point.
    fn draw_hover(&self, curve: &PlotLine, [x, y]: [&AxisScale; 2], drawing: &mut Drawing) {
        for (index, &[at, height]) in curve.points.iter().enumerate().take(MOST_HOVERS) {
            let (Some(left), Some(top)) = (x.place(at), y.place(height)) else { continue };
            let spread = curve.spread.get(index).map_or_else(String::new, |ends| {
                let [low, high] = ends.map(|end| self.y.unit.format(end));
                format!(" ({low} to {high})")
            });
            let (at, height) = (self.x.unit.format(at), self.y.unit.format(height));
            let text = format!("{}, {} {at}: {height}{spread}", curve.name, self.x.label);
            let corner = [left - HOVER / 2.0, top - HOVER / 2.0];
            drawing.hover(corner, [HOVER, HOVER], text);
        }
    }

    pub(super) fn fault(&self) -> Option<String> {
        let is_wrong = |curve: &&PlotLine| ![0, curve.points.len()].contains(&curve.spread.len());
        let curve = self.curves.iter().find(is_wrong)?;
        let (points, spread) = (curve.points.len(), curve.spread.len());
        Some(format!("a curve of {points} points and a spread of {spread}"))
    }
}

impl PlotLine {
    fn draw(&self, index: usize, [x, y]: [&AxisScale; 2], drawing: &mut Drawing) {
        let place = |[at, height]: [f64; 2]| Some([x.place(at)?, y.place(height)?]);
        let paint = Paint::Theme(ThemeColour::series(index));
        let is_placed = |value: &f64| y.place(*value).is_some();
        if self.spread.len() == self.points.len() && self.spread.iter().flatten().all(is_placed) {
            let edge = |side: usize| {
                let pairs = self.points.iter().zip(&self.spread);
                pairs.map(move |(point, edge)| [point[0], edge[side]])
            };
            let points = edge(0).chain(edge(1).rev()).filter_map(place).collect();
            drawing.add(Shape::Area { points, paint, opacity: 0.2, outline: None });
        }
        let points: Vec<_> = self.points.iter().copied().filter_map(place).collect();
        let marked = if self.points.len() <= MOST_MARKS { points.clone() } else { Vec::new() };
        drawing.add(Shape::Curve { points, paint, dashes: dashes(index) });
        for centre in marked {
            drawing.add(Shape::Circle { centre, radius: 3.0, paint, stroke: None });
        }
    }
}
