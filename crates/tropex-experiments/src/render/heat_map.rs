//! Grids of numbers as colours.

use serde::{Deserialize, Serialize};

use super::axis::PlotAxis;
use super::colour::Colour;
use super::colour_scale::sequential;
use super::drawing::{Drawing, TextAnchor, TextStyle};
use super::frame::WIDTH;
use crate::unit::Unit;

/// Grids that share their axes and their scale of colours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeatMaps {
    /// The horizontal axis.
    pub x: PlotAxis,
    /// The vertical axis, downwards.
    pub y: PlotAxis,
    /// What the colours stand for, and its unit.
    pub value: PlotAxis,
    /// The number that every column stands for.
    pub columns: Vec<f64>,
    /// The number that every row stands for.
    pub rows: Vec<f64>,
    /// The grids.
    pub panels: Vec<HeatMapPanel>,
}

/// One grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeatMapPanel {
    /// What the grid shows.
    pub name: String,
    /// A list of numbers per row.
    pub values: Vec<Vec<f64>>,
}

/// Letters on light colours.
const DARK_INK: Colour = Colour([17, 17, 17]);

const LEFT: f64 = 54.0;
const GAP: f64 = 18.0;
const HEADING: f64 = 22.0;
const TICKS: f64 = 20.0;
/// Height of the legend and of the label of the horizontal axis.
const BELOW: f64 = 74.0;

impl HeatMaps {
    pub(super) fn draw(&self, title: &str) -> Drawing {
        let across = if self.panels.len() > 1 { 2 } else { 1 };
        let room = (WIDTH - LEFT - GAP * across as f64) / across as f64;
        let cell = room / self.columns.len().max(1) as f64;
        let cell = if across == 1 { cell.min(52.0) } else { cell };
        let panel_height = HEADING + cell * self.rows.len() as f64 + TICKS;
        let lines = self.panels.len().div_ceil(across);
        let bottom = lines as f64 * panel_height;
        let mut drawing = Drawing::new(WIDTH, bottom + BELOW, title);
        for (index, panel) in self.panels.iter().enumerate() {
            let x = LEFT + (index % across) as f64 * (room + GAP);
            let y = (index / across) as f64 * panel_height;
            self.draw_panel(panel, [x, y + HEADING], cell, index % across == 0, &mut drawing);
        }
        let middle = f64::midpoint(LEFT, WIDTH);
        drawing.text(
            [middle, bottom + 14.0],
            TextAnchor::Middle,
            TextStyle::Plain,
            &self.x.heading(),
        );
        drawing.text_upwards(
            [13.0, bottom / 2.0],
            TextAnchor::Middle,
            TextStyle::Plain,
            &self.y.heading(),
        );
        self.draw_legend(bottom + 30.0, &mut drawing);
        drawing
    }

    fn draw_panel(
        &self,
        panel: &HeatMapPanel,
        [left, top]: [f64; 2],
        cell: f64,
        is_first: bool,
        drawing: &mut Drawing,
    ) {
        let size = (cell * 0.36).min(13.0);
        drawing.text([left, top - 8.0], TextAnchor::Start, TextStyle::Plain, &panel.name);
        for (row, values) in panel.values.iter().enumerate() {
            let y = top + row as f64 * cell;
            for (column, &value) in values.iter().enumerate() {
                let x = left + column as f64 * cell;
                let colour = sequential(self.share(value));
                drawing.rectangle([x, y], [cell, cell], colour);
                let ink = if colour.is_light() { DARK_INK } else { Colour::WHITE };
                let text = self.short(value);
                let style = TextStyle::Cell { ink, size };
                let middle = [x + cell / 2.0, y + cell / 2.0 + size * 0.35];
                drawing.text(middle, TextAnchor::Middle, style, &text);
                let [across, down] =
                    [self.x.unit.format(self.columns[column]), self.y.unit.format(self.rows[row])];
                let text = format!(
                    "{}: {} at {} {across}, {} {down}",
                    panel.name,
                    self.value.unit.format(value),
                    self.x.label,
                    self.y.label
                );
                drawing.hover([x, y], [cell, cell], text);
            }
            if is_first {
                let place = [left - 5.0, y + cell / 2.0 + 4.5];
                let text = self.y.unit.tick(self.rows[row]);
                drawing.text(place, TextAnchor::End, TextStyle::Muted, &text);
            }
        }
        let below = top + cell * panel.values.len() as f64 + 15.0;
        for (column, &number) in self.columns.iter().enumerate() {
            let place = [left + (column as f64 + 0.5) * cell, below];
            let text = self.x.unit.tick(number);
            drawing.text(place, TextAnchor::Middle, TextStyle::Muted, &text);
        }
    }

    fn draw_legend(&self, top: f64, drawing: &mut Drawing) {
        const STEPS: usize = 24;
        let [low, high] = self.range();
        let (left, width) = (WIDTH * 0.3, WIDTH * 0.4);
        for step in 0..STEPS {
            let share = step as f64 / (STEPS - 1) as f64;
            let x = left + width * step as f64 / STEPS as f64;
            drawing.rectangle([x, top], [width / STEPS as f64 + 0.3, 10.0], sequential(share));
        }
        let ends =
            [(left - 6.0, TextAnchor::End, low), (left + width + 6.0, TextAnchor::Start, high)];
        for (x, anchor, number) in ends {
            let text = self.value.unit.tick(number);
            drawing.text([x, top + 10.0], anchor, TextStyle::Muted, &text);
        }
        let below = [WIDTH / 2.0, top + 28.0];
        drawing.text(below, TextAnchor::Middle, TextStyle::Plain, &self.value.heading());
    }

    fn range(&self) -> [f64; 2] {
        let values = self.panels.iter().flat_map(|panel| panel.values.iter().flatten());
        let start = [f64::INFINITY, f64::NEG_INFINITY];
        let range = values.fold(start, |[low, high], &v| [low.min(v), high.max(v)]);
        if range[0] < range[1] { range } else { [range[0].min(0.0), range[0].max(1.0)] }
    }

    fn share(&self, value: f64) -> f64 {
        let [low, high] = self.range();
        (value - low) / (high - low)
    }

    /// A number in few digits, so that it fits into a cell.
    fn short(&self, value: f64) -> String {
        match self.value.unit {
            Unit::Share => format!("{:.0}", 100.0 * value),
            unit => unit.tick(value),
        }
    }

    pub(super) fn fault(&self) -> Option<String> {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let is_wrong = |panel: &HeatMapPanel| {
            panel.values.len() != rows || panel.values.iter().any(|row| row.len() != columns)
        };
        self.panels
            .iter()
            .any(is_wrong)
            .then(|| format!("a panel that does not have {rows} rows of {columns} numbers"))
    }
}
