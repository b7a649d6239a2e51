//! Mean, spread and range of numbers that come one after the other.

/// Mean, spread and range of the numbers added so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    count: usize,
    mean: f64,
    /// Sum of squared differences from the mean.
    squares: f64,
    min: f64,
    max: f64,
}

impl Default for Summary {
    fn default() -> Self {
        Self { count: 0, mean: 0.0, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Summary {
    /// Of numbers at hand.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut summary = Self::default();
        values.into_iter().for_each(|value| summary.add(value));
        summary
    }

    /// Adds a number. The mean is corrected by every number, so that no digit is lost to the
    /// difference of large sums.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// How many numbers there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Their mean; NaN without numbers, like everything below.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.mean }
    }

    /// Their standard deviation: the root of the mean squared difference from the mean.
    pub fn deviation(&self) -> f64 {
        (self.squares / self.count as f64).sqrt()
    }

    /// The smallest.
    pub fn min(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.min }
    }

    /// The largest.
    pub fn max(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_definitions() {
        let values: [f64; 5] = [3.0, -1.0, 4.0, 1.0, -5.0].map(|value| value + 1e6);
        let summary = Summary::of(values);
        let mean = values.iter().sum::<f64>() / 5.0;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 5.0;
        assert!((summary.mean() - mean).abs() < 1e-9);
        assert!((summary.deviation() - variance.sqrt()).abs() < 1e-9);
        assert_eq!((summary.min(), summary.max(), summary.count()), (1e6 - 5.0, 1e6 + 4.0, 5));
    }

    #[test]
    fn nothing_has_no_figures() {
        let summary = Summary::of([]);
        for value in [summary.mean(), summary.deviation(), summary.min(), summary.max()] {
            assert!(value.is_nan());
        }
    }
}
