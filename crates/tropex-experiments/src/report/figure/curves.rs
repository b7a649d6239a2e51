//! Lines over a common axis.

use serde::{Deserialize, Serialize};

use super::super::{Cell, Table, Unit};
use super::frame::{ACROSS, UPWARDS, frame};
use super::scale::Scale;
use super::svg::{Drawing, Short};
use super::{Axis, palette};

/// Lines, each with a band of spread or without.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curves {
    /// The axis from left to right.
    pub x: Axis,
    /// The axis upwards.
    pub y: Axis,
    /// The lines.
    pub curves: Vec<Curve>,
}

/// A line of a legend entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Its entry in the legend.
    pub name: String,
    /// Its points, from left to right.
    pub points: Vec<[f64; 2]>,
    /// Below and above every point, how far values spread; empty where they do not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spread: Vec<[f64; 2]>,
}

impl Curve {
    /// A line without spread. Points that are not finite are left out.
    pub fn new(name: &str, points: impl IntoIterator<Item = [f64; 2]>) -> Self {
        let is_finite = |point: &[f64; 2]| point.iter().all(|value| value.is_finite());
        let points = points.into_iter().filter(is_finite).collect();
        Self { name: name.to_owned(), points, spread: Vec::new() }
    }
}

impl Curves {
    pub(super) fn draw(&self) -> Drawing {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let spread = self.curves.iter().flat_map(|curve| curve.spread.iter().flatten().copied());
        let x = Scale::of(&self.x, points().map(|point| point[0]), ACROSS);
        let heights = points().map(|point| point[1]).chain(spread);
        let y = Scale::of(&self.y, heights, UPWARDS).rounded(false);
        let names: Vec<_> = self.curves.iter().map(|curve| &*curve.name).collect();
        let mut drawing = frame([&self.x, &self.y], Some(&x), &y, &names, 0.0);
        for (index, curve) in self.curves.iter().enumerate() {
            curve.draw(index, [&x, &y], &mut drawing);
        }
        drawing
    }

    pub(super) fn fault(&self) -> Option<String> {
        let is_wrong = |curve: &&Curve| ![0, curve.points.len()].contains(&curve.spread.len());
        let curve = self.curves.iter().find(is_wrong)?;
        let (points, spread) = (curve.points.len(), curve.spread.len());
        Some(format!("a curve of {points} points and a spread of {spread}"))
    }

    pub(super) fn table(&self) -> Table {
        let mut table = Table::new(
            "",
            "",
            &[
                ("curve", Unit::Text),
                (&self.x.label, self.x.unit),
                (&self.y.label, self.y.unit),
                ("low", self.y.unit),
                ("high", self.y.unit),
            ],
        );
        for curve in &self.curves {
            for (index, [x, y]) in curve.points.iter().enumerate() {
                let spread = curve.spread.get(index).copied();
                let [low, high] =
                    spread.map_or([Cell::Missing, Cell::Missing], |spread| spread.map(Cell::from));
                table.push(vec![(&*curve.name).into(), (*x).into(), (*y).into(), low, high]);
            }
        }
        table
    }
}

impl Curve {
    fn draw(&self, index: usize, [x, y]: [&Scale; 2], drawing: &mut Drawing) {
        let path = |points: &mut dyn Iterator<Item = [f64; 2]>| {
            let places = points.filter_map(|point| {
                Some(format!("{},{}", Short(x.place(point[0])?), Short(y.place(point[1])?)))
            });
            places.collect::<Vec<_>>().join(" ")
        };
        let colour = palette::series(index);
        let is_placed = |value: &f64| y.place(*value).is_some();
        if self.spread.len() == self.points.len() && self.spread.iter().flatten().all(is_placed) {
            let edge = |side: usize| {
                self.points
                    .iter()
                    .zip(&self.spread)
                    .map(move |(point, edge)| [point[0], edge[side]])
            };
            let around = path(&mut edge(0).chain(edge(1).rev()));
            drawing.element(&format!(
                r#"<polygon points="{around}" fill="{colour}" fill-opacity="0.2"/>"#
            ));
        }
        let (line, dashes) = (path(&mut self.points.iter().copied()), palette::dashes(index));
        drawing.element(&format!(
            r#"<polyline class="line" points="{line}" stroke="{colour}" stroke-dasharray="{dashes}"/>"#
        ));
        // Few points are marked, for a line of one point is not seen.
        if self.points.len() <= 40 {
            for place in line.split_whitespace() {
                if let Some((x, y)) = place.split_once(',') {
                    drawing
                        .element(&format!(r#"<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>"#));
                }
            }
        }
    }
}
