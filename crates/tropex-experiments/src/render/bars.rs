//! Bar charts.

use serde::{Deserialize, Serialize};

use super::axis::PlotAxis;
use super::drawing::{Drawing, Paint, TextAnchor, TextStyle};
use super::frame::{ACROSS, Frame, UPWARDS};
use super::scale::AxisScale;
use super::theme::ThemeColour;

/// Largest number of lines of the name of a group.
const MOST_LINES: usize = 3;

/// Height of a line of a name.
const LINE: f64 = 13.0;

/// Approximate width of a letter of a name.
const LETTER: f64 = 7.2;

/// A bar for every group and series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BarChart {
    /// What the groups are; the unit is not used.
    pub x: PlotAxis,
    /// Heights of the bars.
    pub y: PlotAxis,
    /// Entries of the legend, one per bar of a group.
    pub series: Vec<String>,
    /// The groups, from left to right.
    pub groups: Vec<BarGroup>,
}

/// Bars that stand next to each other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BarGroup {
    /// Name below the bars.
    pub name: String,
    /// A height per series; `None` draws no bar.
    pub heights: Vec<Option<f64>>,
}

impl BarGroup {
    /// A group; heights that are not finite become `None`.
    pub fn new(name: &str, heights: impl IntoIterator<Item = f64>) -> Self {
        let heights = heights.into_iter().map(|height| height.is_finite().then_some(height));
        Self { name: name.to_owned(), heights: heights.collect() }
    }
}

impl BarChart {
    pub(super) fn draw(&self, title: &str) -> Drawing {
        let heights = self.groups.iter().flat_map(|group| group.heights.iter().flatten().copied());
        let y = AxisScale::of(&self.y, heights, UPWARDS).rounded(true);
        let names: Vec<_> = self.series.iter().map(|name| &**name).collect();
        let width = (ACROSS[1] - ACROSS[0]) / self.groups.len().max(1) as f64;
        let letters = (width / LETTER) as usize;
        let texts: Vec<_> = self.groups.iter().map(|group| lines(&group.name, letters)).collect();
        let most = texts.iter().map(Vec::len).max().unwrap_or(1);
        let below = (most - 1) as f64 * LINE;
        let (x, vertical) = (&self.x, &y);
        let frame = Frame { title, x, y: &self.y, horizontal: None, vertical, below };
        let mut drawing = frame.draw(&names);
        let bar = 0.8 * width / self.series.len().max(1) as f64;
        for (index, group) in self.groups.iter().enumerate() {
            let left = ACROSS[0] + index as f64 * width;
            for (line, text) in texts[index].iter().enumerate() {
                let below = [left + width / 2.0, UPWARDS[0] + 15.0 + line as f64 * LINE];
                drawing.text(below, TextAnchor::Middle, TextStyle::MutedSmall, text);
            }
            for (series, height) in group.heights.iter().enumerate() {
                let Some(place) = height.and_then(|height| y.place(height)) else { continue };
                let (top, bottom) = (place.min(y.floor()), place.max(y.floor()));
                let x = left + 0.1 * width + series as f64 * bar;
                let paint = Paint::Theme(ThemeColour::series(series));
                drawing.rectangle([x, top], [(bar - 1.0).max(0.5), bottom - top], paint);
            }
        }
        drawing
    }

    pub(super) fn fault(&self) -> Option<String> {
        let series = self.series.len();
        let group = self.groups.iter().find(|group| group.heights.len() != series)?;
        Some(format!("a group of {} bars for {series} series", group.heights.len()))
    }
}

/// A name in lines of at most `letters` letters, broken between words and after `-` and `/`. The
/// end of a name that needs more than [`MOST_LINES`] lines is cut off.
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
    fn names_are_broken_between_words() {
        assert_eq!(lines("agreement at random points", 12), ["agreement at", "random", "points"]);
        assert_eq!(lines("runs/fcn4-seed-0", 10), ["runs/fcn4-", "seed-0"]);
        assert_eq!(lines("all", 10), ["all"]);
        assert_eq!(lines("unbreakable", 6), ["unbre\u{2026}"]);
        assert_eq!(lines("a b c d e f g h", 4), ["a b", "c d", "e f\u{2026}"]);
    }
}
