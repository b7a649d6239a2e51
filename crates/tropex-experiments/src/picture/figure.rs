//! Panels with regions side by side.

use std::collections::BTreeSet;

use tropex_geometry::slice::{Partition, Window};

use super::text::Font;
use super::{Anchor, Colour, Picture, Shape, Stroke};

/// The longer side of a panel.
const PANEL: f64 = 440.0;
/// Space around panels.
const SPACE: f64 = 20.0;
/// Height of a title, and of the legend.
const LINE: f64 = 30.0;
const TITLE_SIZE: f64 = 15.0;
const LEGEND_SIZE: f64 = 13.0;
/// Half the side of a coloured square in the legend.
const SWATCH: f64 = 7.0;
/// Borders of regions get finer and paler where there are more regions than this.
const MANY: f64 = 600.0;
/// With more classes than this the legend has only those that are to be seen.
const LEGEND: usize = 20;
/// Rings are smaller where there are more points than this.
const CROWD: usize = 100;

/// What is to be seen: partitions of one window, side by side.
#[derive(Clone, Debug)]
pub struct Figure<'a> {
    /// The part of the plane that all panels show.
    pub window: &'a Window,
    /// From left to right.
    pub panels: Vec<Panel<'a>>,
    /// Points that all panels show.
    pub marks: Vec<Mark>,
    /// What the classes are called. Up to 20 of them are all in the legend; of more, or without
    /// names, it has those that are to be seen.
    pub class_names: Vec<String>,
}

/// One partition.
#[derive(Clone, Debug)]
pub struct Panel<'a> {
    /// What stands above it.
    pub title: String,
    /// What it shows.
    pub partition: &'a Partition,
}

/// A data point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Where it is on the plane.
    pub at: [f64; 2],
    /// Its true class.
    pub label: usize,
}

impl Figure<'_> {
    /// Draws regions in the hue of their class, lighter or darker by pattern, with thin borders;
    /// the decision boundary as a thick line; and data points as rings in the hue of their label.
    pub fn draw(&self) -> Picture {
        let [[left, right], [low, high]] = self.window.extents();
        let scale = PANEL / (right - left).max(high - low);
        let size = [(right - left) * scale, (high - low) * scale];
        let (top, count) = (SPACE + LINE, self.panels.len() as f64);
        let mut shapes = Vec::new();
        for (index, panel) in (0_u32..).zip(&self.panels) {
            let x = SPACE + f64::from(index) * (size[0] + SPACE);
            let to_paper = |[u, v]: [f64; 2]| [x + (u - left) * scale, top + (high - v) * scale];
            shapes.push(Shape::Text {
                at: [x + size[0] / 2.0, SPACE + TITLE_SIZE],
                text: panel.title.clone(),
                size: TITLE_SIZE,
                anchor: Anchor::Middle,
                bold: true,
            });
            shapes.extend(regions(panel.partition, to_paper));
            let radius = if self.marks.len() > CROWD { 3.0 } else { 4.0 };
            let rings = self.marks.iter();
            shapes.extend(rings.map(|mark| ring(to_paper(mark.at), mark.label, radius)));
        }
        let legend = [SPACE, top + size[1] + SPACE + LEGEND_SIZE / 2.0];
        let (entries, end) = self.legend(legend);
        shapes.extend(entries);
        let titles: Vec<_> = self.panels.iter().map(|panel| panel.title.as_str()).collect();
        Picture {
            width: (SPACE + count * (size[0] + SPACE)).max(end[0] + SPACE),
            height: end[1] + SPACE,
            description: format!("Linear regions: {}", titles.join("; ")),
            shapes,
        }
    }

    /// The classes in rows as wide as the panels, and where they end.
    fn legend(&self, [left, top]: [f64; 2]) -> (Vec<Shape>, [f64; 2]) {
        let cells = self.panels.iter().flat_map(|panel| &panel.partition.cells);
        let labels = self.marks.iter().map(|mark| mark.label);
        let seen = cells.map(|cell| cell.class).chain(labels);
        let classes: BTreeSet<usize> = match self.class_names.len() {
            named @ 1..=LEGEND => (0..named).collect(),
            _ => seen.collect(),
        };
        let font = Font::new(false);
        let (mut shapes, mut at) = (Vec::new(), [left, top]);
        let (width, mut end) = (self.panels.len().max(1) as f64 * (PANEL + SPACE), left);
        for class in classes {
            let name = self.class_names.get(class).cloned();
            let name = name.unwrap_or_else(|| format!("class {class}"));
            let needed = 2.0 * SWATCH + 8.0 + font.width(&name) * LEGEND_SIZE + SPACE;
            if at[0] + needed > width && at[0] > left {
                at = [left, at[1] + LINE];
            }
            let [x, y] = at;
            shapes.push(Shape::Rectangle {
                at: [x, y - SWATCH],
                size: [2.0 * SWATCH; 2],
                fill: Some(Colour::in_legend(class)),
                stroke: None,
            });
            shapes.push(ring([x + SWATCH, y], class, 3.5));
            shapes.push(Shape::Text {
                at: [x + 2.0 * SWATCH + 8.0, y + 0.36 * LEGEND_SIZE],
                text: name,
                size: LEGEND_SIZE,
                anchor: Anchor::Start,
                bold: false,
            });
            at[0] += needed;
            end = at[0].max(end);
        }
        (shapes, [end, at[1]])
    }
}

/// Tiles, borders and decision boundary of a partition.
fn regions(partition: &Partition, to_paper: impl Fn([f64; 2]) -> [f64; 2]) -> Vec<Shape> {
    let on_paper = |corners: &[usize]| -> Vec<[f64; 2]> {
        corners.iter().map(|&corner| to_paper(partition.vertices[corner])).collect()
    };
    let tiles = partition.cells.iter().map(|cell| {
        let id = partition.regions[cell.region].id;
        (on_paper(&cell.corners), Colour::of_region(cell.class, id))
    });
    let edges: BTreeSet<[usize; 2]> = partition
        .regions
        .iter()
        .flat_map(|region| {
            let following = region.corners.iter().cycle().skip(1);
            region.corners.iter().zip(following).map(|(&from, &to)| [from.min(to), from.max(to)])
        })
        .collect();
    let borders = edges.iter().map(|edge| on_paper(edge)).collect();
    let boundary = partition.boundary.iter().map(|edge| on_paper(edge)).collect();
    let crowd = (MANY / partition.regions.len().max(1) as f64).sqrt().clamp(0.25, 1.0);
    let thin =
        Stroke { colour: Colour::INK, width: 0.3 + 0.4 * crowd, opacity: 0.25 + 0.35 * crowd };
    vec![
        Shape::Tiles(tiles.collect()),
        Shape::Lines { lines: borders, stroke: thin },
        Shape::Lines { lines: boundary, stroke: Stroke::solid(Colour::INK, 2.2) },
    ]
}

/// A data point: white inside, around it the hue of its class.
fn ring(centre: [f64; 2], class: usize, radius: f64) -> Shape {
    let stroke = Stroke::solid(Colour::of_class(class), 0.5 * radius);
    Shape::Circle { centre, radius, fill: Colour::WHITE, stroke }
}
