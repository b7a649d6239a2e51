//! Pictures as SVG.

use std::fmt::Write;

use super::{Anchor, Picture, Shape, Stroke};
use crate::made_by::made_by;
use crate::markup::escaped;

/// Families that look like the font of the other format.
const FONTS: &str = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";

/// The picture as a file.
pub(super) fn write(picture: &Picture) -> String {
    let [width, height] = [picture.width, picture.height].map(number);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n\
         <title>{}</title>\n\
         <!-- {} -->\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n",
        escaped(&picture.description),
        made_by()
    );
    picture.shapes.iter().for_each(|shape| {
        // Writing into a string cannot fail.
        let _ = add(&mut text, shape);
    });
    text + "</svg>\n"
}

fn add(text: &mut String, shape: &Shape) -> std::fmt::Result {
    match shape {
        Shape::Tiles(tiles) => {
            writeln!(text, "<g shape-rendering=\"crispEdges\">")?;
            for (corners, colour) in tiles {
                let path = path(corners, true);
                writeln!(text, "<path fill=\"{}\" d=\"{path}\"/>", colour.hex())?;
            }
            writeln!(text, "</g>")
        }
        Shape::Lines { lines, stroke } => {
            let path: String = lines.iter().map(|line| path(line, false)).collect();
            writeln!(text, "<path fill=\"none\"{} d=\"{path}\"/>", pen(stroke))
        }
        Shape::Rectangle { at, size, fill, stroke } => {
            let ([x, y], [width, height]) = (at.map(number), size.map(number));
            let fill = fill.map_or("none".into(), |colour| colour.hex());
            let stroke = stroke.as_ref().map(pen).unwrap_or_default();
            writeln!(
                text,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
                 fill=\"{fill}\"{stroke}/>"
            )
        }
        Shape::Circle { centre, radius, fill, stroke } => {
            let ([x, y], radius, fill) = (centre.map(number), number(*radius), fill.hex());
            let stroke = pen(stroke);
            writeln!(text, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\"{stroke}/>")
        }
        Shape::Text { at, text: letters, size, anchor, bold } => {
            let ([x, y], size) = (at.map(number), number(*size));
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
            };
            let weight = if *bold { " font-weight=\"bold\"" } else { "" };
            writeln!(
                text,
                "<text x=\"{x}\" y=\"{y}\" font-family=\"{FONTS}\" font-size=\"{size}\"{weight}\
                 {anchor} fill=\"#1a1a1a\">{}</text>",
                escaped(letters)
            )
        }
    }
}

/// Attributes of a line.
fn pen(stroke: &Stroke) -> String {
    let mut pen = format!(
        " stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\" stroke-linejoin=\"round\"",
        stroke.colour.hex(),
        number(stroke.width)
    );
    if stroke.opacity < 1.0 {
        pen += &format!(" stroke-opacity=\"{}\"", number(stroke.opacity));
    }
    pen
}

/// Points as path data.
fn path(points: &[[f64; 2]], closed: bool) -> String {
    let mut path = String::new();
    for (index, point) in points.iter().enumerate() {
        let [x, y] = point.map(number);
        path += &format!("{}{x} {y}", if index == 0 { "M" } else { "L" });
    }
    path + if closed { "Z" } else { "" }
}

/// A hundredth of a unit is nothing that can be seen.
fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Colour;
    use super::*;

    #[test]
    fn shapes_become_elements() {
        let stroke = Stroke { colour: Colour([1, 2, 255]), width: 0.5, opacity: 0.25 };
        let triangle = vec![[0.0, 0.0], [10.004, 0.0], [0.0, 2.5]];
        let picture = Picture {
            width: 100.0,
            height: 50.0,
            description: "a <b> & \"c\"\u{7}".into(),
            shapes: vec![
                Shape::Tiles(vec![(triangle.clone(), Colour([255, 0, 0]))]),
                Shape::Lines { lines: vec![triangle[..2].to_vec()], stroke },
                Shape::Circle { centre: [1.0, 2.0], radius: 3.0, fill: Colour::WHITE, stroke },
            ],
        };
        let text = write(&picture);
        assert!(text.contains("<title>a &lt;b&gt; &amp; &quot;c&quot; </title>"), "{text}");
        assert!(text.contains("<path fill=\"#ff0000\" d=\"M0 0L10 0L0 2.5Z\"/>"), "{text}");
        assert!(text.contains("stroke=\"#0102ff\" stroke-width=\"0.5\""), "{text}");
        assert!(text.contains("stroke-opacity=\"0.25\" d=\"M0 0L10 0\"/>"), "{text}");
        assert!(text.contains("<circle cx=\"1\" cy=\"2\" r=\"3\" fill=\"#ffffff\""), "{text}");
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
    }
}
