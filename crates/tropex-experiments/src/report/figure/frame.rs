//! Axes, grid and legend, which plots have in common.

use super::Axis;
use super::palette;
use super::scale::Scale;
use super::svg::{Anchor, Drawing, Short, WIDTH};

const LEFT: f64 = 76.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
/// Height of the area that is drawn on.
const HEIGHT: f64 = 250.0;
/// Height of the numbers and the label below it.
const BELOW: f64 = 46.0;
const LEGEND_LINE: f64 = 20.0;
/// Width of a letter of a legend, about.
const LETTER: f64 = 8.0;

/// Where the horizontal axis begins and ends.
pub(super) const ACROSS: [f64; 2] = [LEFT, WIDTH - RIGHT];

/// Where the vertical axis begins and ends: downwards numbers grow.
pub(super) const UPWARDS: [f64; 2] = [TOP + HEIGHT, TOP];

/// An empty drawing with axes; `horizontal` is none where names stand instead of numbers, which
/// may take up more height `below` than those. Without a second series there is no need for a
/// legend.
pub(super) fn frame(
    [x, y]: [&Axis; 2],
    horizontal: Option<&Scale>,
    vertical: &Scale,
    names: &[&str],
    below: f64,
) -> Drawing {
    let names = if names.len() > 1 { names } else { &[] };
    let places = legend_places(names);
    let lines = places.last().map_or(0.0, |last| last[1] + LEGEND_LINE);
    let mut drawing = Drawing::new(TOP + HEIGHT + BELOW + below + lines);
    for tick in vertical.ticks() {
        let Some(place) = vertical.place(tick) else { continue };
        drawing.line("grid", [ACROSS[0], place], [ACROSS[1], place]);
        let text = y.unit.tick(tick);
        drawing.text([LEFT - 6.0, place + 4.5], Anchor::End, r#"class="muted""#, &text);
    }
    let bottom = UPWARDS[0];
    for (scale, tick) in
        horizontal.into_iter().flat_map(|s| s.ticks().into_iter().map(move |t| (s, t)))
    {
        let Some(place) = scale.place(tick) else { continue };
        drawing.line("axis", [place, bottom], [place, bottom + 4.0]);
        let text = x.unit.tick(tick);
        drawing.text([place, bottom + 18.0], Anchor::Middle, r#"class="muted""#, &text);
    }
    drawing.line("axis", [ACROSS[0], bottom], [ACROSS[1], bottom]);
    let middle = f64::midpoint(ACROSS[0], ACROSS[1]);
    drawing.text([middle, bottom + below + 38.0], Anchor::Middle, "", &x.heading());
    let (side, height) = (14.0, f64::midpoint(UPWARDS[0], UPWARDS[1]));
    let turned = format!(r#"transform="rotate(-90 {} {})""#, Short(side), Short(height));
    drawing.text([side, height], Anchor::Middle, &turned, &y.heading());
    for (index, (name, [x, y])) in names.iter().zip(places).enumerate() {
        let y = bottom + BELOW + below + y + 8.0;
        let colour = format!(r#"rx="2" fill="{}""#, palette::series(index));
        // Where colours begin again, entries are broken as lines are.
        let pieces: &[(f64, f64)] =
            if index < palette::SERIES { &[(0.0, 16.0)] } else { &[(0.0, 6.0), (10.0, 6.0)] };
        for &(left, width) in pieces {
            drawing.rectangle([x + left, y - 9.0], [width, 10.0], &colour);
        }
        drawing.text([x + 21.0, y], Anchor::Start, "", name);
    }
    drawing
}

/// Where the entries of a legend begin: as many in a line as fit.
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
