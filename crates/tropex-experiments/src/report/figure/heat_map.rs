//! Grids of numbers as colours.

use serde::{Deserialize, Serialize};

use super::super::{Table, Unit};
use super::Axis;
use super::palette;
use super::svg::{Anchor, Drawing, WIDTH};

/// Grids over the same axes, on the same scale of colours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HeatMaps {
    /// The axis from left to right.
    pub x: Axis,
    /// The axis downwards.
    pub y: Axis,
    /// What the colours stand for, and the unit of the numbers.
    pub value: Axis,
    /// Numbers of the columns.
    pub columns: Vec<f64>,
    /// Numbers of the rows.
    pub rows: Vec<f64>,
    /// The grids.
    pub panels: Vec<Panel>,
}

/// One grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// What it shows.
    pub name: String,
    /// A number for every row and column.
    pub values: Vec<Vec<f64>>,
}

const LEFT: f64 = 54.0;
const GAP: f64 = 18.0;
const HEADING: f64 = 22.0;
const TICKS: f64 = 20.0;
/// Height of the label of the horizontal axis and of the legend.
const BELOW: f64 = 74.0;

impl HeatMaps {
    pub(super) fn draw(&self) -> Drawing {
        let across = if self.panels.len() > 1 { 2 } else { 1 };
        let room = (WIDTH - LEFT - GAP * across as f64) / across as f64;
        let cell = room / self.columns.len().max(1) as f64;
        let cell = if across == 1 { cell.min(52.0) } else { cell };
        let panel_height = HEADING + cell * self.rows.len() as f64 + TICKS;
        let lines = self.panels.len().div_ceil(across);
        let bottom = lines as f64 * panel_height;
        let mut drawing = Drawing::new(bottom + BELOW);
        for (index, panel) in self.panels.iter().enumerate() {
            let x = LEFT + (index % across) as f64 * (room + GAP);
            let y = (index / across) as f64 * panel_height;
            self.draw_panel(panel, [x, y + HEADING], cell, index % across == 0, &mut drawing);
        }
        let middle = f64::midpoint(LEFT, WIDTH);
        drawing.text([middle, bottom + 14.0], Anchor::Middle, "", &self.x.heading());
        let side = format!(r#"transform="rotate(-90 13 {})""#, bottom / 2.0);
        drawing.text([13.0, bottom / 2.0], Anchor::Middle, &side, &self.y.heading());
        self.draw_legend(bottom + 30.0, &mut drawing);
        drawing
    }

    fn draw_panel(
        &self,
        panel: &Panel,
        [left, top]: [f64; 2],
        cell: f64,
        is_first: bool,
        drawing: &mut Drawing,
    ) {
        let (muted, size) = (r#"class="muted""#, (cell * 0.36).min(13.0));
        drawing.text([left, top - 8.0], Anchor::Start, "", &panel.name);
        for (row, values) in panel.values.iter().enumerate() {
            let y = top + row as f64 * cell;
            for (column, &value) in values.iter().enumerate() {
                let x = left + column as f64 * cell;
                let colour = palette::sequential(self.share(value));
                let [red, green, blue] = colour;
                let fill = format!(r#"fill="rgb({red},{green},{blue})""#);
                drawing.rectangle([x, y], [cell, cell], &fill);
                let ink = if palette::is_light(colour) { "#111" } else { "#fff" };
                let text = self.short(value);
                let style = format!(r#"style="fill:{ink};font-size:{size}px""#);
                let middle = [x + cell / 2.0, y + cell / 2.0 + size * 0.35];
                drawing.text(middle, Anchor::Middle, &style, &text);
            }
            if is_first {
                let place = [left - 5.0, y + cell / 2.0 + 4.5];
                drawing.text(place, Anchor::End, muted, &self.y.unit.tick(self.rows[row]));
            }
        }
        let below = top + cell * panel.values.len() as f64 + 15.0;
        for (column, &number) in self.columns.iter().enumerate() {
            let place = [left + (column as f64 + 0.5) * cell, below];
            drawing.text(place, Anchor::Middle, muted, &self.x.unit.tick(number));
        }
    }

    fn draw_legend(&self, top: f64, drawing: &mut Drawing) {
        const STEPS: usize = 24;
        let [low, high] = self.range();
        let (left, width) = (WIDTH * 0.3, WIDTH * 0.4);
        for step in 0..STEPS {
            let share = step as f64 / (STEPS - 1) as f64;
            let [red, green, blue] = palette::sequential(share);
            let x = left + width * step as f64 / STEPS as f64;
            let fill = format!(r#"fill="rgb({red},{green},{blue})""#);
            drawing.rectangle([x, top], [width / STEPS as f64 + 0.3, 10.0], &fill);
        }
        let muted = r#"class="muted""#;
        drawing.text([left - 6.0, top + 10.0], Anchor::End, muted, &self.value.unit.tick(low));
        let right = [left + width + 6.0, top + 10.0];
        drawing.text(right, Anchor::Start, muted, &self.value.unit.tick(high));
        drawing.text([WIDTH / 2.0, top + 28.0], Anchor::Middle, "", &self.value.heading());
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

    /// A number that fits into a cell.
    fn short(&self, value: f64) -> String {
        match self.value.unit {
            Unit::Share => format!("{:.0}", 100.0 * value),
            unit => unit.tick(value),
        }
    }

    pub(super) fn fault(&self) -> Option<String> {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let is_wrong = |panel: &Panel| {
            panel.values.len() != rows || panel.values.iter().any(|row| row.len() != columns)
        };
        self.panels
            .iter()
            .any(is_wrong)
            .then(|| format!("a panel that does not have {rows} rows of {columns} numbers"))
    }

    pub(super) fn table(&self) -> Table {
        let columns = [
            ("panel", Unit::Text),
            (&*self.y.label, self.y.unit),
            (&*self.x.label, self.x.unit),
            (&*self.value.label, self.value.unit),
        ];
        let mut table = Table::new("", "", &columns);
        for panel in &self.panels {
            for (row, values) in self.rows.iter().zip(&panel.values) {
                for (column, &value) in self.columns.iter().zip(values) {
                    let place = vec![(&*panel.name).into(), (*row).into(), (*column).into()];
                    table.push(place.into_iter().chain([value.into()]).collect());
                }
            }
        }
        table
    }
}
