//! What a picture consists of.

use super::Colour;

/// Shapes on white paper, the first at the bottom. Lengths are in units, of which a screen shows
/// about 96 an inch; `y` points down.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Width of the paper.
    pub width: f64,
    /// Height of the paper.
    pub height: f64,
    /// What the picture shows, for those who cannot see it.
    pub description: String,
    /// What is on it.
    pub shapes: Vec<Shape>,
}

/// One thing that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Polygons without a border that do not overlap, each with its colour. Their edges are hard,
    /// so that nothing shines through between neighbours.
    Tiles(Vec<(Vec<[f64; 2]>, Colour)>),
    /// Lines through points.
    Lines {
        /// Each through two or more points.
        lines: Vec<Vec<[f64; 2]>>,
        /// How they are drawn.
        stroke: Stroke,
    },
    /// A rectangle.
    Rectangle {
        /// Its upper left corner.
        at: [f64; 2],
        /// Its width and height.
        size: [f64; 2],
        /// Its colour, if it has one.
        fill: Option<Colour>,
        /// Its border, if it has one.
        stroke: Option<Stroke>,
    },
    /// A filled circle with a border.
    Circle {
        /// Where it is.
        centre: [f64; 2],
        /// How large it is.
        radius: f64,
        /// Its colour.
        fill: Colour,
        /// Its border.
        stroke: Stroke,
    },
    /// A line of text.
    Text {
        /// Where on its base line its anchor is.
        at: [f64; 2],
        /// The letters.
        text: String,
        /// Height of the font.
        size: f64,
        /// What of it is at the place.
        anchor: Anchor,
        /// Whether it is bold.
        bold: bool,
    },
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Its colour.
    pub colour: Colour,
    /// Its width.
    pub width: f64,
    /// From 0, not to be seen, to 1.
    pub opacity: f64,
}

impl Stroke {
    /// A line that hides what is below it.
    pub fn solid(colour: Colour, width: f64) -> Self {
        Self { colour, width, opacity: 1.0 }
    }
}

/// Which part of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
}
