//! How far numbers of two studies may be apart.

use std::fmt;

use crate::report::{Measure, Repeats, Unit};

// Three to four times what it does to the study `quick` that a learning rate is a millionth larger,
// which is more than rounding does.

/// Share of its size by which a number may differ that depends on weights.
const RELATIVE: f64 = 0.05;

/// Share of all images, of which a few fall to the other side.
const SHARE: f64 = 0.03;

/// Images that fall to the other side, where they are counted.
const COUNT: f64 = 6.0;

/// Degrees.
const ANGLE: f64 = 1.0;

/// Epochs and pixels are settings.
const SETTING: f64 = 0.0;

/// Numbers that are nearer to zero may well be zero elsewhere: twice what rounding to f32 changes
/// in numbers around one.
const ZERO: f64 = 2.4e-7;

/// How far a number may be from another that should be the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerance {
    /// Not at all.
    Exact,
    /// By so much, in the unit of the number.
    Within(f64, Unit),
    /// The larger may be so many times the smaller, of the same sign.
    Factor(f64),
}

impl Tolerance {
    /// What other processors can explain: a twentieth of a number that depends on weights, three
    /// points of a share, a degree, a twentieth of a count or six images, a factor of ten of what
    /// rounding leaves, and nothing where theory or settings fix the number. `scale` widens all of
    /// it: 2 is twice as far, and 0 asks for the very same digits.
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
            Repeats::Exactly => Self::Exact,
            Repeats::Roughly => Self::Factor(10_f64.powf(scale)),
            Repeats::Nearly => Self::Within(scale * within, measure.unit),
        }
    }

    /// Whether a number is as near to another as it has to be.
    pub fn covers(self, expected: f64, found: f64) -> bool {
        match self {
            Self::Exact => expected == found,
            Self::Within(most, _) => (expected - found).abs() <= most,
            Self::Factor(most) => {
                let sizes = [expected.abs(), found.abs()];
                let (small, large) = (sizes[0].min(sizes[1]), sizes[0].max(sizes[1]));
                let are_alike = expected.signum() == found.signum() && large <= most * small;
                (large <= ZERO || are_alike) && found.is_finite()
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

    fn tolerance(value: f64, unit: Unit, repeats: Repeats, scale: f64) -> Tolerance {
        let measure = Measure { name: "n".into(), value: Some(value), unit, repeats };
        Tolerance::of(&measure, scale)
    }

    #[test]
    fn numbers_may_be_as_far_apart_as_their_kind_allows() {
        use Repeats::{Exactly, Nearly, Roughly};
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
    fn a_scale_widens_what_is_allowed_and_zero_allows_nothing() {
        let share = |scale| tolerance(0.5, Unit::Share, Repeats::Nearly, scale);
        assert!(share(2.0).covers(0.5, 0.559) && !share(2.0).covers(0.5, 0.561));
        assert!(share(0.0).covers(0.5, 0.5) && !share(0.0).covers(0.5, 0.5 + 1e-8));
        let error = |scale| tolerance(1e-6, Unit::Number, Repeats::Roughly, scale);
        assert!(error(2.0).covers(1e-6, 9.9e-5) && !error(0.0).covers(1e-6, 1.1e-6));
        assert!(!tolerance(1.0, Unit::Share, Repeats::Exactly, 9.0).covers(1.0, 0.999));
    }

    #[test]
    fn what_is_allowed_is_told_in_words() {
        let of = |repeats, unit| tolerance(40.0, unit, repeats, 1.0).to_string();
        assert_eq!(of(Repeats::Nearly, Unit::Share), "\u{b1} 3.00 %");
        assert_eq!(of(Repeats::Nearly, Unit::Number), "\u{b1} 2");
        assert_eq!(of(Repeats::Roughly, Unit::Number), "\u{d7} 10");
        assert_eq!(of(Repeats::Exactly, Unit::Share), "exact");
    }
}
