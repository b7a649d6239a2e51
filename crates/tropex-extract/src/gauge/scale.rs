//! The factor of the tight shifts.

/// A factor `2^(-step / 4)` with an integer step, between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale(u32);

/// Steps that halve the factor.
const STEPS_PER_HALVING: f64 = 4.0;

impl Scale {
    /// Factor 1.
    pub(crate) const WHOLE: Self = Self(0);

    /// The first step after the smallest factor that is tried, 1 / 1024.
    pub(crate) const NONE: Self = Self(41);

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
    pub(crate) fn between(self, smaller: Self) -> Option<Self> {
        let middle = self.0.midpoint(smaller.0);
        (middle > self.0).then_some(Self(middle))
    }

    /// Largest number of bisection trials between this scale and a smaller one.
    pub(crate) fn trials(self, smaller: Self) -> usize {
        smaller.0.saturating_sub(self.0).next_power_of_two().ilog2() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_fall_by_a_constant_ratio() {
        assert_eq!(Scale::WHOLE.factor(), 1.0);
        assert_eq!(Scale(4).factor(), 0.5);
        assert_eq!(Scale(40).factor(), 1.0 / 1024.0);
    }

    #[test]
    fn factors_are_told_from_other_numbers() {
        for step in 0..=Scale::NONE.0 {
            assert_eq!(Scale::of(Scale(step).factor()), Some(Scale(step)));
        }
        for other in [0.0, -1.0, 0.3, 2.0, f64::NAN, f64::INFINITY, 1e-320] {
            assert_eq!(Scale::of(other), None, "{other}");
        }
    }

    #[test]
    fn halving_ends_after_the_announced_trials() {
        for refuted in [1, 2, 7, 41] {
            for goal in 0..refuted {
                let (mut good, mut bad, mut trials) = (Scale::WHOLE, Scale(refuted), 0);
                while let Some(middle) = good.between(bad) {
                    let holds = middle.0 <= goal;
                    (good, bad) = if holds { (middle, bad) } else { (good, middle) };
                    trials += 1;
                }
                assert_eq!(good, Scale(goal));
                assert!(trials <= Scale::WHOLE.trials(Scale(refuted)), "{refuted} {goal}");
            }
        }
    }
}
