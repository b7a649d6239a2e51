//! Tolerances of numbers of two studies.

use std::fmt;

use crate::report::{Measure, Reproducibility};
use crate::unit::Unit;

// The tolerances are three to four times the effect of a small change on the study `quick`: a
// learning rate that is larger by a millionth. This effect exceeds that of rounding.

/// Relative tolerance of numbers that depend on weights.
const RELATIVE: f64 = 0.05;

/// Tolerance of shares of images.
const SHARE: f64 = 0.03;

/// Tolerance of counts of images.
const COUNT: f64 = 6.0;

/// Tolerance of angles, in degrees.
const ANGLE: f64 = 1.0;

/// Tolerance of epochs and pixels, which are settings.
const SETTING: f64 = 0.0;

/// Rounding errors up to this size may be zero on another machine: twice the rounding error of f32
/// for numbers around one.
const ZERO: f64 = 2.4e-7;

/// Largest allowed difference of a number from the expected number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// No difference.
    Exact,
    /// Largest absolute difference, in the unit of the number.
    Within(f64, Unit),
    /// Largest ratio of two numbers of equal sign.
    Factor(f64),
}

impl Tolerance {
    /// The differences that another processor may cause: a twentieth of a number that depends on
    /// weights, three percentage points of a share, one degree, a twentieth of a count or six
    /// images, a factor of ten of a rounding error, and none if theory or settings fix the number.
    /// `scale` multiplies all of them; 0 demands equal digits.
    pub fn of(measure: &Measure, scale: f64) -> Self {
        let size = measure.value.map_or(0.0, f64::abs);
        let within = match measure.unit {
            Unit::Share => SHARE,
            Unit::Degrees => ANGLE,
            Unit::Count => (RELATIVE * size).max(COUNT),
            Unit::Number => RELATIVE * size,
            Unit::Pixels | Unit::Epochs | Unit::Text => SETTING,
        };
        match measure.repeats {
            _ if scale == 0.0 => Self::Exact,
            Reproducibility::Exactly => Self::Exact,
            Reproducibility::Roughly => Self::Factor(10_f64.powf(scale)),
            Reproducibility::Nearly => Self::Within(scale * within, measure.unit),
        }
    }

    /// Whether a number is within the tolerance of the expected number.
    pub fn covers(self, expected: f64, found: f64) -> bool {
        match self {
            Self::Exact => expected == found,
            Self::Within(most, _) => (expected - found).abs() <= most,
            Self::Factor(most) => {
                let sizes = [expected.abs(), found.abs()];
                let (small, large) = (sizes[0].min(sizes[1]), sizes[0].max(sizes[1]));
                let is_near = expected.signum() == found.signum() && large <= most * small;
                (large <= ZERO || is_near) && found.is_finite()
            }
        }
    }
}

/// `exact`, `± 5.00 %`, `× 10`
impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact => f.write_str("exact"),
            Self::Within(most, unit) => write!(f, "\u{b1} {}", unit.format(*most)),
            Self::Factor(most) => write!(f, "\u{d7} {}", Unit::Number.format(*most)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tolerance(value: f64, unit: Unit, repeats: Reproducibility, scale: f64) -> Tolerance {
        let measure = Measure { name: "n".into(), value: Some(value), unit, repeats };
        Tolerance::of(&measure, scale)
    }

    #[test]
    fn tolerances_depend_on_unit_and_reproducibility() {
        use Reproducibility::{Exactly, Nearly, Roughly};
        use Unit::{Count, Degrees, Number, Share};
        for (unit, repeats, expected, near, far) in [
            (Share, Nearly, 0.5, 0.529, 0.531),
            (Share, Exactly, 1.0, 1.0, 0.9999),
            (Degrees, Nearly, 40.0, 39.1, 38.9),
            (Count, Nearly, 12.0, 6.0, 5.0),
            (Count, Nearly, 1000.0, 1050.0, 1051.0),
            (Number, Nearly, -20.0, -20.9, -21.1),
            (Number, Roughly, 1e-6, 9e-6, 1.1e-5),
            (Number, Roughly, 1e-5, 1.1e-6, 0.9e-6),
            (Number, Roughly, -1e-7, 0.0, 3e-7),
            (Number, Roughly, 1900.0, 300.0, -1900.0),
        ] {
            let tolerance = tolerance(expected, unit, repeats, 1.0);
            assert!(tolerance.covers(expected, near), "{tolerance}: {expected} {near}");
            assert!(!tolerance.covers(expected, far), "{tolerance}: {expected} {far}");
            assert!(!tolerance.covers(expected, f64::NAN), "{tolerance}");
        }
    }

    #[test]
    fn a_scale_multiplies_tolerances() {
        let share = |scale| tolerance(0.5, Unit::Share, Reproducibility::Nearly, scale);
        assert!(share(2.0).covers(0.5, 0.559) && !share(2.0).covers(0.5, 0.561));
        assert!(share(0.0).covers(0.5, 0.5) && !share(0.0).covers(0.5, 0.5 + 1e-8));
        let error = |scale| tolerance(1e-6, Unit::Number, Reproducibility::Roughly, scale);
        assert!(error(2.0).covers(1e-6, 9.9e-5) && !error(0.0).covers(1e-6, 1.1e-6));
        assert!(!tolerance(1.0, Unit::Share, Reproducibility::Exactly, 9.0).covers(1.0, 0.999));
    }

    #[test]
    fn tolerances_are_written_in_their_units() {
        let of = |repeats, unit| tolerance(40.0, unit, repeats, 1.0).to_string();
        assert_eq!(of(Reproducibility::Nearly, Unit::Share), "\u{b1} 3.00 %");
        assert_eq!(of(Reproducibility::Nearly, Unit::Number), "\u{b1} 2");
        assert_eq!(of(Reproducibility::Roughly, Unit::Number), "\u{d7} 10");
        assert_eq!(of(Reproducibility::Exactly, Unit::Share), "exact");
    }
}
