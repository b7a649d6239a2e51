//! Colours of classes and of the regions of a class.
//!
//! The first ten classes have well-known hues. Every further colour is chosen from a grid of all
//! colours: the one whose shades are farthest, in Oklab, from white and from the shades of all
//! colours chosen before.

use std::sync::OnceLock;

use tropex_geometry::RegionId;

use super::colour::Colour;
use super::oklab::Oklab;

/// Colours of the first classes: those of Okabe and Ito, the most different first, and two more.
const HUES: [Colour; 10] = [
    Colour([0, 114, 178]),
    Colour([230, 159, 0]),
    Colour([0, 158, 115]),
    Colour([204, 121, 167]),
    Colour([213, 94, 0]),
    Colour([86, 180, 233]),
    Colour([240, 228, 66]),
    Colour([128, 128, 128]),
    Colour([110, 64, 40]),
    Colour([92, 70, 156]),
];

/// Least and largest share of white in the colour of a region of the first classes.
const WHITE_OF_FIRST: [f64; 2] = [0.25, 0.8];

/// Least and largest share of white for the other classes. They are many: lighter shades of one
/// class would look like shades of another.
const WHITE_OF_OTHERS: [f64; 2] = [0.0, 0.2];

/// Share of white of the first classes in the legend.
const WHITE_IN_LEGEND: f64 = 0.4;

/// Distance between the values of red, green and blue in the grid.
const GRID_STEP: usize = 17;

/// Lightness in Oklab that a chosen colour may have: lines are visible on it, and it is visible on
/// paper.
const LIGHTNESS: [f64; 2] = [0.35, 0.9];

/// Number of shades by which a colour of the first classes is compared; they span a wide range.
const SHADES_OF_FIRST: usize = 8;

/// Number of shades by which other colours are compared.
const SHADES_OF_OTHERS: usize = 4;

impl Colour {
    /// Number of classes that differ in colour.
    pub const CLASSES: usize = 256;

    /// The colour of a class; after [`CLASSES`](Self::CLASSES) the colours repeat.
    pub fn of_class(class: usize) -> Self {
        match HUES.get(class) {
            Some(hue) => *hue,
            None => palette()[class % Self::CLASSES],
        }
    }

    /// The colour of a class in a legend: one of the shades of its regions.
    pub fn in_legend(class: usize) -> Self {
        let white = match class < HUES.len() {
            true => WHITE_IN_LEGEND,
            false => f64::midpoint(WHITE_OF_OTHERS[0], WHITE_OF_OTHERS[1]),
        };
        Self::of_class(class).mixed(Self::WHITE, white)
    }

    /// The colour of a region: the hue of its class in a shade that depends on the activation
    /// pattern only, so that a region has one shade in all pictures.
    pub fn of_region(class: usize, RegionId(id): RegionId) -> Self {
        // Factors whose bits are spread out, so that the highest bits of a product depend on all
        // bits of the hash.
        let [high, low] = [(id >> 64) as u64, id as u64];
        let folded = high.wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(32) ^ low;
        let scattered = folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let share = scattered as f64 / f64::from(u32::MAX);
        Self::of_class(class).shade(class < HUES.len(), share)
    }

    /// A shade between the darkest (0) and the lightest (1) of a class.
    fn shade(self, is_first: bool, share: f64) -> Self {
        let [low, high] = if is_first { WHITE_OF_FIRST } else { WHITE_OF_OTHERS };
        self.mixed(Self::WHITE, low + (high - low) * share)
    }
}

/// The colours of all classes.
fn palette() -> &'static [Colour] {
    static PALETTE: OnceLock<Vec<Colour>> = OnceLock::new();
    PALETTE.get_or_init(|| choose(Colour::CLASSES))
}

/// A colour that may be chosen.
struct ColourCandidate {
    colour: Colour,
    shades: Vec<Oklab>,
    /// Squared distance from the nearest shade chosen so far.
    distance: f64,
}

fn choose(count: usize) -> Vec<Colour> {
    let mut candidates = grid();
    let mut chosen = HUES.to_vec();
    let first = HUES.iter().flat_map(|hue| shades(*hue, true));
    let taken: Vec<Oklab> = first.chain([Oklab::of(Colour::WHITE)]).collect();
    candidates.iter_mut().for_each(|candidate| candidate.update(&taken));
    while chosen.len() < count {
        let farthest = (0..candidates.len()).fold(0, |best, index| {
            if candidates[index].distance > candidates[best].distance { index } else { best }
        });
        let next = candidates.swap_remove(farthest);
        candidates.iter_mut().for_each(|candidate| candidate.update(&next.shades));
        chosen.push(next.colour);
    }
    chosen
}

fn grid() -> Vec<ColourCandidate> {
    let steps = || (0..=u8::MAX).step_by(GRID_STEP);
    let reds = steps().flat_map(|red| steps().map(move |green| [red, green]));
    let colours = reds.flat_map(|[red, green]| steps().map(move |blue| Colour([red, green, blue])));
    let is_visible =
        |colour: &Colour| (LIGHTNESS[0]..=LIGHTNESS[1]).contains(&Oklab::of(*colour).lightness());
    let candidate =
        |colour| ColourCandidate { colour, shades: shades(colour, false), distance: f64::INFINITY };
    colours.filter(is_visible).map(candidate).collect()
}

fn shades(colour: Colour, is_first: bool) -> Vec<Oklab> {
    let count = if is_first { SHADES_OF_FIRST } else { SHADES_OF_OTHERS };
    let share = |shade: usize| shade as f64 / (count - 1) as f64;
    (0..count).map(|shade| Oklab::of(colour.shade(is_first, share(shade)))).collect()
}

impl ColourCandidate {
    /// Updates the distance with newly chosen shades.
    fn update(&mut self, chosen: &[Oklab]) {
        let distances = self
            .shades
            .iter()
            .flat_map(|own| chosen.iter().map(|other| own.squared_distance(other)));
        self.distance = distances.fold(self.distance, f64::min);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn regions_have_shades_of_their_class() {
        let shades: HashSet<_> =
            (0..64).map(|id| Colour::of_region(1, RegionId(id)).hex()).collect();
        assert!(shades.len() > 40);
        let [red, green, blue] = Colour::of_region(1, RegionId(7)).0;
        assert!(red >= green && green >= blue && blue >= 60);
    }

    #[test]
    fn all_classes_differ_in_colour() {
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
                let distance = all[class].squared_distance(&all[other]).sqrt();
                assert!(distance > 0.04, "classes {class} and {other}: {distance}");
                let pairs = shades[class]
                    .iter()
                    .flat_map(|a| shades[other].iter().map(|b| a.squared_distance(b)));
                let nearest = pairs.fold(f64::INFINITY, f64::min).sqrt();
                assert!(nearest > 0.04, "regions of {class} and {other}: {nearest}");
            }
        }
    }
}
