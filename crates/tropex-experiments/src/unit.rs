//! Units of numbers, and numbers as text.

use serde::{Deserialize, Serialize};

/// Counts from this size on are written as powers of ten, because f64 does not represent all of
/// them.
const MOST_COUNTED: f64 = 1e15;

/// Unit of a number, which decides how the number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Unit {
    /// A part of a whole, between 0 and 1; written in percent.
    Share,
    /// A count.
    Count,
    /// An angle in degrees.
    Degrees,
    /// Rows or columns of an image.
    Pixels,
    /// Passes over the training images.
    Epochs,
    /// Any other number, without dimension.
    Number,
    /// Not a number but a text.
    Text,
}

impl Unit {
    /// A number in this unit, as text.
    ///
    /// ```
    /// use tropex_experiments::report::Unit;
    ///
    /// assert_eq!(Unit::Share.format(0.87312), "87.31 %");
    /// assert_eq!(Unit::Count.format(60000.0), "60,000");
    /// assert_eq!(Unit::Count.format(9999.5), "9,999.5"); // a mean over seeds
    /// assert_eq!(Unit::Number.format(0.000012), "1.2e-5");
    /// ```
    pub fn format(self, value: f64) -> String {
        match self {
            Self::Share => percent(value),
            Self::Count | Self::Epochs if (0.0..MOST_COUNTED).contains(&value) => mean_count(value),
            Self::Degrees => format!("{value:.2}\u{b0}"),
            Self::Pixels | Self::Count | Self::Epochs if value.abs() < MOST_COUNTED => {
                format!("{value}")
            }
            Self::Pixels | Self::Count | Self::Epochs => number(value),
            Self::Number | Self::Text => number(value),
        }
    }

    /// A difference of numbers in this unit, with its sign; shares differ by points.
    pub(crate) fn format_change(self, change: f64) -> String {
        match self {
            Self::Share => format!("{:+.2} points", 100.0 * change),
            _ if change > 0.0 => format!("+{}", self.format(change)),
            _ => self.format(change),
        }
    }

    /// A range of differences of numbers in this unit, without the unit's name.
    pub(crate) fn format_change_range(self, [low, high]: [f64; 2]) -> String {
        let end = |end: f64| match self {
            Self::Share => format!("{:+.1}", 100.0 * end),
            _ => self.format_change(end),
        };
        format!("{} to {}", end(low), end(high))
    }

    /// A number beside an axis, whose label names the unit.
    pub fn tick(self, value: f64) -> String {
        match self {
            Self::Share => trimmed(100.0 * value),
            Self::Count if value >= 1e4 => format!("{}k", trimmed(value / 1e3)),
            Self::Count | Self::Degrees | Self::Pixels | Self::Epochs => trimmed(value),
            Self::Number | Self::Text => number(value),
        }
    }

    /// Whether all numbers of the unit are whole.
    pub(crate) fn is_whole(self) -> bool {
        matches!(self, Self::Count | Self::Pixels | Self::Epochs)
    }

    /// The unit of plain numbers in files that programs read, if they have one.
    pub(crate) fn in_files(self) -> Option<&'static str> {
        match self {
            Self::Share => Some("fraction"),
            Self::Degrees => Some("degrees"),
            Self::Pixels => Some("pixels"),
            Self::Count | Self::Epochs | Self::Number | Self::Text => None,
        }
    }

    /// The text in parentheses after the label of an axis.
    pub fn symbol(self) -> Option<&'static str> {
        match self {
            Self::Share => Some("%"),
            Self::Degrees => Some("degrees"),
            Self::Pixels => Some("pixels"),
            Self::Count | Self::Epochs | Self::Number | Self::Text => None,
        }
    }
}

/// `87.31 %`
pub fn percent(share: f64) -> String {
    format!("{:.2} %", 100.0 * share)
}

/// `86.5 to 88.1`: the ends of a range of shares in percent, without the sign.
pub(crate) fn percent_range(ends: [f64; 2]) -> String {
    let [low, high] = ends.map(|end| format!("{:.1}", 100.0 * end));
    format!("{low} to {high}")
}

/// A text that does not break between a number and its percent sign.
pub(crate) fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// A count, or a mean of counts with one decimal unless it is whole.
fn mean_count(mean: f64) -> String {
    let tenths = (10.0 * mean).round() as usize;
    match tenths % 10 {
        0 => count(tenths / 10),
        rest => format!("{}.{rest}", count(tenths / 10)),
    }
}

/// `60,000`
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// Four significant digits; very large and very small numbers with a power of ten.
fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    if (1e-3..1e5).contains(&size) {
        let digits = (3 - size.log10().floor() as i32).clamp(0, 6) as usize;
        return trim_zeros(&format!("{value:.digits$}"));
    }
    let text = format!("{value:.3e}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => format!("{}e{exponent}", trim_zeros(mantissa)),
        None => text,
    }
}

/// At most two decimals.
fn trimmed(value: f64) -> String {
    trim_zeros(&format!("{value:.2}"))
}

fn trim_zeros(text: &str) -> String {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_their_units() {
        for (unit, value, expected) in [
            (Unit::Number, 0.0, "0"),
            (Unit::Number, 12.5, "12.5"),
            (Unit::Number, 1.0 / 3.0, "0.3333"),
            (Unit::Number, -1234.567, "-1235"),
            (Unit::Number, 9.2e12, "9.2e12"),
            (Unit::Count, 999.0, "999"),
            (Unit::Count, 1_234_567.0, "1,234,567"),
            (Unit::Count, -2.0, "-2"),
            (Unit::Count, 1e30, "1e30"),
            (Unit::Degrees, 45.678, "45.68\u{b0}"),
            (Unit::Pixels, -5.0, "-5"),
            (Unit::Share, 1.0, "100.00 %"),
        ] {
            assert_eq!(unit.format(value), expected);
        }
    }

    #[test]
    fn ranges_of_shares_are_in_percent() {
        assert_eq!(percent_range([0.865, 0.8812]), "86.5 to 88.1");
    }

    #[test]
    fn changes_have_signs() {
        assert_eq!(Unit::Share.format_change(0.0123), "+1.23 points");
        assert_eq!(Unit::Degrees.format_change(-1.5), "-1.50\u{b0}");
        assert_eq!(Unit::Share.format_change_range([-0.001, 0.02]), "-0.1 to +2.0");
        assert_eq!(Unit::Count.format_change_range([0.0, 2.0]), "0 to +2");
    }

    #[test]
    fn ticks_do_not_name_the_unit() {
        assert_eq!(Unit::Share.tick(0.125), "12.5");
        assert_eq!(Unit::Count.tick(60_000.0), "60k");
        assert_eq!(Unit::Degrees.tick(90.0), "90");
    }
}
