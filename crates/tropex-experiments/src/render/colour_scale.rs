//! Colours that stand for numbers.

use super::colour::Colour;

/// Colours from low to high whose lightness grows steadily (`cividis`, at equal distances): they
/// stay in order in greyscale and for colour-blind readers.
const SEQUENCE: [Colour; 6] = [
    Colour([0, 34, 78]),
    Colour([58, 71, 108]),
    Colour([109, 112, 116]),
    Colour([150, 145, 112]),
    Colour([196, 181, 93]),
    Colour([253, 231, 55]),
];

const NEGATIVE: Colour = Colour([0, 84, 147]);
const ZERO: Colour = Colour([247, 247, 247]);
const POSITIVE: Colour = Colour([179, 70, 0]);

/// The colour of a number between the lowest (0) and the highest (1).
pub(super) fn sequential(share: f64) -> Colour {
    let position = share.clamp(0.0, 1.0) * (SEQUENCE.len() - 1) as f64;
    let below = (position.floor() as usize).min(SEQUENCE.len() - 2);
    SEQUENCE[below].mixed(SEQUENCE[below + 1], position - below as f64)
}

/// The colour of a number from -1 (blue) over 0 (white) to 1 (orange).
pub(super) fn diverging(number: f64) -> Colour {
    let end = if number < 0.0 { NEGATIVE } else { POSITIVE };
    ZERO.mixed(end, number.abs().min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lightness_grows_with_the_number() {
        let lightness = |share: f64| sequential(share).0.map(f64::from).iter().sum::<f64>();
        let steps: Vec<f64> = (0..=20).map(|step| lightness(f64::from(step) / 20.0)).collect();
        assert!(steps.is_sorted(), "{steps:?}");
        assert_eq!(sequential(2.0), sequential(1.0));
    }

    #[test]
    fn opposite_numbers_have_different_colours() {
        assert_ne!(diverging(-0.5), diverging(0.5));
        assert_eq!(diverging(0.0), ZERO);
    }
}
