//! Oklab, a colour space in which equal distances look equally different (Björn Ottosson, 2020). A
//! distance of about 0.02 is just visible.

use super::colour::Colour;

/// A colour in Oklab: lightness, green to red, blue to yellow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Oklab(pub(super) [f64; 3]);

impl Oklab {
    pub(super) fn of(Colour(channels): Colour) -> Self {
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

    /// Lightness from 0 (black) to 1 (white).
    pub(super) fn lightness(&self) -> f64 {
        self.0[0]
    }

    /// Squared distance from another colour.
    pub(super) fn squared_distance(&self, other: &Self) -> f64 {
        self.0.iter().zip(other.0).map(|(a, b)| (a - b).powi(2)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published values of Oklab: white, and the primaries.
    #[test]
    fn colours_have_the_published_values() {
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
}
