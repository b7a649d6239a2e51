//! Bar charts.

use serde::{Deserialize, Serialize};

use super::axis::PlotAxis;
use super::drawing::{Drawing, Paint, RuleRole, TextAnchor, TextStyle};
use super::font::Font;
use super::frame::{ACROSS, Frame, UPWARDS};
use super::scale::AxisScale;
use super::theme::ThemeColour;

/// Largest number of lines of the name of a group.
const MOST_LINES: usize = 3;

/// Height of a line of a name.
const LINE: f64 = 13.0;

/// Approximate width of a letter of a name.
const LETTER: f64 = 7.2;

/// Height of the font of names.
const SMALL: f64 = 12.0;

/// Distance between a name that reads upwards and the label of the axis.
const GAP: f64 = 4.0;

/// Largest number of letters of a name that reads upwards.
const MOST_UPRIGHT: usize = 26;

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
    /// Ends of an error bar per series; empty without error bars.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Option<[f64; 2]>>,
}

impl BarGroup {
    /// A group; heights that are not finite become `None`.
    pub fn new(name: &str, heights: impl IntoIterator<Item = f64>) -> Self {
        let heights = heights.into_iter().map(|height| height.is_finite().then_some(height));
        Self { name: name.to_owned(), heights: heights.collect(), intervals: Vec::new() }
    }

    /// The group with the ends of an error bar for every bar.
    #[must_use]
    pub fn with_intervals(self, intervals: Vec<Option<[f64; 2]>>) -> Self {
        Self { intervals, ..self }
    }

    /// The ends of the error bar of a series.
    pub(crate) fn interval(&self, series: usize) -> Option<[f64; 2]> {
        *self.intervals.get(series)?
    }
}

impl BarChart {
    pub(super) fn draw(&self, title: &str) -> Drawing {
        let heights = self.groups.iter().flat_map(|group| {
            let ends = group.intervals.iter().flatten().flatten();
            group.heights.iter().flatten().chain(ends).copied()
        });
        let y = AxisScale::of(&self.y, heights, UPWARDS).rounded(true);
        let names: Vec<_> = self.series.iter().map(|name| &**name).collect();
        let width = (ACROSS[1] - ACROSS[0]) / self.groups.len().max(1) as f64;
        let names_below = GroupNames::new(&self.groups, width);
        let (x, vertical, below) = (&self.x, &y, names_below.height());
        let frame = Frame { title, x, y: &self.y, horizontal: None, vertical, below };
        let mut drawing = frame.draw(&names);
        let bar = 0.8 * width / self.series.len().max(1) as f64;
        for (index, group) in self.groups.iter().enumerate() {
            let left = ACROSS[0] + index as f64 * width;
            drawing.group(&group.name, |drawing| {
                names_below.draw(index, left + width / 2.0, drawing);
                for series in 0..group.heights.len() {
                    let x = left + 0.1 * width + series as f64 * bar;
                    drawing.series(series, |drawing| {
                        self.draw_bar(group, series, [x, bar], &y, drawing);
                    });
                }
            });
        }
        drawing
    }

    /// A bar from `x`, with its error bar and its number.
    fn draw_bar(
        &self,
        group: &BarGroup,
        series: usize,
        [x, width]: [f64; 2],
        y: &AxisScale,
        drawing: &mut Drawing,
    ) {
        let Some(height) = group.heights[series] else { return };
        let Some(place) = y.place(height) else { return };
        let (top, bottom) = (place.min(y.floor()), place.max(y.floor()));
        let paint = Paint::Theme(ThemeColour::series(series));
        drawing.rectangle([x, top], [(width - 1.0).max(0.5), bottom - top], paint);
        let format = |value| self.y.unit.format(value);
        let name = self.series.get(series).map_or("", |name| &**name);
        let mut text = format!("{}, {name}: {}", group.name, format(height));
        if let Some([low, high]) = group.interval(series) {
            text += &format!(" ({} to {})", format(low), format(high));
            if let (Some(low), Some(high)) = (y.place(low), y.place(high)) {
                error_bar(x + (width - 1.0) / 2.0, [low, high], drawing);
            }
        }
        drawing.hover([x, UPWARDS[1]], [width, UPWARDS[0] - UPWARDS[1]], text);
    }

    pub(super) fn fault(&self) -> Option<String> {
        let series = self.series.len();
        let is_wrong = |group: &&BarGroup| {
            group.heights.len() != series || ![0, series].contains(&group.intervals.len())
        };
        let group = self.groups.iter().find(is_wrong)?;
        Some(format!("a group of {} bars for {series} series", group.heights.len()))
    }
}

/// A vertical line with a short line at either end.
fn error_bar(x: f64, [low, high]: [f64; 2], drawing: &mut Drawing) {
    let ends = [low, high].map(|end| [[x - 4.0, end], [x + 4.0, end]]);
    for [from, to] in ends.into_iter().chain([[[x, low], [x, high]]]) {
        drawing.rule(RuleRole::Interval, from, to);
    }
}

/// The names below the groups.
enum GroupNames {
    /// For every group the lines of its name.
    Lines(Vec<Vec<String>>),
    /// Names that read upwards.
    Upright(Vec<String>),
}

impl GroupNames {
    /// The names of groups of a width, in lines if they fit.
    fn new(groups: &[BarGroup], width: f64) -> Self {
        let letters = (width / LETTER) as usize;
        let names = || groups.iter().map(|group| &*group.name);
        let texts: Vec<_> = names().map(|name| lines(name, letters)).collect();
        if texts.iter().flatten().any(|line| line.ends_with('\u{2026}')) {
            return Self::Upright(names().map(|name| shortened(name, MOST_UPRIGHT)).collect());
        }
        Self::Lines(texts)
    }

    /// Height in addition to one line.
    fn height(&self) -> f64 {
        match self {
            Self::Lines(texts) => {
                texts.iter().map(Vec::len).max().unwrap_or(1).saturating_sub(1) as f64 * LINE
            }
            Self::Upright(names) => {
                let font = Font::new(false);
                let widths = names.iter().map(|name| SMALL * font.width(name));
                widths.fold(0.0, f64::max) - LINE + GAP
            }
        }
    }

    /// Draws the name of a group with its middle at `x`.
    fn draw(&self, group: usize, x: f64, drawing: &mut Drawing) {
        let style = TextStyle::MutedSmall;
        match self {
            Self::Lines(texts) => {
                for (line, text) in texts[group].iter().enumerate() {
                    let at = [x, UPWARDS[0] + 15.0 + line as f64 * LINE];
                    drawing.text(at, TextAnchor::Middle, style, text);
                }
            }
            Self::Upright(names) => {
                let at = [x + 4.0, UPWARDS[0] + 6.0];
                drawing.text_upwards(at, TextAnchor::End, style, &names[group]);
            }
        }
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

    #[test]
    fn names_that_do_not_fit_read_upwards() {
        let groups = |count| vec![BarGroup::new("network-1, calibrated", [0.5]); count];
        let names = GroupNames::new(&groups(3), 130.0);
        assert!(matches!(names, GroupNames::Lines(_)));
        let GroupNames::Upright(names) = GroupNames::new(&groups(12), 32.0) else {
            panic!("the lines are {} wide", 32)
        };
        assert_eq!(names[0], "network-1, calibrated");
        let height = |name: &str| GroupNames::Upright(vec![name.into()]).height();
        assert!(height("mmmmmm") > 2.0 * height("iiiiii") && height("iiiiii") > 0.0);
    }
}
