//! Mean, deviation and range of numbers.

/// Mean, standard deviation and range of the numbers added so far.
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
    /// The summary of some numbers.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut summary = Self::default();
        values.into_iter().for_each(|value| summary.add(value));
        summary
    }

    /// Adds a number and updates mean and squares (Welford, 1962), which avoids differences of
    /// large sums.
    pub fn add(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Number of numbers.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Mean; NaN without numbers.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.mean }
    }

    /// Standard deviation of the population; NaN without numbers.
    pub fn deviation(&self) -> f64 {
        (self.squares / self.count as f64).sqrt()
    }

    /// Smallest number; NaN without numbers.
    pub fn min(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.min }
    }

    /// Largest number; NaN without numbers.
    pub fn max(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { self.max }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_match_their_definitions() {
        let values: [f64; 5] = [3.0, -1.0, 4.0, 1.0, -5.0].map(|value| value + 1e6);
        let summary = Summary::of(values);
        let mean = values.iter().sum::<f64>() / 5.0;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 5.0;
        assert!((summary.mean() - mean).abs() < 1e-9);
        assert!((summary.deviation() - variance.sqrt()).abs() < 1e-9);
        assert_eq!((summary.min(), summary.max(), summary.count()), (1e6 - 5.0, 1e6 + 4.0, 5));
    }

    #[test]
    fn a_summary_without_numbers_is_nan() {
        let summary = Summary::of([]);
        for value in [summary.mean(), summary.deviation(), summary.min(), summary.max()] {
            assert!(value.is_nan());
        }
    }
}
