//! Bars side by side.

use serde::{Deserialize, Serialize};

use super::super::{Table, Unit};
use super::frame::{ACROSS, UPWARDS, frame};
use super::scale::Scale;
use super::svg::{Anchor, Drawing};
use super::{Axis, palette};

/// Lines that the name of a group may take.
const MOST_LINES: usize = 3;

const LINE: f64 = 13.0;

/// Width of a letter of a name, about.
const LETTER: f64 = 7.2;

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
        let width = (ACROSS[1] - ACROSS[0]) / self.groups.len().max(1) as f64;
        let letters = (width / LETTER) as usize;
        let texts: Vec<_> = self.groups.iter().map(|group| lines(&group.name, letters)).collect();
        let most = texts.iter().map(Vec::len).max().unwrap_or(1);
        let below = (most - 1) as f64 * LINE;
        let mut drawing = frame([&self.x, &self.y], None, &y, &names, below);
        let bar = 0.8 * width / self.series.len().max(1) as f64;
        for (index, group) in self.groups.iter().enumerate() {
            let left = ACROSS[0] + index as f64 * width;
            for (line, text) in texts[index].iter().enumerate() {
                let below = [left + width / 2.0, UPWARDS[0] + 15.0 + line as f64 * LINE];
                drawing.text(below, Anchor::Middle, r#"class="muted small""#, text);
            }
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

    pub(super) fn fault(&self) -> Option<String> {
        let series = self.series.len();
        let group = self.groups.iter().find(|group| group.heights.len() != series)?;
        Some(format!("a group of {} bars for {series} series", group.heights.len()))
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

/// A name in lines of some letters, broken where words end and after strokes. What does not fit
/// into the last line that there is room for is cut off.
fn lines(name: &str, letters: usize) -> Vec<String> {
    let letters = letters.max(4);
    let mut lines = vec![String::new()];
    for part in name.split_inclusive([' ', '-', '/']) {
        let last = lines.len() - 1;
        let is_full = lines[last].chars().count() + part.trim_end().chars().count() > letters;
        if is_full && !lines[last].is_empty() && lines.len() < MOST_LINES {
            lines.push(part.to_owned());
        } else {
            lines[last] += part;
        }
    }
    lines.iter().map(|line| shortened(line.trim_end(), letters)).collect()
}

fn shortened(line: &str, letters: usize) -> String {
    if line.chars().count() <= letters {
        return line.to_owned();
    }
    line.chars().take(letters - 1).chain(['\u{2026}']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_broken_where_words_end() {
        assert_eq!(lines("agreement at random points", 12), ["agreement at", "random", "points"]);
        assert_eq!(lines("runs/fcn4-seed-0", 10), ["runs/fcn4-", "seed-0"]);
        assert_eq!(lines("all", 10), ["all"]);
        assert_eq!(lines("unbreakable", 6), ["unbre\u{2026}"]);
        assert_eq!(lines("a b c d e f g h", 4), ["a b", "c d", "e f\u{2026}"]);
    }
}
