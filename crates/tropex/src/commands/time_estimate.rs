//! A remark on work that will take minutes, printed soon after the start.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::output::{CommandProgress, Output};

/// Shortest remaining time that is announced.
const ANNOUNCED: Duration = Duration::from_secs(60);

/// Time after the start of a piece of work when its duration is estimated.
const ESTIMATE_AFTER: Duration = Duration::from_secs(3);

/// Estimates the duration of one piece of work after another.
pub struct TimeEstimate<'a> {
    output: &'a Output,
    /// Advice for work that takes too long.
    help: &'a str,
    /// The current piece of work, its start, and whether its duration was announced.
    current: Cell<(&'static str, Instant, bool)>,
}

impl<'a> TimeEstimate<'a> {
    pub fn new(output: &'a Output, help: &'a str) -> Self {
        Self { output, help, current: Cell::new(("", Instant::now(), false)) }
    }

    /// Reports progress. Announces the duration of a piece of work once, on a terminal, if it is
    /// long.
    pub fn report(&self, what: &'static str, done: usize, of: usize, bar: &CommandProgress) {
        if !bar.is_shown() {
            return;
        }
        let (before, start, is_told) = self.current.get();
        if before != what || done == 0 {
            self.current.set((what, Instant::now(), false));
            return;
        }
        let elapsed = start.elapsed();
        if is_told || elapsed < ESTIMATE_AFTER {
            return;
        }
        if let Some(left) = remaining(elapsed, done, of) {
            let line =
                format!("{what} takes about {} (Ctrl-C stops; {})", minutes(left), self.help);
            bar.suspend(|| self.output.remark(&line));
        }
        self.current.set((what, start, true));
    }
}

/// The remaining time, if it is long enough to be announced.
fn remaining(elapsed: Duration, done: usize, of: usize) -> Option<Duration> {
    let left = elapsed.as_secs_f64() * of.saturating_sub(done) as f64 / done.max(1) as f64;
    Duration::try_from_secs_f64(left).ok().filter(|left| *left >= ANNOUNCED)
}

/// `3 minutes`, `2 hours`
pub fn minutes(time: Duration) -> String {
    let minutes = time.as_secs_f64() / 60.0;
    match minutes {
        ..1.5 => "1 minute".into(),
        ..120.0 => format!("{minutes:.0} minutes"),
        _ => format!("{:.0} hours", minutes / 60.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_work_is_announced() {
        let second = Duration::from_secs(1);
        assert_eq!(remaining(4 * second, 100, 200), None);
        assert_eq!(remaining(4 * second, 10, 1000), Some(396 * second));
        assert_eq!(remaining(4 * second, 10, 10), None);
        assert_eq!(
            [60, 89, 400, 10_000].map(|time| minutes(time * second)),
            ["1 minute", "1 minute", "7 minutes", "3 hours"]
        );
    }
}
