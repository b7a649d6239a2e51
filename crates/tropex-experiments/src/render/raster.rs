//! Paints drawings as pixels, in the colours of a light page.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint as SkiaPaint, Path, PathBuilder, Pixmap, Rect,
    StrokeDash, Transform,
};

use super::colour::Colour;
use super::drawing::{Drawing, Paint, RuleRole, Shape, Stroke, TextAnchor, TextStyle};
use super::font::Font;
use super::png::Image;
use super::theme::ThemeColour;

/// Height of the font of plots, as in the style sheet.
const FONT_SIZE: f64 = 14.0;

/// Height of their small letters, as in the style sheet.
const SMALL_FONT_SIZE: f64 = 12.0;

/// Width of curves, as in the style sheet.
const CURVE_WIDTH: f64 = 2.2;

/// Width of error bars, as in the style sheet.
const INTERVAL_WIDTH: f64 = 1.5;

/// Paints a drawing with `scale` pixels per unit; `None` if the picture has no pixels or too many.
pub(super) fn paint(drawing: &Drawing, scale: f32) -> Option<Pixmap> {
    let pixels = |length: f64| (length * f64::from(scale)).round() as u32;
    let mut pixmap = Pixmap::new(pixels(drawing.width), pixels(drawing.height))?;
    pixmap.fill(Color::WHITE);
    let mut painter = Painter { pixmap, transform: Transform::from_scale(scale, scale) };
    drawing.shapes.iter().for_each(|shape| painter.paint(shape));
    Some(painter.pixmap)
}

struct Painter {
    pixmap: Pixmap,
    transform: Transform,
}

impl Painter {
    fn paint(&mut self, shape: &Shape) {
        match shape {
            Shape::Tiles(tiles) => {
                for (corners, colour) in tiles {
                    let path = polyline(std::slice::from_ref(corners), true);
                    self.fill(path, *colour, 1.0, false);
                }
            }
            Shape::Lines { lines, stroke } => self.stroke(polyline(lines, false), stroke, &[]),
            Shape::Rule { role, from, to } => {
                let colour = match role {
                    RuleRole::Grid => ThemeColour::Faint,
                    RuleRole::Axis => ThemeColour::Muted,
                    RuleRole::Interval => ThemeColour::Ink,
                };
                let width = if *role == RuleRole::Interval { INTERVAL_WIDTH } else { 1.0 };
                let stroke = Stroke::solid(colour.on_light(), width);
                self.stroke(polyline(&[vec![*from, *to]], false), &stroke, &[]);
            }
            Shape::Curve { points, paint, dashes } => {
                let stroke = Stroke::solid(on_paper(*paint), CURVE_WIDTH);
                self.stroke(polyline(std::slice::from_ref(points), false), &stroke, dashes);
            }
            Shape::Area { points, paint, opacity, outline } => {
                let path = polyline(std::slice::from_ref(points), true);
                self.fill(path.clone(), on_paper(*paint), *opacity, true);
                if let Some(width) = outline {
                    self.stroke(path, &Stroke::solid(on_paper(*paint), *width), &[]);
                }
            }
            Shape::Rectangle { at, size, paint, .. } => {
                self.fill(rectangle(*at, *size), on_paper(*paint), 1.0, true);
            }
            Shape::Circle { centre: [x, y], radius, paint, stroke } => {
                let path = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32);
                self.fill(path.clone(), on_paper(*paint), 1.0, true);
                if let Some(stroke) = stroke {
                    self.stroke(path, stroke, &[]);
                }
            }
            Shape::Series { shapes, .. } | Shape::Group { shapes, .. } => {
                shapes.iter().for_each(|shape| self.paint(shape));
            }
            // Pointers are over pages only.
            Shape::Hover { .. } => {}
            Shape::Image { at, size, image, .. } => self.image(*at, *size, image),
            Shape::Text { at, text, anchor, style, upwards } => {
                self.text(*at, text, *anchor, style, *upwards);
            }
        }
    }

    /// Fills what is inside a path, if there is one.
    fn fill(&mut self, path: Option<Path>, colour: Colour, opacity: f64, anti_alias: bool) {
        let Some(path) = path else { return };
        let paint = SkiaPaint { anti_alias, ..colour_paint(colour, opacity) };
        self.pixmap.fill_path(&path, &paint, FillRule::Winding, self.transform, None);
    }

    fn stroke(&mut self, path: Option<Path>, stroke: &Stroke, dashes: &[f64]) {
        let Some(path) = path else { return };
        let dashes = dashes.iter().map(|length| *length as f32).collect();
        let pen = tiny_skia::Stroke {
            width: stroke.width as f32,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            dash: StrokeDash::new(dashes, 0.0),
            ..tiny_skia::Stroke::default()
        };
        let paint = colour_paint(stroke.colour, stroke.opacity);
        self.pixmap.stroke_path(&path, &paint, &pen, self.transform, None);
    }

    /// Paints every pixel of an image as a rectangle.
    fn image(&mut self, [left, top]: [f64; 2], [width, height]: [f64; 2], image: &Image) {
        let (columns, rows) = (image.width(), image.height());
        let size = [width / columns as f64, height / rows as f64];
        for (index, pixel) in image.pixels().as_chunks::<3>().0.iter().enumerate() {
            let (row, column) = (index / columns, index % columns);
            let at = [left + column as f64 * size[0], top + row as f64 * size[1]];
            self.fill(rectangle(at, size), Colour(*pixel), 1.0, false);
        }
    }

    fn text(
        &mut self,
        [x, y]: [f64; 2],
        text: &str,
        anchor: TextAnchor,
        style: &TextStyle,
        upwards: bool,
    ) {
        let (size, bold, colour) = match style {
            TextStyle::Plain => (FONT_SIZE, false, ThemeColour::Ink.on_light()),
            TextStyle::Muted => (FONT_SIZE, false, ThemeColour::Muted.on_light()),
            TextStyle::MutedSmall => (SMALL_FONT_SIZE, false, ThemeColour::Muted.on_light()),
            TextStyle::Sized(size) => (*size, false, ThemeColour::Ink.on_light()),
            TextStyle::Cell { ink, size } => (*size, false, *ink),
            TextStyle::Print { size, bold } => (*size, *bold, Colour::INK),
        };
        let font = Font::new(bold);
        let start = match anchor {
            TextAnchor::Start => x,
            TextAnchor::Middle => x - font.width(text) * size / 2.0,
            TextAnchor::End => x - font.width(text) * size,
        };
        let path = font.outline(text, [start, y], size);
        let turn = Transform::from_rotate_at(-90.0, x as f32, y as f32);
        let path = if upwards { path.and_then(|path| path.transform(turn)) } else { path };
        self.fill(path, colour, 1.0, true);
    }
}

/// The colour of a paint on white paper.
fn on_paper(paint: Paint) -> Colour {
    match paint {
        Paint::Fixed(colour) => colour,
        Paint::Theme(colour) => colour.on_light(),
    }
}

fn colour_paint(Colour([red, green, blue]): Colour, opacity: f64) -> SkiaPaint<'static> {
    let mut paint = SkiaPaint::default();
    paint.set_color_rgba8(red, green, blue, (255.0 * opacity).round() as u8);
    paint
}

fn rectangle([x, y]: [f64; 2], [width, height]: [f64; 2]) -> Option<Path> {
    let [x, y, width, height] = [x, y, width, height].map(|length| length as f32);
    Rect::from_xywh(x, y, width, height).map(PathBuilder::from_rect)
}

/// Lines as one path, closed or open; `None` without points.
fn polyline(lines: &[Vec<[f64; 2]>], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for line in lines {
        for (index, &[x, y]) in line.iter().enumerate() {
            match index {
                0 => path.move_to(x as f32, y as f32),
                _ => path.line_to(x as f32, y as f32),
            }
        }
        if closed {
            path.close();
        }
    }
    path.finish()
}
