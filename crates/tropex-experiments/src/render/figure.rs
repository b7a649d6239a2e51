//! Figures as data.
//!
//! A figure contains its title, axes, units and legend; [`Figure::svg_element`] draws it. A new
//! kind of plot needs a variant of [`Plot`], a file that draws it, its arms here, and its table of
//! numbers in `report::figure_table`.

use serde::{Deserialize, Serialize};

use super::bars::BarChart;
use super::drawing::Drawing;
use super::heat_map::HeatMaps;
use super::histogram::Histogram;
use super::image_grid::ImageGrid;
use super::line_plot::LinePlot;
use super::svg;

/// A figure of a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Stem of its files, unique in a finding.
    pub name: String,
    /// What the figure shows, in one line.
    pub title: String,
    /// What is drawn.
    pub plot: Plot,
}

/// What a figure draws.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Plot {
    /// Lines over a common axis, with bands of spread.
    Curves(LinePlot),
    /// Shares of values in intervals.
    Histogram(Histogram),
    /// A bar for every group and series.
    Bars(BarChart),
    /// Grids of numbers as colours.
    HeatMaps(HeatMaps),
    /// Small images with captions.
    Pictures(ImageGrid),
}

impl Figure {
    /// A figure; `name` is the stem of its files.
    pub fn new(name: &str, title: &str, plot: Plot) -> Self {
        Self { name: name.to_owned(), title: title.to_owned(), plot }
    }

    /// The figure as an SVG element for a page that contains [`style_sheet`](super::style_sheet).
    pub fn svg_element(&self) -> String {
        svg::element(&self.draw())
    }

    /// The figure as an SVG file that contains its title and its style sheet.
    pub fn svg_file(&self) -> String {
        svg::plot_file(&self.draw())
    }

    /// The figure as shapes.
    pub fn draw(&self) -> Drawing {
        match &self.plot {
            Plot::Curves(plot) => plot.draw(&self.title),
            Plot::Histogram(histogram) => histogram.draw(&self.title),
            Plot::Bars(bars) => bars.draw(&self.title),
            Plot::HeatMaps(maps) => maps.draw(&self.title),
            Plot::Pictures(images) => images.draw(&self.title),
        }
    }

    /// A message if a figure that was read from a file is invalid: drawing relies on its lengths.
    pub(crate) fn fault(&self) -> Option<String> {
        let fault = match &self.plot {
            Plot::Curves(plot) => plot.fault(),
            Plot::Histogram(histogram) => histogram.fault(),
            Plot::Bars(bars) => bars.fault(),
            Plot::HeatMaps(maps) => maps.fault(),
            // An image is checked when it is read.
            Plot::Pictures(_) => None,
        };
        fault.map(|fault| format!("figure `{}` has {fault}", self.name))
    }
}
