//! By what the tight shifts are multiplied.

/// A factor between 0 and 1, one of a row of them that falls by a constant ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scale(u32);

/// How many steps halve the factor.
const STEPS_PER_HALVING: f64 = 4.0;

impl Scale {
    /// The shifts as they are.
    pub(crate) const WHOLE: Self = Self(0);

    /// Too small, whatever the network: the least that is tried, 1 / 1024, comes before it.
    pub(crate) const NONE: Self = Self(41);

    /// The factor.
    pub(crate) fn factor(self) -> f64 {
        (-f64::from(self.0) / STEPS_PER_HALVING).exp2()
    }

    /// The scale of a factor, if it is one of the row.
    pub(crate) fn of(factor: f64) -> Option<Self> {
        let step = -STEPS_PER_HALVING * factor.log2();
        let scale = (-0.5..1e3).contains(&step).then(|| Self(step.round() as u32))?;
        (scale.factor() == factor).then_some(scale)
    }

    /// One between this and a smaller one, unless they are neighbours.
    pub(crate) fn between(self, smaller: Self) -> Option<Self> {
        let middle = self.0.midpoint(smaller.0);
        (middle > self.0).then_some(Self(middle))
    }

    /// How many trials it takes at most to find one between this and a smaller one.
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
