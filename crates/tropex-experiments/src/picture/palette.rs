//! Colours for more classes than there are well-known hues.
//!
//! One colour after the other is chosen from a grid of all: the one whose shades are farthest from the
//! shades of all before, and from white, as people see it. Distances are those in Oklab
//! (Björn Ottosson, 2020), in which about 0.02 can just be told apart.

use std::sync::OnceLock;

use super::Colour;
use super::colour::HUES;

/// Distance of the values of red, green and blue in the grid.
const STEP: usize = 17;

/// Lightness of what is chosen: lines can be seen on it, and it can be seen on paper.
const LIGHTNESS: [f64; 2] = [0.35, 0.9];

/// Shades by which a colour of the first classes is compared; they span a wide range.
const FIRST_SHADES: usize = 8;

/// Shades by which other colours are compared.
const SHADES: usize = 4;

/// The colours of all classes.
pub(super) fn palette() -> &'static [Colour] {
    static PALETTE: OnceLock<Vec<Colour>> = OnceLock::new();
    PALETTE.get_or_init(|| chosen(Colour::CLASSES))
}

/// A colour that may be chosen.
struct Candidate {
    colour: Colour,
    shades: Vec<Oklab>,
    /// Squared distance from the nearest shade chosen so far.
    distance: f64,
}

fn chosen(count: usize) -> Vec<Colour> {
    let mut candidates = grid();
    let mut chosen = HUES.to_vec();
    let first = HUES.iter().flat_map(|hue| shades(*hue, true));
    let taken: Vec<Oklab> = first.chain([Oklab::of(Colour::WHITE)]).collect();
    candidates.iter_mut().for_each(|candidate| candidate.look(&taken));
    while chosen.len() < count {
        let farthest = (0..candidates.len()).fold(0, |best, index| {
            if candidates[index].distance > candidates[best].distance { index } else { best }
        });
        let next = candidates.swap_remove(farthest);
        candidates.iter_mut().for_each(|candidate| candidate.look(&next.shades));
        chosen.push(next.colour);
    }
    chosen
}

fn grid() -> Vec<Candidate> {
    let steps = || (0..=u8::MAX).step_by(STEP);
    let reds = steps().flat_map(|red| steps().map(move |green| [red, green]));
    let colours = reds.flat_map(|[red, green]| steps().map(move |blue| Colour([red, green, blue])));
    let fits = |colour: &Colour| {
        let lightness = Oklab::of(*colour).0[0];
        (LIGHTNESS[0]..=LIGHTNESS[1]).contains(&lightness)
    };
    let candidate =
        |colour| Candidate { colour, shades: shades(colour, false), distance: f64::INFINITY };
    colours.filter(fits).map(candidate).collect()
}

fn shades(colour: Colour, is_first: bool) -> Vec<Oklab> {
    let count = if is_first { FIRST_SHADES } else { SHADES };
    let share = |shade: usize| shade as f64 / (count - 1) as f64;
    (0..count).map(|shade| Oklab::of(colour.shade(is_first, share(shade)))).collect()
}

impl Candidate {
    fn look(&mut self, taken: &[Oklab]) {
        let distances = self.shades.iter().flat_map(|own| taken.iter().map(|of| own.squared(of)));
        self.distance = distances.fold(self.distance, f64::min);
    }
}

/// A colour by lightness, and by how green or red and how blue or yellow it is.
#[derive(Clone, Copy, Debug)]
struct Oklab([f64; 3]);

impl Oklab {
    fn of(Colour(channels): Colour) -> Self {
        let linear = channels.map(|channel| match f64::from(channel) / 255.0 {
            dark if dark <= 0.040_45 => dark / 12.92,
            light => ((light + 0.055) / 1.055).powf(2.4),
        });
        let cones = [
            [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
            [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
            [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
        ];
        let opponents = [
            [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
            [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
            [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
        ];
        let times = |matrix: [[f64; 3]; 3], [x, y, z]: [f64; 3]| {
            matrix.map(|[a, b, c]| a * x + b * y + c * z)
        };
        Self(times(opponents, times(cones, linear).map(f64::cbrt)))
    }

    fn squared(&self, other: &Self) -> f64 {
        self.0.iter().zip(other.0).map(|(a, b)| (a - b).powi(2)).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Published values of Oklab: white, and the primaries.
    #[test]
    fn oklab_is_the_published_one() {
        for (colour, expected) in [
            ([255, 255, 255], [1.0, 0.0, 0.0]),
            ([255, 0, 0], [0.6280, 0.2249, 0.1258]),
            ([0, 255, 0], [0.8664, -0.2339, 0.1795]),
            ([0, 0, 255], [0.4520, -0.0325, -0.3115]),
        ] {
            let Oklab(found) = Oklab::of(Colour(colour));
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 1e-4, "{colour:?}: {found} {expected}");
            }
        }
    }

    #[test]
    fn all_classes_have_colours_of_their_own() {
        let colours: HashSet<_> = palette().iter().map(|colour| colour.0).collect();
        assert_eq!((palette().len(), colours.len()), (Colour::CLASSES, Colour::CLASSES));
        assert_eq!(palette()[..HUES.len()], HUES);
        assert_eq!(Colour::of_class(Colour::CLASSES + 11), Colour::of_class(11));
    }

    /// Colours of classes, and all shades of their regions from the eleventh class on.
    #[test]
    fn a_hundred_classes_are_told_apart() {
        let all: Vec<Oklab> = (0..100).map(|class| Oklab::of(Colour::of_class(class))).collect();
        let shades = |class: usize| {
            let share = |shade: u32| f64::from(shade) / 10.0;
            let first = class < HUES.len();
            let shade = move |at| Oklab::of(Colour::of_class(class).shade(first, share(at)));
            (0..=10).map(shade).collect::<Vec<_>>()
        };
        let shades: Vec<_> = (0..100).map(shades).collect();
        for class in HUES.len()..100 {
            for other in 0..class {
                let distance = all[class].squared(&all[other]).sqrt();
                assert!(distance > 0.04, "classes {class} and {other}: {distance}");
                let pairs =
                    shades[class].iter().flat_map(|a| shades[other].iter().map(|b| a.squared(b)));
                let nearest = pairs.fold(f64::INFINITY, f64::min).sqrt();
                assert!(nearest > 0.04, "regions of {class} and {other}: {nearest}");
            }
        }
    }
}
