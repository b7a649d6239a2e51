//! Colours of plots on light and on dark pages, and the style sheet that defines them.

use super::colour::Colour;

/// A colour whose value depends on whether the page is light or dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThemeColour {
    /// Letters.
    Ink,
    /// Grid lines.
    Faint,
    /// Axes and the numbers beside them.
    Muted,
    /// The page.
    Background,
    /// A colour of data; there are seven.
    Series(usize),
}

/// Number of series that differ in colour.
pub(super) const SERIES: usize = 7;

/// Name, colour on a light page and colour on a dark page.
///
/// The colours of series are those of Okabe and Ito, which people with any kind of colour blindness
/// tell apart; on a dark page they are lighter.
const COLOURS: [(&str, Colour, Colour); 4 + SERIES] = [
    ("ink", Colour([0x1b, 0x1f, 0x24]), Colour([0xe6, 0xe9, 0xed])),
    ("faint", Colour([0xd5, 0xd9, 0xde]), Colour([0x3a, 0x41, 0x4a])),
    ("muted", Colour([0x57, 0x60, 0x6a]), Colour([0xa3, 0xac, 0xb6])),
    ("background", Colour([0xff, 0xff, 0xff]), Colour([0x14, 0x17, 0x1b])),
    ("series-0", Colour([0x00, 0x72, 0xb2]), Colour([0x4a, 0xa8, 0xe0])),
    ("series-1", Colour([0xd5, 0x5e, 0x00]), Colour([0xf2, 0x8e, 0x4b])),
    ("series-2", Colour([0x00, 0x9e, 0x73]), Colour([0x3c, 0xc7, 0x9c])),
    ("series-3", Colour([0xcc, 0x79, 0xa7]), Colour([0xe3, 0xa1, 0xc6])),
    ("series-4", Colour([0x8a, 0x6d, 0x00]), Colour([0xd9, 0xb9, 0x3b])),
    ("series-5", Colour([0x56, 0xb4, 0xe9]), Colour([0x9a, 0xd4, 0xf5])),
    ("series-6", Colour([0x5b, 0x5b, 0x5b]), Colour([0xb5, 0xb5, 0xb5])),
];

/// Rules of the style sheet that do not name a colour.
const RULES: &str = "\
.figure text{fill:var(--ink)}.figure .muted{fill:var(--muted)}\
.figure .grid{stroke:var(--faint);stroke-width:1}\
.figure .axis{stroke:var(--muted);stroke-width:1;fill:none}\
.figure .interval{stroke:var(--ink);stroke-width:1.5}\
.figure .line{fill:none;stroke-width:2.2;stroke-linejoin:round}\
.figure .small{font-size:12px}\
.figure .hover{fill:none;pointer-events:all}\
.figure .title{font-weight:600;font-size:15px}";

impl ThemeColour {
    /// The colour of a series; after the last one the colours repeat.
    pub(super) fn series(index: usize) -> Self {
        Self::Series(index % SERIES)
    }

    fn entry(self) -> (&'static str, Colour, Colour) {
        match self {
            Self::Ink => COLOURS[0],
            Self::Faint => COLOURS[1],
            Self::Muted => COLOURS[2],
            Self::Background => COLOURS[3],
            Self::Series(index) => COLOURS[4 + index % SERIES],
        }
    }

    /// Name of the variable in the style sheet.
    pub(super) fn name(self) -> &'static str {
        self.entry().0
    }

    /// The colour on a light page.
    pub(super) fn on_light(self) -> Colour {
        self.entry().1
    }
}

/// Lengths of dashes and gaps of a series: where colours repeat, lines differ in their dashes.
pub(super) fn dashes(index: usize) -> &'static [f64] {
    match index / SERIES {
        0 => &[],
        1 => &[7.0, 4.0],
        _ => &[2.0, 3.0],
    }
}

/// The style sheet that pages with figures contain.
pub fn style_sheet() -> String {
    let variables = |colour: fn(&(&str, Colour, Colour)) -> Colour| {
        let variable =
            |entry: &(&str, Colour, Colour)| format!("--{}:{}", entry.0, colour(entry).hex());
        COLOURS.iter().map(variable).collect::<Vec<_>>().join(";")
    };
    format!(
        ".figure{{{};font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:14px;\
         color:var(--ink)}}@media (prefers-color-scheme:dark){{.figure{{{}}}}}{RULES}",
        variables(|entry| entry.1),
        variables(|entry| entry.2),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_has_a_colour_on_light_and_on_dark_pages() {
        for index in 0..SERIES {
            let variable = format!("--{}:#", ThemeColour::series(index).name());
            assert_eq!(style_sheet().matches(&variable).count(), 2);
        }
        assert_eq!(ThemeColour::series(SERIES + 1), ThemeColour::series(1));
    }
}
