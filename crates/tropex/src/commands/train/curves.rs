//! Curves of a training on the terminal: loss and accuracy by epoch, in two lines of text.

use tropex::train::training::{EpochMetrics, Metrics};

use crate::output::percent;

/// The heights of a curve, from low to high.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Largest number of columns of a curve.
const COLUMNS: usize = 24;

/// Columns of a line beside its two curves.
const WORDS: usize = 41;

/// Loss and accuracy of the epochs so far.
#[derive(Debug, Default)]
pub(super) struct Curves {
    train: Vec<Metrics>,
    test: Vec<Metrics>,
    /// The running epoch, on training images.
    running: Option<Metrics>,
}

impl Curves {
    /// Curves of the epochs before a training goes on.
    pub(super) fn of(epochs: &[EpochMetrics]) -> Self {
        let mut curves = Self::default();
        epochs.iter().for_each(|metrics| curves.add(metrics));
        curves
    }

    /// Sets the mean of the batches of the running epoch.
    pub(super) fn run(&mut self, running: Metrics) {
        self.running = Some(running);
    }

    /// Adds a finished epoch.
    pub(super) fn add(&mut self, metrics: &EpochMetrics) {
        self.train.push(metrics.train);
        self.test.push(metrics.test);
        self.running = None;
    }

    /// Two lines, one for the loss and one for the accuracy, at most `width` columns wide. Empty if
    /// no epoch has ended, or if the terminal is too narrow.
    pub(super) fn lines(&self, width: usize) -> Vec<String> {
        let columns = (width.saturating_sub(WORDS) / 2).min(COLUMNS);
        if self.test.is_empty() || columns < 4 {
            return Vec::new();
        }
        vec![
            self.line("loss", columns, |metrics| metrics.loss, |loss| format!("{loss:.4}")),
            self.line("accuracy", columns, |metrics| metrics.accuracy, percent),
        ]
    }

    fn line(
        &self,
        name: &str,
        columns: usize,
        value: impl Fn(&Metrics) -> f64,
        text: impl Fn(f64) -> String,
    ) -> String {
        let train: Vec<f64> = self.train.iter().chain(&self.running).map(&value).collect();
        let test: Vec<f64> = self.test.iter().map(&value).collect();
        // One scale for both curves, so that they can be compared.
        let scale = Scale::of(train.iter().chain(&test));
        let curve = |values: &[f64]| {
            let last = values.last().map_or_else(String::new, |&last| text(last));
            format!("{:columns$} {last:>8}", scale.curve(&means(values, columns)))
        };
        format!("{name:8}  train {}  test {}", curve(&train), curve(&test))
    }
}

/// The finite values from the smallest to the largest.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of<'a>(values: impl Iterator<Item = &'a f64>) -> Self {
        let finite = values.copied().filter(|value| value.is_finite());
        let (low, high) = finite
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        Self { low, high }
    }

    /// A letter for each value. Values that are not finite have a gap.
    fn curve(&self, values: &[f64]) -> String {
        let steps = HEIGHTS.len() as f64 - 1.0;
        let letter = |&value: &f64| match value.is_finite() {
            true if self.high > self.low => {
                let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
                HEIGHTS[(share * steps).round() as usize]
            }
            true => HEIGHTS[3],
            false => ' ',
        };
        values.iter().map(letter).collect()
    }
}

/// Means of neighbours, if there are more values than columns.
fn means(values: &[f64], columns: usize) -> Vec<f64> {
    let count = values.len().min(columns);
    let part = |at: usize| at * values.len() / count;
    let mean = |at: usize| {
        let values = &values[part(at)..part(at + 1)];
        values.iter().sum::<f64>() / values.len() as f64
    };
    (0..count).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: usize, loss: f64, test_loss: f64) -> EpochMetrics {
        let metrics = |loss: f64| Metrics { loss, accuracy: 1.0 / (1.0 + loss) };
        let (train, test) = (metrics(loss), metrics(test_loss));
        EpochMetrics { epoch, learning_rate: 0.1, train, test, seconds: 1.0 }
    }

    #[test]
    fn both_curves_have_one_scale() {
        let mut curves = Curves::of(&[epoch(1, 8.0, 7.0), epoch(2, 4.0, 5.0)]);
        curves.run(Metrics { loss: 1.0, accuracy: 0.5 });
        let lines = curves.lines(80);
        assert_eq!(
            lines[0],
            "loss      train █▄▁                   1.0000  test ▇▅                    5.0000"
        );
        assert!(lines[1].starts_with("accuracy  train ▁▃█"), "{}", lines[1]);
        assert!(lines[1].contains("50.00 %") && lines[1].ends_with("16.67 %"), "{}", lines[1]);
    }

    #[test]
    fn lines_fit_every_width() {
        let epochs: Vec<_> = (1..200).map(|at| epoch(at, 1.0 / at as f64, 0.5)).collect();
        let curves = Curves::of(&epochs);
        for width in 0..200 {
            let lines = curves.lines(width);
            assert!(lines.iter().all(|line| line.chars().count() <= width), "{width}");
            assert_eq!(lines.is_empty(), width < WORDS + 8);
        }
        assert!(Curves::default().lines(80).is_empty());
    }

    #[test]
    fn equal_values_and_values_that_are_not_finite_have_a_curve() {
        let lines = Curves::of(&[epoch(1, f64::NAN, 1.0), epoch(2, 1.0, 1.0)]).lines(80);
        assert!(lines[0].starts_with("loss      train  ▄"), "{}", lines[0]);
        assert_eq!(means(&[1.0, 3.0, 5.0, 7.0], 2), [2.0, 6.0]);
    }
}
