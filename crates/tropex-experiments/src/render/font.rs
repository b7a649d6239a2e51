//! Letters as outlines. The font is part of the program: DejaVu Sans, whose licence (that of
//! Bitstream Vera) allows use and distribution.

use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, OutlineBuilder};

/// A font that is part of the program.
pub(super) struct Font(Option<Face<'static>>);

impl Font {
    pub(super) fn new(bold: bool) -> Self {
        let file = if bold { dejavu::sans::bold() } else { dejavu::sans::regular() };
        Self(Face::parse(file, 0).ok())
    }

    /// Width of a text in a font of height 1.
    pub(super) fn width(&self, text: &str) -> f64 {
        self.glyphs(text).map(|(_, advance)| advance).sum()
    }

    /// Outlines of a text whose baseline starts at a point; `None` if the text is blank.
    pub(super) fn outline(&self, text: &str, [x, y]: [f64; 2], size: f64) -> Option<Path> {
        let face = self.0.as_ref()?;
        let scale = size / f64::from(face.units_per_em());
        let mut pen = Pen { path: PathBuilder::new(), x, y, scale };
        for (glyph, advance) in self.glyphs(text) {
            // A space has no outline.
            let _ = face.outline_glyph(glyph, &mut pen);
            pen.x += advance * size;
        }
        pen.path.finish()
    }

    /// The glyphs of a text with their advance widths. Letters that the font lacks become question
    /// marks.
    fn glyphs(&self, text: &str) -> impl Iterator<Item = (ttf_parser::GlyphId, f64)> {
        text.chars().filter_map(|letter| {
            let face = self.0.as_ref()?;
            let glyph = face.glyph_index(letter).or_else(|| face.glyph_index('?'))?;
            let advance = f64::from(face.glyph_hor_advance(glyph).unwrap_or(0));
            Some((glyph, advance / f64::from(face.units_per_em())))
        })
    }
}

/// Draws glyphs, whose `y` points up, on paper, whose `y` points down.
struct Pen {
    path: PathBuilder,
    x: f64,
    y: f64,
    scale: f64,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        let at = |start: f64, step: f32| (start + self.scale * f64::from(step)) as f32;
        (at(self.x, x), at(self.y, -y))
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_have_widths_and_outlines() {
        for font in [Font::new(false), Font::new(true)] {
            assert!(font.width("m") > 2.0 * font.width("i"));
            assert_eq!(font.width("\u{10ffff}"), font.width("?"));
            let bounds = font.outline("Hx", [10.0, 50.0], 20.0).unwrap().bounds();
            assert!((bounds.bottom() - 50.0).abs() < 0.1 && bounds.top() > 30.0);
            assert!(bounds.left() >= 10.0 && bounds.right() < 50.0);
            assert!(font.outline(" ", [0.0, 0.0], 20.0).is_none());
        }
    }
}
