//! Pictures of linear regions on a plane.

use std::collections::BTreeSet;

use tropex_geometry::slice::{Partition, Window};

use super::colour::Colour;
use super::drawing::{Drawing, Shape, Stroke, TextAnchor, TextStyle};
use super::font::Font;

/// Length of the longer side of a panel.
const PANEL: f64 = 440.0;
/// Space around panels.
const SPACE: f64 = 20.0;
/// Height of a title and of a line of the legend.
const LINE: f64 = 30.0;
const TITLE_SIZE: f64 = 15.0;
const LEGEND_SIZE: f64 = 13.0;
/// Half the side of a coloured square of the legend.
const SWATCH: f64 = 7.0;
/// Number of regions above which borders become thinner and paler.
const MANY: f64 = 600.0;
/// Number of classes above which the legend lists only the classes in the picture.
const LEGEND: usize = 20;
/// Number of data points above which their rings are smaller.
const CROWD: usize = 100;

/// Partitions of one window of a plane, side by side.
#[derive(Clone, Debug)]
pub struct RegionMap<'a> {
    /// The window that all panels show.
    pub window: &'a Window,
    /// The panels, from left to right.
    pub panels: Vec<RegionPanel<'a>>,
    /// Data points that all panels show.
    pub marks: Vec<MarkedPoint>,
    /// Names of the classes. The legend lists all of up to 20 named classes; with more classes, or
    /// without names, it lists the classes in the picture.
    pub class_names: Vec<String>,
}

/// One partition with a title.
#[derive(Clone, Debug)]
pub struct RegionPanel<'a> {
    /// Title above the panel.
    pub title: String,
    /// The regions.
    pub partition: &'a Partition,
}

/// A data point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarkedPoint {
    /// Coordinates on the plane.
    pub at: [f64; 2],
    /// True class.
    pub label: usize,
    /// Index in its split.
    pub index: usize,
}

impl RegionMap<'_> {
    /// Draws regions in the hue of their class and in a shade by their activation pattern, with
    /// thin borders; the decision boundary as a thick line; data points as rings in the hue of
    /// their label.
    pub fn draw(&self) -> Drawing {
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
                anchor: TextAnchor::Middle,
                style: TextStyle::Print { size: TITLE_SIZE, bold: true },
                upwards: false,
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
        Drawing {
            width: (SPACE + count * (size[0] + SPACE)).max(end[0] + SPACE),
            height: end[1] + SPACE,
            description: format!("Linear regions: {}", titles.join("; ")),
            shapes,
        }
    }

    /// The regions of a partition without title, points and legend; `side` is the longer side.
    pub fn cells(partition: &Partition, window: &Window, side: f64) -> Drawing {
        let [[left, right], [low, high]] = window.extents();
        let scale = side / (right - left).max(high - low);
        let to_paper = |[u, v]: [f64; 2]| [(u - left) * scale, (high - v) * scale];
        Drawing {
            width: (right - left) * scale,
            height: (high - low) * scale,
            description: "Linear regions".into(),
            shapes: regions(partition, to_paper),
        }
    }

    /// Entries of the classes in lines as wide as the panels, and the lower right end of the
    /// legend.
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
                paint: Colour::in_legend(class).into(),
                corner: 0.0,
            });
            shapes.push(ring([x + SWATCH, y], class, 3.5));
            shapes.push(Shape::Text {
                at: [x + 2.0 * SWATCH + 8.0, y + 0.36 * LEGEND_SIZE],
                text: name,
                anchor: TextAnchor::Start,
                style: TextStyle::Print { size: LEGEND_SIZE, bold: false },
                upwards: false,
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

/// A data point: a white circle with a border in the hue of its class.
fn ring(centre: [f64; 2], class: usize, radius: f64) -> Shape {
    let stroke = Stroke::solid(Colour::of_class(class), 0.5 * radius);
    Shape::Circle { centre, radius, paint: Colour::WHITE.into(), stroke: Some(stroke) }
}
