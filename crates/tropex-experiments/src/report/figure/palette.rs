//! All colours of figures, for light and dark surroundings.

/// How many series can be told apart by colour.
pub(super) const SERIES: usize = 7;

/// Style sheet of figures. The colours of series are those of Okabe and Ito, which people with
/// any kind of colour blindness tell apart; on dark ground they are lighter.
pub const STYLE: &str = "\
.figure{--ink:#1b1f24;--faint:#d5d9de;--muted:#57606a;--ground:#ffffff;\
--series-0:#0072b2;--series-1:#d55e00;--series-2:#009e73;--series-3:#cc79a7;\
--series-4:#8a6d00;--series-5:#56b4e9;--series-6:#5b5b5b;\
font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:14px;color:var(--ink)}\
@media (prefers-color-scheme:dark){.figure{--ink:#e6e9ed;--faint:#3a414a;--muted:#a3acb6;\
--ground:#14171b;--series-0:#4aa8e0;--series-1:#f28e4b;--series-2:#3cc79c;--series-3:#e3a1c6;\
--series-4:#d9b93b;--series-5:#9ad4f5;--series-6:#b5b5b5}}\
.figure text{fill:var(--ink)}.figure .muted{fill:var(--muted)}\
.figure .grid{stroke:var(--faint);stroke-width:1}\
.figure .axis{stroke:var(--muted);stroke-width:1;fill:none}\
.figure .line{fill:none;stroke-width:2.2;stroke-linejoin:round}\
.figure .small{font-size:12px}\
.figure .title{font-weight:600;font-size:15px}";

/// Colour of a series.
pub(super) fn series(index: usize) -> String {
    format!("var(--series-{})", index % SERIES)
}

/// Dashes of a series: where colours begin again, lines differ in these.
pub(super) fn dashes(index: usize) -> &'static str {
    match index / SERIES {
        0 => "none",
        1 => "7 4",
        _ => "2 3",
    }
}

/// Colours from low to high in which lightness grows steadily (`cividis`, at equal distances):
/// they read alike in grey and to the colour-blind.
const SEQUENCE: [[f64; 3]; 6] = [
    [0.0, 34.0, 78.0],
    [58.0, 71.0, 108.0],
    [109.0, 112.0, 116.0],
    [150.0, 145.0, 112.0],
    [196.0, 181.0, 93.0],
    [253.0, 231.0, 55.0],
];

/// Red, green and blue of a place between the lowest (0) and the highest (1).
pub(super) fn sequential(place: f64) -> [u8; 3] {
    let place = place.clamp(0.0, 1.0) * (SEQUENCE.len() - 1) as f64;
    let below = (place.floor() as usize).min(SEQUENCE.len() - 2);
    mix(SEQUENCE[below], SEQUENCE[below + 1], place - below as f64)
}

/// Red, green and blue of a place between -1 (blue), 0 (white) and 1 (orange).
pub(super) fn diverging(place: f64) -> [u8; 3] {
    const MIDDLE: [f64; 3] = [247.0, 247.0, 247.0];
    let end = if place < 0.0 { [0.0, 84.0, 147.0] } else { [179.0, 70.0, 0.0] };
    mix(MIDDLE, end, place.abs().min(1.0))
}

/// Whether dark text is read better than light text on a colour.
pub(super) fn is_light([red, green, blue]: [u8; 3]) -> bool {
    0.299 * f64::from(red) + 0.587 * f64::from(green) + 0.114 * f64::from(blue) > 140.0
}

fn mix(from: [f64; 3], to: [f64; 3], share: f64) -> [u8; 3] {
    std::array::from_fn(|i| (from[i] + (to[i] - from[i]) * share).round() as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_grows_with_the_number() {
        let lightness = |place: f64| sequential(place).map(f64::from).iter().sum::<f64>();
        let steps: Vec<f64> = (0..=20).map(|step| lightness(f64::from(step) / 20.0)).collect();
        assert!(steps.is_sorted(), "{steps:?}");
        assert_eq!(sequential(2.0), sequential(1.0));
    }

    #[test]
    fn opposite_numbers_have_different_colours_and_zero_has_none() {
        assert_ne!(diverging(-0.5), diverging(0.5));
        assert!(diverging(0.0).iter().all(|&part| part == 247));
    }

    #[test]
    fn every_series_has_a_colour_on_light_and_dark_ground() {
        for index in 0..SERIES {
            assert_eq!(STYLE.matches(&format!("--series-{index}:#")).count(), 2);
        }
    }
}
