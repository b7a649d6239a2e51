//! Axes, grid and legend of plots.

use super::axis::PlotAxis;
use super::drawing::{Drawing, Paint, RuleRole, Shape, TextAnchor, TextStyle};
use super::scale::AxisScale;
use super::theme::{SERIES, ThemeColour};

/// Width of every plot. A page scales plots to its own width; at this width the letters are
/// readable on a phone.
pub(super) const WIDTH: f64 = 480.0;

const LEFT: f64 = 76.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
/// Height of the area that data are drawn in.
const HEIGHT: f64 = 250.0;
/// Height of the numbers and the label below that area.
const BELOW: f64 = 46.0;
/// Distance between the label and the legend.
const LEGEND_GAP: f64 = 10.0;
const LEGEND_LINE: f64 = 20.0;
/// Approximate width of a letter of the legend.
const LETTER: f64 = 8.0;

/// Start and end of the horizontal axis.
pub(super) const ACROSS: [f64; 2] = [LEFT, WIDTH - RIGHT];

/// Start and end of the vertical axis; `y` grows downwards.
pub(super) const UPWARDS: [f64; 2] = [TOP + HEIGHT, TOP];

/// Axes, grid and legend around the data of a plot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a PlotAxis,
    pub(super) y: &'a PlotAxis,
    /// `None` if names stand below the axis instead of numbers.
    pub(super) horizontal: Option<&'a AxisScale>,
    pub(super) vertical: &'a AxisScale,
    /// Height that names below the axis take in addition to one line.
    pub(super) below: f64,
}

impl Frame<'_> {
    /// A drawing of axes, grid and legend. A single series needs no legend.
    pub(super) fn draw(&self, names: &[&str]) -> Drawing {
        let names = if names.len() > 1 { names } else { &[] };
        let places = legend_places(names);
        let lines = places.last().map_or(0.0, |last| LEGEND_GAP + last[1] + LEGEND_LINE);
        let height = TOP + HEIGHT + BELOW + self.below + lines;
        let mut drawing = Drawing::new(WIDTH, height, self.title);
        self.draw_grid(&mut drawing);
        self.draw_ticks(&mut drawing);
        self.draw_labels(&mut drawing);
        for (index, (name, [x, y])) in names.iter().zip(places).enumerate() {
            let y = UPWARDS[0] + BELOW + self.below + LEGEND_GAP + y + 8.0;
            drawing.series(index, |drawing| legend_entry(index, name, [x, y], drawing));
        }
        drawing
    }

    fn draw_grid(&self, drawing: &mut Drawing) {
        for tick in self.vertical.ticks() {
            let Some(place) = self.vertical.place(tick) else { continue };
            drawing.rule(RuleRole::Grid, [ACROSS[0], place], [ACROSS[1], place]);
            let text = self.y.unit.tick(tick);
            drawing.text([LEFT - 6.0, place + 4.5], TextAnchor::End, TextStyle::Muted, &text);
        }
    }

    fn draw_ticks(&self, drawing: &mut Drawing) {
        let bottom = UPWARDS[0];
        let Some(scale) = self.horizontal else { return };
        for tick in scale.ticks() {
            let Some(place) = scale.place(tick) else { continue };
            drawing.rule(RuleRole::Axis, [place, bottom], [place, bottom + 4.0]);
            let text = self.x.unit.tick(tick);
            drawing.text([place, bottom + 18.0], TextAnchor::Middle, TextStyle::Muted, &text);
        }
    }

    fn draw_labels(&self, drawing: &mut Drawing) {
        let bottom = UPWARDS[0];
        drawing.rule(RuleRole::Axis, [ACROSS[0], bottom], [ACROSS[1], bottom]);
        let below = [f64::midpoint(ACROSS[0], ACROSS[1]), bottom + self.below + 38.0];
        drawing.text(below, TextAnchor::Middle, TextStyle::Plain, &self.x.heading());
        let beside = [14.0, f64::midpoint(UPWARDS[0], UPWARDS[1])];
        drawing.text_upwards(beside, TextAnchor::Middle, TextStyle::Plain, &self.y.heading());
    }
}

fn legend_entry(index: usize, name: &str, [x, y]: [f64; 2], drawing: &mut Drawing) {
    // If colours repeat, the entries have the dashes of the lines.
    let pieces: &[(f64, f64)] =
        if index < SERIES { &[(0.0, 16.0)] } else { &[(0.0, 6.0), (10.0, 6.0)] };
    let paint = Paint::Theme(ThemeColour::series(index));
    for &(left, width) in pieces {
        let (at, size) = ([x + left, y - 9.0], [width, 10.0]);
        drawing.add(Shape::Rectangle { at, size, paint, corner: 2.0 });
    }
    drawing.text([x + 21.0, y], TextAnchor::Start, TextStyle::Plain, name);
}

/// Where the entries of a legend begin, with as many entries in a line as it holds.
fn legend_places(names: &[&str]) -> Vec<[f64; 2]> {
    let (mut x, mut y) = (LEFT, 0.0);
    let place = |name: &&str| {
        let width = 36.0 + LETTER * name.chars().count() as f64;
        if x > LEFT && x + width > WIDTH {
            (x, y) = (LEFT, y + LEGEND_LINE);
        }
        let place = [x, y];
        x += width;
        place
    };
    names.iter().map(place).collect()
}
