//! Colours that people with any colour vision tell apart.

use tropex_geometry::RegionId;

use super::palette::palette;

/// A colour: red, green and blue from 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

/// Colours of the first classes: those of Okabe and Ito, the most different first, and two more.
pub(super) const HUES: [Colour; 10] = [
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
const WHITE: [f64; 2] = [0.25, 0.8];

/// The same for the other classes, which are many: lighter shades of theirs would be those of others.
const LITTLE_WHITE: [f64; 2] = [0.0, 0.2];

/// Share of white in the legend.
const LEGEND_WHITE: f64 = 0.4;

impl Colour {
    /// Number of classes with colours of their own.
    pub const CLASSES: usize = 256;

    /// Paper.
    pub const WHITE: Self = Self([255, 255, 255]);

    /// Lines and letters.
    pub const INK: Self = Self([26, 26, 26]);

    /// The colour of a class; after [`CLASSES`](Self::CLASSES) they begin again.
    pub fn of_class(class: usize) -> Self {
        match HUES.get(class) {
            Some(hue) => *hue,
            None => palette()[class % Self::CLASSES],
        }
    }

    /// The colour of a class in a legend: one of the shades that its regions have.
    pub fn in_legend(class: usize) -> Self {
        let white = if class < HUES.len() {
            LEGEND_WHITE
        } else {
            f64::midpoint(LITTLE_WHITE[0], LITTLE_WHITE[1])
        };
        Self::of_class(class).mixed(Self::WHITE, white)
    }

    /// The colour of a region: the hue of its class, lighter or darker by its pattern, equal
    /// patterns being equally light in every picture.
    pub fn of_region(class: usize, RegionId(id): RegionId) -> Self {
        // Factors with bits everywhere, so that the highest ones depend on all.
        let [high, low] = [(id >> 64) as u64, id as u64];
        let folded = high.wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(32) ^ low;
        let scattered = folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let share = scattered as f64 / f64::from(u32::MAX);
        Self::of_class(class).shade(class < HUES.len(), share)
    }

    /// A shade of the colour, from the darkest (0) to the lightest (1) of the first or other classes.
    pub(super) fn shade(self, is_first: bool, share: f64) -> Self {
        let [low, high] = if is_first { WHITE } else { LITTLE_WHITE };
        self.mixed(Self::WHITE, low + (high - low) * share)
    }

    /// A mixture with a share of another colour.
    pub fn mixed(self, other: Self, share: f64) -> Self {
        let mix = |index: usize| {
            let (own, other) = (f64::from(self.0[index]), f64::from(other.0[index]));
            (own + share * (other - own)).round() as u8
        };
        Self([mix(0), mix(1), mix(2)])
    }

    /// `#0072b2`
    pub fn hex(self) -> String {
        let [red, green, blue] = self.0;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_classes_lightened_by_patterns() {
        assert_eq!(Colour::of_class(0).hex(), "#0072b2");
        let shades: std::collections::HashSet<_> =
            (0..64).map(|id| Colour::of_region(1, RegionId(id)).hex()).collect();
        assert!(shades.len() > 40);
        let [red, green, blue] = Colour::of_region(1, RegionId(7)).0;
        assert!(red >= green && green >= blue && blue >= 60);
        assert_eq!(Colour::INK.mixed(Colour::WHITE, 1.0), Colour::WHITE);
    }
}
