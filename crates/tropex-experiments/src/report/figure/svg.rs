//! Writing SVG.

use std::fmt::Write;

use crate::markup::escaped;

/// Width of every drawing, in its own units: it is scaled to where it is shown, and its letters
/// are read on the screen of a telephone.
pub(super) const WIDTH: f64 = 480.0;

/// Where a text is anchored.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Elements of a drawing.
#[derive(Clone, Debug, Default)]
pub(super) struct Drawing {
    elements: String,
    height: f64,
}

impl Drawing {
    /// An empty drawing of a height.
    pub(super) fn new(height: f64) -> Self {
        Self { elements: String::new(), height }
    }

    /// Adds an element as it is.
    pub(super) fn element(&mut self, element: &str) {
        self.elements += element;
        self.elements.push('\n');
    }

    /// Adds a line of a class of the style sheet.
    pub(super) fn line(&mut self, class: &str, from: [f64; 2], to: [f64; 2]) {
        let ([x1, y1], [x2, y2]) = (from.map(Short), to.map(Short));
        self.element(&format!(
            r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#
        ));
    }

    /// Adds a filled rectangle.
    pub(super) fn rectangle(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2], rest: &str) {
        let [x, y, width, height] = [x, y, width, height].map(Short);
        self.element(&format!(
            r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" {rest}/>"#
        ));
    }

    /// Adds a text.
    pub(super) fn text(&mut self, [x, y]: [f64; 2], anchor: Anchor, rest: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let (x, y, text) = (Short(x), Short(y), escaped(text));
        self.element(&format!(
            r#"<text x="{x}" y="{y}" text-anchor="{anchor}" {rest}>{text}</text>"#
        ));
    }

    /// The whole: with a style sheet it stands on its own, and shows its title.
    pub(super) fn finish(&self, title: &str, style: Option<&str>) -> String {
        let title = escaped(title);
        let above = if style.is_some() { 30.0 } else { 0.0 };
        let (top, height) = (Short(-above), Short(self.height + above));
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" role=\"img\" \
             viewBox=\"0 {top} {WIDTH} {height}\" aria-label=\"{title}\">\n"
        );
        if let Some(style) = style {
            // Writing to a string cannot fail.
            let _ = write!(
                svg,
                "<style>{style}</style>\n<rect x=\"0\" y=\"{top}\" width=\"100%\" height=\"100%\" \
                 fill=\"var(--ground)\"/>\n<text class=\"title\" x=\"{}\" y=\"-10\" \
                 text-anchor=\"middle\">{title}</text>\n",
                WIDTH / 2.0
            );
        }
        svg + &self.elements + "</svg>\n"
    }
}

/// A number with at most two digits behind the point: more cannot be seen.
pub(super) struct Short(pub(super) f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", (self.0 * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_break_out() {
        let mut drawing = Drawing::new(10.0);
        drawing.text([0.0, 1.0], Anchor::Middle, "", "a < b & \"c\"");
        let svg = drawing.finish("<t>", None);
        assert!(svg.contains("a &lt; b &amp; &quot;c&quot;</text>"), "{svg}");
        assert!(svg.contains("aria-label=\"&lt;t&gt;\"") && !svg.contains("<style>"), "{svg}");
    }
}
