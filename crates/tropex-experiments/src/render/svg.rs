//! Writes drawings as SVG.

use std::fmt::{Display, Formatter, Result, Write};

use super::drawing::{Drawing, Paint, RuleRole, Shape, Stroke, TextAnchor, TextStyle};
use super::markup::escaped;
use super::provenance::provenance_mark;
use super::theme::style_sheet;

/// Font families that look like the font of PNG files.
const FONTS: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

/// Height of the title above a plot in a file of its own.
const TITLE: f64 = 30.0;

/// A plot as an element of a page that contains [`style_sheet`].
pub(super) fn element(drawing: &Drawing) -> String {
    opening(drawing, 0.0) + &shapes(drawing) + "</svg>\n"
}

/// A plot as a file of its own, with style sheet and title.
pub(super) fn plot_file(drawing: &Drawing) -> String {
    let (style, title) = (style_sheet(), escaped(&drawing.description));
    let head = format!(
        "<style>{style}</style>\n<rect x=\"0\" y=\"{}\" width=\"100%\" height=\"100%\" \
         fill=\"var(--background)\"/>\n<text class=\"title\" x=\"{}\" y=\"-10\" \
         text-anchor=\"middle\">{title}</text>\n",
        Short(-TITLE),
        drawing.width / 2.0
    );
    opening(drawing, TITLE) + &head + &shapes(drawing) + "</svg>\n"
}

/// A picture on white paper as a file of its own.
pub(super) fn picture_file(drawing: &Drawing) -> String {
    let [width, height] = [drawing.width, drawing.height].map(Short);
    let head = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>{}</title>\n\
         <!-- {} -->\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
        escaped(&drawing.description),
        provenance_mark()
    );
    head + &shapes(drawing) + "</svg>\n"
}

/// The opening tag of a plot with some room `above` it.
fn opening(drawing: &Drawing, above: f64) -> String {
    let [top, height] = [-above, drawing.height + above].map(Short);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"figure\" role=\"img\" \
         viewBox=\"0 {top} {} {height}\" aria-label=\"{}\">\n",
        drawing.width,
        escaped(&drawing.description)
    )
}

fn shapes(drawing: &Drawing) -> String {
    let mut text = String::new();
    for shape in &drawing.shapes {
        // Writing into a string cannot fail.
        let _ = write_shape(&mut text, shape);
    }
    text
}

fn write_shape(out: &mut String, shape: &Shape) -> Result {
    match shape {
        Shape::Tiles(tiles) => {
            writeln!(out, "<g shape-rendering=\"crispEdges\">")?;
            for (corners, colour) in tiles {
                let path = path(corners, true);
                writeln!(out, "<path fill=\"{}\" d=\"{path}\"/>", colour.hex())?;
            }
            writeln!(out, "</g>")
        }
        Shape::Lines { lines, stroke } => {
            let path: String = lines.iter().map(|line| path(line, false)).collect();
            writeln!(out, "<path fill=\"none\"{} d=\"{path}\"/>", pen(stroke))
        }
        Shape::Rule { role, from, to } => {
            let class = match role {
                RuleRole::Grid => "grid",
                RuleRole::Axis => "axis",
                RuleRole::Interval => "interval",
            };
            let ([x1, y1], [x2, y2]) = (from.map(Short), to.map(Short));
            writeln!(out, r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#)
        }
        Shape::Curve { points, paint, dashes } => {
            let (points, dashes) = (pairs(points), dash_array(dashes));
            writeln!(
                out,
                "<polyline class=\"line\" points=\"{points}\" stroke=\"{paint}\" \
                 stroke-dasharray=\"{dashes}\"/>"
            )
        }
        Shape::Area { points, paint, opacity, outline } => {
            let points = pairs(points);
            let outline = outline.map_or_else(String::new, |width| {
                format!(r#" stroke="{paint}" stroke-width="{}""#, Short(width))
            });
            writeln!(
                out,
                r#"<polygon points="{points}" fill="{paint}" fill-opacity="{}"{outline}/>"#,
                Short(*opacity)
            )
        }
        Shape::Rectangle { at, size, paint, corner } => {
            let ([x, y], [width, height]) = (at.map(Short), size.map(Short));
            let round = match *corner > 0.0 {
                true => format!(r#" rx="{}""#, Short(*corner)),
                false => String::new(),
            };
            writeln!(
                out,
                r#"<rect x="{x}" y="{y}" width="{width}" height="{height}"{round} fill="{paint}"/>"#
            )
        }
        Shape::Circle { centre, radius, paint, stroke } => {
            let ([x, y], radius) = (centre.map(Short), Short(*radius));
            let pen = stroke.as_ref().map(pen).unwrap_or_default();
            writeln!(out, r#"<circle cx="{x}" cy="{y}" r="{radius}" fill="{paint}"{pen}/>"#)
        }
        Shape::Image { at, size, image, description } => {
            let ([x, y], [width, height]) = (at.map(Short), size.map(Short));
            let (png, label) = (image.base64(), escaped(description));
            writeln!(
                out,
                "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
                 style=\"image-rendering:pixelated\" aria-label=\"{label}\" \
                 href=\"data:image/png;base64,{png}\"/>"
            )
        }
        Shape::Series { index, shapes } => write_together(out, ("series", index), shapes),
        Shape::Group { name, shapes } => write_together(out, ("group", &escaped(name)), shapes),
        Shape::Hover { at, size, text } => {
            let ([x, y], [width, height]) = (at.map(Short), size.map(Short));
            writeln!(
                out,
                "<rect class=\"hover\" x=\"{x}\" y=\"{y}\" width=\"{width}\" \
                 height=\"{height}\"><title>{}</title></rect>",
                escaped(text)
            )
        }
        Shape::Text { at, text, anchor, style: TextStyle::Print { size, bold }, .. } => {
            write_print(out, *at, *anchor, (*size, *bold), text)
        }
        Shape::Text { at, text, anchor, style, upwards } => {
            let [x, y] = at.map(Short);
            let (anchor, text) = (anchor_name(*anchor), escaped(text));
            let mut style = attributes(style);
            if *upwards {
                style += &format!(r#" transform="rotate(-90 {x} {y})""#);
            }
            writeln!(out, r#"<text x="{x}" y="{y}" text-anchor="{anchor}" {style}>{text}</text>"#)
        }
    }
}

/// Writes shapes as one element, which a page finds by a `data` attribute.
fn write_together(
    out: &mut String,
    (kind, value): (&str, &dyn Display),
    shapes: &[Shape],
) -> Result {
    writeln!(out, "<g data-{kind}=\"{value}\">")?;
    shapes.iter().try_for_each(|shape| write_shape(out, shape))?;
    writeln!(out, "</g>")
}

/// Writes a text that does not rely on a style sheet.
fn write_print(
    out: &mut String,
    at: [f64; 2],
    anchor: TextAnchor,
    (size, bold): (f64, bool),
    text: &str,
) -> Result {
    let ([x, y], size) = (at.map(Short), Short(size));
    let anchor = match anchor {
        TextAnchor::Start => String::new(),
        other => format!(r#" text-anchor="{}""#, anchor_name(other)),
    };
    let weight = if bold { r#" font-weight="bold""# } else { "" };
    writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-family=\"{FONTS}\" font-size=\"{size}\"{weight}{anchor} \
         fill=\"#1a1a1a\">{}</text>",
        escaped(text)
    )
}

fn anchor_name(anchor: TextAnchor) -> &'static str {
    match anchor {
        TextAnchor::Start => "start",
        TextAnchor::Middle => "middle",
        TextAnchor::End => "end",
    }
}

/// Attributes of a text that a style sheet gives its font.
fn attributes(style: &TextStyle) -> String {
    match style {
        TextStyle::Plain | TextStyle::Print { .. } => String::new(),
        TextStyle::Muted => r#"class="muted""#.into(),
        TextStyle::MutedSmall => r#"class="muted small""#.into(),
        TextStyle::Sized(size) => format!(r#"style="font-size:{}px""#, Short(*size)),
        TextStyle::Cell { ink, size } => {
            format!(r#"style="fill:{};font-size:{}px""#, ink.hex(), Short(*size))
        }
    }
}

/// Attributes of a line.
fn pen(stroke: &Stroke) -> String {
    let mut pen = format!(
        " stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\" stroke-linejoin=\"round\"",
        stroke.colour.hex(),
        Short(stroke.width)
    );
    if stroke.opacity < 1.0 {
        pen += &format!(" stroke-opacity=\"{}\"", Short(stroke.opacity));
    }
    pen
}

fn dash_array(dashes: &[f64]) -> String {
    match dashes {
        [] => "none".into(),
        dashes => dashes.iter().map(f64::to_string).collect::<Vec<_>>().join(" "),
    }
}

/// Points as the attribute `points` lists them.
fn pairs(points: &[[f64; 2]]) -> String {
    let pair = |[x, y]: &[f64; 2]| format!("{},{}", Short(*x), Short(*y));
    points.iter().map(pair).collect::<Vec<_>>().join(" ")
}

/// Points as path data.
fn path(points: &[[f64; 2]], closed: bool) -> String {
    let mut path = String::new();
    for (index, point) in points.iter().enumerate() {
        let [x, y] = point.map(Short);
        path += &format!("{}{x} {y}", if index == 0 { "M" } else { "L" });
    }
    path + if closed { "Z" } else { "" }
}

impl Display for Paint {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Fixed(colour) => f.write_str(&colour.hex()),
            Self::Theme(colour) => write!(f, "var(--{})", colour.name()),
        }
    }
}

/// A number with at most two decimals: smaller differences are invisible.
struct Short(f64);

impl Display for Short {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{}", (self.0 * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::colour::Colour;
    use super::*;

    #[test]
    fn shapes_become_elements() {
        let stroke = Stroke { colour: Colour([1, 2, 255]), width: 0.5, opacity: 0.25 };
        let triangle = vec![[0.0, 0.0], [10.004, 0.0], [0.0, 2.5]];
        let mut drawing = Drawing::new(100.0, 50.0, "a <b> & \"c\"\u{7}");
        drawing.shapes = vec![
            Shape::Tiles(vec![(triangle.clone(), Colour([255, 0, 0]))]),
            Shape::Lines { lines: vec![triangle[..2].to_vec()], stroke },
            Shape::Circle {
                centre: [1.0, 2.0],
                radius: 3.0,
                paint: Colour::WHITE.into(),
                stroke: Some(stroke),
            },
        ];
        let text = picture_file(&drawing);
        assert!(text.contains("<title>a &lt;b&gt; &amp; &quot;c&quot; </title>"), "{text}");
        assert!(text.contains("<path fill=\"#ff0000\" d=\"M0 0L10 0L0 2.5Z\"/>"), "{text}");
        assert!(text.contains("stroke=\"#0102ff\" stroke-width=\"0.5\""), "{text}");
        assert!(text.contains("stroke-opacity=\"0.25\" d=\"M0 0L10 0\"/>"), "{text}");
        assert!(text.contains("<circle cx=\"1\" cy=\"2\" r=\"3\" fill=\"#ffffff\""), "{text}");
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
    }

    #[test]
    fn texts_are_escaped() {
        let mut drawing = Drawing::new(480.0, 10.0, "<t>");
        drawing.text([0.0, 1.0], TextAnchor::Middle, TextStyle::Plain, "a < b & \"c\"");
        let svg = element(&drawing);
        assert!(svg.contains("a &lt; b &amp; &quot;c&quot;</text>"), "{svg}");
        assert!(svg.contains("aria-label=\"&lt;t&gt;\"") && !svg.contains("<style>"), "{svg}");
    }
}
