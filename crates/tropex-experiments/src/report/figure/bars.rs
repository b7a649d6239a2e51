//! Bars side by side.

use serde::{Deserialize, Serialize};

use super::super::{Table, Unit};
use super::frame::{ACROSS, UPWARDS, frame};
use super::scale::Scale;
use super::svg::{Anchor, Drawing};
use super::{Axis, palette};

/// A bar for every group and series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bars {
    /// What the groups are; its unit is of no matter.
    pub x: Axis,
    /// The heights.
    pub y: Axis,
    /// Entries of the legend, one for every bar of a group.
    pub series: Vec<String>,
    /// The groups, from left to right.
    pub groups: Vec<Group>,
}

/// Bars that stand together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// What stands below them.
    pub name: String,
    /// A height for every series; none where there is nothing to show.
    pub heights: Vec<Option<f64>>,
}

impl Group {
    /// Bars of the finite ones of some heights.
    pub fn new(name: &str, heights: impl IntoIterator<Item = f64>) -> Self {
        let heights = heights.into_iter().map(|height| height.is_finite().then_some(height));
        Self { name: name.to_owned(), heights: heights.collect() }
    }
}

impl Bars {
    pub(super) fn draw(&self) -> Drawing {
        let heights = self.groups.iter().flat_map(|group| group.heights.iter().flatten().copied());
        let y = Scale::of(&self.y, heights, UPWARDS).rounded(true);
        let names: Vec<_> = self.series.iter().map(|name| &**name).collect();
        let mut drawing = frame([&self.x, &self.y], None, &y, &names);
        let width = (ACROSS[1] - ACROSS[0]) / self.groups.len().max(1) as f64;
        let bar = 0.8 * width / self.series.len().max(1) as f64;
        for (index, group) in self.groups.iter().enumerate() {
            let left = ACROSS[0] + index as f64 * width;
            let name = shortened(&group.name, (width / 7.0) as usize);
            let below = [left + width / 2.0, UPWARDS[0] + 18.0];
            drawing.text(below, Anchor::Middle, r#"class="muted""#, &name);
            for (series, height) in group.heights.iter().enumerate() {
                let Some(place) = height.and_then(|height| y.place(height)) else { continue };
                let (top, bottom) = (place.min(y.floor()), place.max(y.floor()));
                let x = left + 0.1 * width + series as f64 * bar;
                let colour = format!(r#"fill="{}""#, palette::series(series));
                drawing.rectangle([x, top], [(bar - 1.0).max(0.5), bottom - top], &colour);
            }
        }
        drawing
    }

    pub(super) fn table(&self) -> Table {
        let names = self.series.iter().map(|name| (&**name, self.y.unit));
        let columns: Vec<_> = [(&*self.x.label, Unit::Text)].into_iter().chain(names).collect();
        let mut table = Table::new("", "", &columns);
        for group in &self.groups {
            let heights = group.heights.iter().map(|&height| height.into());
            table.push([(&*group.name).into()].into_iter().chain(heights).collect());
        }
        table
    }
}

/// A name, with its end cut off where it is longer than there is room.
fn shortened(name: &str, letters: usize) -> String {
    if name.chars().count() <= letters.max(3) {
        return name.to_owned();
    }
    name.chars().take(letters.max(3) - 1).chain(['\u{2026}']).collect()
}
