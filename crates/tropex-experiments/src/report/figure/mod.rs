//! Figures as data, and their drawings.
//!
//! A figure knows its title, axes, units and legend; [`Figure::drawing`] makes an SVG of it and
//! [`Figure::table`] the numbers behind it. To add a kind: a variant of [`Plot`], a file that draws
//! it and makes its table, and its arms here.

mod bars;
mod curves;
mod frame;
mod heat_map;
mod histogram;
mod images;
mod palette;
mod scale;
mod svg;

use serde::{Deserialize, Serialize};

use self::svg::Drawing;
use super::{Table, Unit};

pub use bars::{Bars, Group};
pub use curves::{Curve, Curves};
pub use heat_map::{HeatMaps, Panel};
pub use histogram::{Bins, Histogram};
pub use images::{Picture, Pictures};
pub use palette::STYLE;

pub use crate::png::Image;

/// A figure of a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Stem of its files, unique in a finding.
    pub name: String,
    /// What it shows, in one line.
    pub title: String,
    /// What is drawn.
    pub plot: Plot,
}

/// What a figure draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Plot {
    /// Lines over a common axis, with bands of spread.
    Curves(Curves),
    /// How often values fall into intervals.
    Histogram(Histogram),
    /// A bar for every group and series.
    Bars(Bars),
    /// Grids of numbers, as colours.
    HeatMaps(HeatMaps),
    /// A grid of small images.
    Pictures(Pictures),
}

/// An axis of a plot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// What it stands for.
    pub label: String,
    /// Unit of its numbers.
    pub unit: Unit,
    /// How numbers are laid out on it.
    pub spacing: Spacing,
}

/// How numbers are laid out on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spacing {
    /// Equal differences are equally far apart.
    Linear,
    /// Equal ratios are equally far apart; numbers are positive.
    Logarithmic,
}

/// How many times the smallest number the largest is where both are not seen on a linear axis.
const WIDE: f64 = 1000.0;

impl Axis {
    /// An axis with equal differences equally far apart.
    pub fn linear(label: &str, unit: Unit) -> Self {
        Self { label: label.to_owned(), unit, spacing: Spacing::Linear }
    }

    /// An axis with equal ratios equally far apart.
    pub fn logarithmic(label: &str, unit: Unit) -> Self {
        Self { label: label.to_owned(), unit, spacing: Spacing::Logarithmic }
    }

    /// An axis on which all of some values can be told apart: logarithmic where they are positive
    /// numbers of very different sizes.
    pub fn fitting(label: &str, unit: Unit, values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = values
            .into_iter()
            .fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
        match unit == Unit::Number && low > 0.0 && high > WIDE * low {
            true => Self::logarithmic(label, unit),
            false => Self::linear(label, unit),
        }
    }

    /// Label and unit, as they stand beside the axis.
    fn heading(&self) -> String {
        match self.unit.symbol() {
            Some(symbol) => format!("{} ({symbol})", self.label),
            None => self.label.clone(),
        }
    }
}

impl Figure {
    /// A figure under the stem of its files.
    pub fn new(name: &str, title: &str, plot: Plot) -> Self {
        Self { name: name.to_owned(), title: title.to_owned(), plot }
    }

    /// The figure as an SVG element, to be put into a page that holds [`STYLE`].
    pub fn drawing(&self) -> String {
        self.draw().finish(&self.title, None)
    }

    /// The figure as a file of its own: title and colours are part of it.
    pub fn file(&self) -> String {
        self.draw().finish(&self.title, Some(STYLE))
    }

    fn draw(&self) -> Drawing {
        match &self.plot {
            Plot::Curves(curves) => curves.draw(),
            Plot::Histogram(histogram) => histogram.draw(),
            Plot::Bars(bars) => bars.draw(),
            Plot::HeatMaps(maps) => maps.draw(),
            Plot::Pictures(pictures) => pictures.draw(),
        }
    }

    /// What is wrong with a figure that was read from a file: drawing relies on its lengths.
    pub(super) fn fault(&self) -> Option<String> {
        let fault = match &self.plot {
            Plot::Curves(curves) => curves.fault(),
            Plot::Histogram(histogram) => histogram.fault(),
            Plot::Bars(bars) => bars.fault(),
            Plot::HeatMaps(maps) => maps.fault(),
            // An image is checked when it is read.
            Plot::Pictures(_) => None,
        };
        fault.map(|fault| format!("figure `{}` has {fault}", self.name))
    }

    /// The numbers that are drawn.
    pub fn table(&self) -> Table {
        let mut table = match &self.plot {
            Plot::Curves(curves) => curves.table(),
            Plot::Histogram(histogram) => histogram.table(),
            Plot::Bars(bars) => bars.table(),
            Plot::HeatMaps(maps) => maps.table(),
            Plot::Pictures(pictures) => pictures.table(),
        };
        table.name.clone_from(&self.name);
        table.title.clone_from(&self.title);
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_very_different_sizes_need_a_logarithmic_axis() {
        for (unit, values, expected) in [
            (Unit::Number, [1e-3, 2.0], Spacing::Logarithmic),
            (Unit::Number, [1.0, 900.0], Spacing::Linear),
            (Unit::Number, [-1e-3, 2e9], Spacing::Linear),
            (Unit::Share, [1e-5, 1.0], Spacing::Linear),
        ] {
            assert_eq!(Axis::fitting("x", unit, values).spacing, expected, "{values:?}");
        }
    }
}
