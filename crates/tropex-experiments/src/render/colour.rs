//! One colour.

/// A colour: red, green and blue from 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub [u8; 3]);

impl Colour {
    /// Paper.
    pub const WHITE: Self = Self([255, 255, 255]);

    /// Lines and letters on white paper.
    pub const INK: Self = Self([26, 26, 26]);

    /// A mixture with a share of another colour, channel by channel.
    pub fn mixed(self, other: Self, share: f64) -> Self {
        let mix = |index: usize| {
            let (own, other) = (f64::from(self.0[index]), f64::from(other.0[index]));
            (own + share * (other - own)).round() as u8
        };
        Self([mix(0), mix(1), mix(2)])
    }

    /// Whether dark text is easier to read on the colour than light text, by its luma (ITU-R
    /// BT.601).
    pub(super) fn is_light(self) -> bool {
        let [red, green, blue] = self.0.map(f64::from);
        0.299 * red + 0.587 * green + 0.114 * blue > 140.0
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
    fn mixtures_lie_between_two_colours() {
        assert_eq!(Colour::INK.mixed(Colour::WHITE, 1.0), Colour::WHITE);
        assert_eq!(Colour::INK.mixed(Colour::WHITE, 0.0), Colour::INK);
        assert_eq!(Colour([0, 114, 178]).hex(), "#0072b2");
    }
}
