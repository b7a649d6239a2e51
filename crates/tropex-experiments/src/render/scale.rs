//! Positions of numbers on an axis.

use super::axis::{PlotAxis, Spacing};
use crate::unit::Unit;

/// Largest number of ticks of an axis. Only numbers near the limits of f64 would have more.
const MOST_TICKS: usize = 50;

/// Positions of the numbers of an axis between its two ends.
#[derive(Clone, Debug)]
pub(super) struct AxisScale {
    spacing: Spacing,
    unit: Unit,
    low: f64,
    high: f64,
    /// Difference between two ticks of a linear axis.
    step: f64,
    places: [f64; 2],
}

impl AxisScale {
    /// A scale that shows all of `values` between two positions.
    pub(super) fn of(axis: &PlotAxis, values: impl Iterator<Item = f64>, places: [f64; 2]) -> Self {
        let is_shown =
            |value: &f64| value.is_finite() && (axis.spacing == Spacing::Linear || *value > 0.0);
        let (low, high) = values
            .filter(is_shown)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = match (low <= high, low < high) {
            (false, _) => (0.1, 1.0),
            (true, false) => widened(axis, low),
            (true, true) => (low, high),
        };
        let (spacing, unit) = (axis.spacing, axis.unit);
        Self { spacing, unit, low, high, step: step(high - low, unit), places }
    }

    /// The scale extended to rounded numbers, and to zero for the heights of bars.
    pub(super) fn rounded(mut self, from_zero: bool) -> Self {
        if self.spacing == Spacing::Logarithmic {
            return self;
        }
        if from_zero {
            (self.low, self.high) = (self.low.min(0.0), self.high.max(0.0));
        }
        self.step = step(self.high - self.low, self.unit);
        self.low = (self.low / self.step).floor() * self.step;
        self.high = (self.high / self.step).ceil() * self.step;
        self
    }

    /// The position of a number; `None` if the axis cannot show it.
    pub(super) fn place(&self, value: f64) -> Option<f64> {
        let share = match self.spacing {
            Spacing::Linear => (value - self.low) / (self.high - self.low),
            Spacing::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        let place = self.places[0] + share * (self.places[1] - self.places[0]);
        place.is_finite().then_some(place)
    }

    /// The position that bars start from: that of zero, if the axis shows it, else the lower end.
    pub(super) fn floor(&self) -> f64 {
        let zero = (self.low..=self.high).contains(&0.0).then(|| self.place(0.0)).flatten();
        zero.unwrap_or(self.places[0])
    }

    /// Rounded numbers that are written beside the axis.
    pub(super) fn ticks(&self) -> Vec<f64> {
        match self.spacing {
            Spacing::Linear => {
                let slack = self.step * 1e-6;
                let first = ((self.low - slack) / self.step).ceil() as i64;
                let last = ((self.high + slack) / self.step).floor() as i64;
                (first..=last).take(MOST_TICKS).map(|tick| tick as f64 * self.step).collect()
            }
            Spacing::Logarithmic => {
                let (first, last) = (self.low.log10().ceil(), self.high.log10().floor());
                let step = ((last - first) / 5.0).ceil().max(1.0);
                let ticks = (0..).map(|index| first + f64::from(index) * step);
                let ticks: Vec<f64> = ticks
                    .take(MOST_TICKS)
                    .take_while(|&power| power <= last)
                    .map(|power| 10_f64.powf(power))
                    .collect();
                if ticks.len() > 1 { ticks } else { vec![self.low, self.high] }
            }
        }
    }
}

/// Ends of an axis that shows a single number.
fn widened(axis: &PlotAxis, value: f64) -> (f64, f64) {
    match axis.spacing {
        Spacing::Linear if axis.unit == Unit::Share && (0.0..=1.0).contains(&value) => {
            ((value - 0.1).max(0.0), (value + 0.1).min(1.0))
        }
        Spacing::Linear if value == 0.0 => (0.0, 1.0),
        Spacing::Linear => (value - 0.1 * value.abs(), value + 0.1 * value.abs()),
        Spacing::Logarithmic => (value / 2.0, value * 2.0),
    }
}

/// 1, 2 or 5 times a power of ten that divides a span into four to ten steps; at least 1 for
/// counts, which have no fractions.
fn step(span: f64, unit: Unit) -> f64 {
    let rough = span / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * 0.999);
    let least = if unit.is_whole() { 1.0 } else { 0.0 };
    (factor.unwrap_or(10.0) * power).max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linear(values: [f64; 2]) -> AxisScale {
        let axis = PlotAxis::linear("x", Unit::Number);
        AxisScale::of(&axis, values.into_iter(), [0.0, 100.0])
    }

    #[test]
    fn numbers_lie_in_proportion_on_an_axis() {
        let scale = linear([2.0, 4.0]);
        assert_eq!([2.0, 3.0, 4.0].map(|x| scale.place(x).unwrap()), [0.0, 50.0, 100.0]);
        assert_eq!(scale.place(f64::NAN), None);
        let axis = PlotAxis::logarithmic("x", Unit::Number);
        let scale = AxisScale::of(&axis, [0.0, 1.0, 100.0].into_iter(), [0.0, 100.0]);
        assert!((scale.place(10.0).unwrap() - 50.0).abs() < 1e-9);
        assert_eq!(scale.place(0.0), None);
        assert_eq!(scale.ticks(), [1.0, 10.0, 100.0]);
    }

    #[test]
    fn ticks_are_rounded_and_within() {
        for values in [[0.0, 1.0], [0.37, 0.41], [-3e5, 7e5], [5.0, 5.0], [0.0, 0.0]] {
            let scale = linear(values).rounded(false);
            let ticks = scale.ticks();
            assert!((3..=12).contains(&ticks.len()), "{values:?} {ticks:?}");
            for tick in ticks {
                assert!((-0.01..100.01).contains(&scale.place(tick).unwrap()), "{values:?}");
            }
        }
    }

    #[test]
    fn shares_end_at_all_and_epochs_are_whole() {
        let ticks = |unit, values: [f64; 2], from_zero| {
            let scale = AxisScale::of(&PlotAxis::linear("x", unit), values.into_iter(), [0.0, 1.0]);
            scale.rounded(from_zero).ticks()
        };
        for from_zero in [false, true] {
            let shares = ticks(Unit::Share, [1.0, 1.0], from_zero);
            assert!((shares[shares.len() - 1] - 1.0).abs() < 1e-9, "{shares:?}");
        }
        assert_eq!(ticks(Unit::Share, [0.0, 0.0], true)[0], 0.0);
        assert_eq!(ticks(Unit::Epochs, [0.0, 2.0], false), [0.0, 1.0, 2.0]);
    }

    #[test]
    fn counts_have_no_fractional_ticks() {
        let axis = PlotAxis::linear("x", Unit::Count);
        let ticks = |values: [f64; 2]| AxisScale::of(&axis, values.into_iter(), [0.0, 1.0]).ticks();
        assert_eq!(ticks([2.0, 4.0]), [2.0, 3.0, 4.0]);
        assert_eq!(ticks([3.0, 3.0]), [3.0]);
        assert_eq!(ticks([0.0, 100.0]), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
    }

    #[test]
    fn the_largest_and_smallest_numbers_have_few_ticks() {
        let (tiny, huge) = (5e-324, f64::MAX);
        for values in [[-tiny, tiny], [-huge, huge], [tiny, huge], [huge, huge], [1e300, 1.1e300]] {
            for axis in
                [PlotAxis::linear("x", Unit::Count), PlotAxis::logarithmic("x", Unit::Number)]
            {
                let scale = AxisScale::of(&axis, values.into_iter(), [0.0, 100.0]);
                for scale in [scale.clone(), scale.clone().rounded(true), scale.rounded(false)] {
                    assert!(scale.ticks().len() <= MOST_TICKS, "{values:?}");
                }
            }
        }
    }

    #[test]
    fn an_axis_without_numbers_can_be_drawn() {
        let axis = PlotAxis::linear("x", Unit::Number);
        assert!(!AxisScale::of(&axis, [].into_iter(), [0.0, 1.0]).ticks().is_empty());
    }
}
