//! Drawings: lists of shapes, independent of the file format.

use super::colour::Colour;
use super::png::Image;
use super::theme::ThemeColour;

/// Shapes on paper, the first at the back.
///
/// Lengths are in units, of which a screen shows about 96 per inch; `y` points down.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Width of the paper.
    pub width: f64,
    /// Height of the paper.
    pub height: f64,
    /// What the drawing shows, for readers who cannot see it.
    pub description: String,
    /// The shapes.
    pub shapes: Vec<Shape>,
}

/// One element of a drawing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Shape {
    /// Polygons without borders that do not overlap, each with its colour. Their edges are not
    /// anti-aliased, so that the paper does not shine through between neighbours.
    Tiles(Vec<(Vec<[f64; 2]>, Colour)>),
    /// Lines through points, drawn with one stroke.
    Lines {
        /// Each passes through two or more points.
        lines: Vec<Vec<[f64; 2]>>,
        /// Colour, width and opacity.
        stroke: Stroke,
    },
    /// A straight line of an axis or a grid.
    Rule {
        /// What the line belongs to.
        role: RuleRole,
        /// Start.
        from: [f64; 2],
        /// End.
        to: [f64; 2],
    },
    /// A curve of a plot.
    Curve {
        /// The points that it connects.
        points: Vec<[f64; 2]>,
        /// Colour.
        paint: Paint,
        /// Lengths of dashes and gaps; empty for a solid line.
        dashes: &'static [f64],
    },
    /// A filled polygon that lets the background through.
    Area {
        /// The corners.
        points: Vec<[f64; 2]>,
        /// Colour.
        paint: Paint,
        /// From 0 (invisible) to 1.
        opacity: f64,
        /// Width of the outline, if there is one.
        outline: Option<f64>,
    },
    /// A filled rectangle.
    Rectangle {
        /// Upper left corner.
        at: [f64; 2],
        /// Width and height.
        size: [f64; 2],
        /// Colour.
        paint: Paint,
        /// Radius of the corners; 0 for sharp ones.
        corner: f64,
    },
    /// A filled circle.
    Circle {
        /// Centre.
        centre: [f64; 2],
        /// Radius.
        radius: f64,
        /// Colour.
        paint: Paint,
        /// Border, if there is one.
        stroke: Option<Stroke>,
    },
    /// An image whose pixels stay sharp when it is enlarged.
    Image {
        /// Upper left corner.
        at: [f64; 2],
        /// Width and height.
        size: [f64; 2],
        /// The pixels.
        image: Image,
        /// What the image shows, for readers who cannot see it.
        description: String,
    },
    /// Shapes of one series of a plot. A page can hide a series.
    Series {
        /// Number of the series in the legend, from 0.
        index: usize,
        /// The shapes.
        shapes: Vec<Shape>,
    },
    /// Shapes of one group of bars. A page can hide a group.
    Group {
        /// Name of the group.
        name: String,
        /// The shapes.
        shapes: Vec<Shape>,
    },
    /// An invisible rectangle that shows a text while the pointer is over it.
    Hover {
        /// Upper left corner.
        at: [f64; 2],
        /// Width and height.
        size: [f64; 2],
        /// The text.
        text: String,
    },
    /// A line of text.
    Text {
        /// The point of the baseline at which the anchor lies.
        at: [f64; 2],
        /// The letters.
        text: String,
        /// The part of the text that lies at the point.
        anchor: TextAnchor,
        /// Size and colour.
        style: TextStyle,
        /// Whether the text is turned by 90 degrees to read upwards.
        upwards: bool,
    },
}

/// A colour that is fixed, or that follows the light or dark theme of the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Paint {
    /// One colour in every theme.
    Fixed(Colour),
    /// A colour of the theme.
    Theme(ThemeColour),
}

impl From<Colour> for Paint {
    fn from(colour: Colour) -> Self {
        Self::Fixed(colour)
    }
}

/// What a straight line of a plot belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleRole {
    /// The grid behind the data.
    Grid,
    /// An axis or one of its ticks.
    Axis,
    /// An error bar.
    Interval,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub colour: Colour,
    /// Width.
    pub width: f64,
    /// From 0 (invisible) to 1.
    pub opacity: f64,
}

impl Stroke {
    /// An opaque line.
    pub fn solid(colour: Colour, width: f64) -> Self {
        Self { colour, width, opacity: 1.0 }
    }
}

/// The part of a text that lies at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextAnchor {
    /// The beginning.
    Start,
    /// The middle.
    Middle,
    /// The end.
    End,
}

/// Size and colour of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TextStyle {
    /// Text of a plot, in the ink of the theme.
    Plain,
    /// Numbers beside an axis, paler than plain text.
    Muted,
    /// Names below an axis, smaller than other muted text.
    MutedSmall,
    /// Plain text of another size.
    Sized(f64),
    /// Text in a coloured cell.
    Cell {
        /// Colour of the letters.
        ink: Colour,
        /// Height of the font.
        size: f64,
    },
    /// Text of a picture on white paper, in [`Colour::INK`].
    Print {
        /// Height of the font.
        size: f64,
        /// Whether the letters are bold.
        bold: bool,
    },
}

impl Drawing {
    /// An empty drawing.
    pub(super) fn new(width: f64, height: f64, description: &str) -> Self {
        Self { width, height, description: description.to_owned(), shapes: Vec::new() }
    }

    /// Adds a shape in front of the others.
    pub(super) fn add(&mut self, shape: Shape) {
        self.shapes.push(shape);
    }

    /// Makes the shapes that `draw` adds one series.
    pub(super) fn series(&mut self, index: usize, draw: impl FnOnce(&mut Self)) {
        let shapes = self.added_by(draw);
        self.add(Shape::Series { index, shapes });
    }

    /// Makes the shapes that `draw` adds one group of bars.
    pub(super) fn group(&mut self, name: &str, draw: impl FnOnce(&mut Self)) {
        let shapes = self.added_by(draw);
        self.add(Shape::Group { name: name.to_owned(), shapes });
    }

    fn added_by(&mut self, draw: impl FnOnce(&mut Self)) -> Vec<Shape> {
        let before = self.shapes.len();
        draw(self);
        self.shapes.split_off(before)
    }

    /// Adds an invisible rectangle that shows a text while the pointer is over it.
    pub(super) fn hover(&mut self, at: [f64; 2], size: [f64; 2], text: String) {
        self.add(Shape::Hover { at, size, text });
    }

    /// Adds a horizontal text.
    pub(super) fn text(&mut self, at: [f64; 2], anchor: TextAnchor, style: TextStyle, text: &str) {
        self.add(Shape::Text { at, text: text.to_owned(), anchor, style, upwards: false });
    }

    /// Adds a text that reads upwards.
    pub(super) fn text_upwards(
        &mut self,
        at: [f64; 2],
        anchor: TextAnchor,
        style: TextStyle,
        text: &str,
    ) {
        self.add(Shape::Text { at, text: text.to_owned(), anchor, style, upwards: true });
    }

    /// Adds a line of an axis or a grid.
    pub(super) fn rule(&mut self, role: RuleRole, from: [f64; 2], to: [f64; 2]) {
        self.add(Shape::Rule { role, from, to });
    }

    /// Adds a rectangle with sharp corners.
    pub(super) fn rectangle(&mut self, at: [f64; 2], size: [f64; 2], paint: impl Into<Paint>) {
        self.add(Shape::Rectangle { at, size, paint: paint.into(), corner: 0.0 });
    }
}
