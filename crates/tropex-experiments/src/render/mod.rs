//! Figures and pictures: axes, colours, text, SVG and PNG.
//!
//! [`Figure`] is a plot of a finding, [`RegionMap`] a picture of linear regions. Both become a
//! [`Drawing`], a list of shapes that [`ImageFormat::Svg`] and [`ImageFormat::Png`] are written
//! from. Neither format needs fonts of the system.

mod axis;
mod bars;
mod class_palette;
mod colour;
mod colour_scale;
mod document_head;
mod drawing;
mod figure;
mod font;
mod frame;
mod heat_map;
mod histogram;
mod image_file;
mod image_grid;
mod line_plot;
mod markup;
mod oklab;
mod png;
mod provenance;
mod raster;
mod region_map;
mod scale;
mod svg;
mod theme;

pub use axis::{PlotAxis, Spacing};
pub use bars::{BarChart, BarGroup};
pub use colour::Colour;
pub(crate) use document_head::document_head;
pub use drawing::{Drawing, Paint, RuleRole, Shape, Stroke, TextAnchor, TextStyle};
pub use figure::{Figure, Plot};
pub use heat_map::{HeatMapPanel, HeatMaps};
pub use histogram::{Histogram, HistogramSeries};
pub use image_file::{ImageFormat, ParseImageFormatError, require_ours};
pub use image_grid::{CaptionedImage, ImageGrid};
pub use line_plot::{LinePlot, PlotLine};
pub(crate) use markup::escaped;
pub use png::Image;
pub(crate) use provenance::{is_foreign, provenance_mark};
pub use region_map::{MarkedPoint, RegionMap, RegionPanel};
pub use theme::{ThemeColour, style_sheet};
