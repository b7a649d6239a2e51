//! Pictures as pixels.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Rect, Transform,
};

use super::text::Font;
use super::{Anchor, Colour, Picture, Shape, Stroke};

/// Paints a picture with so many pixels for each unit; none if there would be no or too many.
pub(super) fn paint(picture: &Picture, scale: f32) -> Option<Pixmap> {
    let pixels = |length: f64| (length * f64::from(scale)).round() as u32;
    let mut pixmap = Pixmap::new(pixels(picture.width), pixels(picture.height))?;
    pixmap.fill(Color::WHITE);
    let mut painter = Painter { pixmap, transform: Transform::from_scale(scale, scale) };
    picture.shapes.iter().for_each(|shape| painter.paint(shape));
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
                    self.fill(path, *colour, false);
                }
            }
            Shape::Lines { lines, stroke } => self.stroke(polyline(lines, false), stroke),
            Shape::Rectangle { at: [x, y], size: [width, height], fill, stroke } => {
                let [x, y, width, height] = [*x, *y, *width, *height].map(|length| length as f32);
                let path = Rect::from_xywh(x, y, width, height).map(PathBuilder::from_rect);
                if let Some(colour) = fill {
                    self.fill(path.clone(), *colour, true);
                }
                if let Some(stroke) = stroke {
                    self.stroke(path, stroke);
                }
            }
            Shape::Circle { centre: [x, y], radius, fill, stroke } => {
                let path = PathBuilder::from_circle(*x as f32, *y as f32, *radius as f32);
                self.fill(path.clone(), *fill, true);
                self.stroke(path, stroke);
            }
            Shape::Text { at: [x, y], text, size, anchor, bold } => {
                let font = Font::new(*bold);
                let start = match anchor {
                    Anchor::Start => *x,
                    Anchor::Middle => x - font.width(text) * size / 2.0,
                };
                self.fill(font.outline(text, [start, *y], *size), Colour::INK, true);
            }
        }
    }

    /// Fills what is inside a path, if there is one.
    fn fill(&mut self, path: Option<Path>, colour: Colour, soft: bool) {
        let Some(path) = path else { return };
        let paint = Paint { anti_alias: soft, ..colour_paint(colour, 1.0) };
        self.pixmap.fill_path(&path, &paint, FillRule::Winding, self.transform, None);
    }

    fn stroke(&mut self, path: Option<Path>, stroke: &Stroke) {
        let Some(path) = path else { return };
        let pen = tiny_skia::Stroke {
            width: stroke.width as f32,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..tiny_skia::Stroke::default()
        };
        let paint = colour_paint(stroke.colour, stroke.opacity);
        self.pixmap.stroke_path(&path, &paint, &pen, self.transform, None);
    }
}

fn colour_paint(Colour([red, green, blue]): Colour, opacity: f64) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, (255.0 * opacity).round() as u8);
    paint
}

/// Lines as one path, closed or not; none if there is nothing to see.
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
