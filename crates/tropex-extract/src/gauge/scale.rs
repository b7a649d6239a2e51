//! The factor of the tight shifts.

/// A factor `2^(-step / 4)` with an integer step, between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShiftScale(u32);

/// Steps that halve the factor.
const STEPS_PER_HALVING: f64 = 4.0;

impl ShiftScale {
    /// Factor 1.
    pub(crate) const FULL: Self = Self(0);

    /// The first step after the smallest factor that is tried, 1 / 1024.
    pub(crate) const BELOW_SMALLEST: Self = Self(41);

    /// The factor.
    pub(crate) fn factor(self) -> f64 {
        (-f64::from(self.0) / STEPS_PER_HALVING).exp2()
    }

    /// The scale with exactly this factor, if there is one.
    pub(crate) fn of(factor: f64) -> Option<Self> {
        let step = -STEPS_PER_HALVING * factor.log2();
        let scale = (-0.5..1e3).contains(&step).then(|| Self(step.round() as u32))?;
        (scale.factor() == factor).then_some(scale)
    }

    /// The scale halfway to a smaller one, unless the two are neighbours.
    pub(crate) fn midpoint(self, smaller: Self) -> Option<Self> {
        let middle = self.0.midpoint(smaller.0);
        (middle > self.0).then_some(Self(middle))
    }

    /// Largest number of bisection trials between this scale and a smaller one.
    pub(crate) fn max_trials(self, smaller: Self) -> usize {
        smaller.0.saturating_sub(self.0).next_power_of_two().ilog2() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_fall_by_a_constant_ratio() {
        assert_eq!(ShiftScale::FULL.factor(), 1.0);
        assert_eq!(ShiftScale(4).factor(), 0.5);
        assert_eq!(ShiftScale(40).factor(), 1.0 / 1024.0);
    }

    #[test]
    fn only_factors_of_the_scale_are_recognised() {
        for step in 0..=ShiftScale::BELOW_SMALLEST.0 {
            assert_eq!(ShiftScale::of(ShiftScale(step).factor()), Some(ShiftScale(step)));
        }
        for other in [0.0, -1.0, 0.3, 2.0, f64::NAN, f64::INFINITY, 1e-320] {
            assert_eq!(ShiftScale::of(other), None, "{other}");
        }
    }

    #[test]
    fn bisection_ends_within_the_largest_number_of_trials() {
        for refuted in [1, 2, 7, 41] {
            for goal in 0..refuted {
                let (mut good, mut bad, mut trials) = (ShiftScale::FULL, ShiftScale(refuted), 0);
                while let Some(middle) = good.midpoint(bad) {
                    let holds = middle.0 <= goal;
                    (good, bad) = if holds { (middle, bad) } else { (good, middle) };
                    trials += 1;
                }
                assert_eq!(good, ShiftScale(goal));
                assert!(
                    trials <= ShiftScale::FULL.max_trials(ShiftScale(refuted)),
                    "{refuted} {goal}"
                );
            }
        }
    }
}
