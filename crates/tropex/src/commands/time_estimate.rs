//! Says early how long work will take, if that is minutes.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::output::{CommandProgress, Output};

/// Work that takes less needs no word.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time after which the rest of a piece of work is estimated.
const FIRST_LOOK: Duration = Duration::from_secs(3);

/// Watches one piece of work after the other.
pub struct TimeEstimate<'a> {
    output: &'a Output,
    /// What helps if that is too long.
    help: &'a str,
    /// The piece of work, when it began, and whether its time was told.
    under_way: Cell<(&'static str, Instant, bool)>,
}

impl<'a> TimeEstimate<'a> {
    pub fn new(output: &'a Output, help: &'a str) -> Self {
        Self { output, help, under_way: Cell::new(("", Instant::now(), false)) }
    }

    /// Tells people at a terminal once how long a piece of work will take, from the time of its first
    /// parts.
    pub fn look(&self, what: &'static str, done: usize, of: usize, bar: &CommandProgress) {
        if !bar.is_shown() {
            return;
        }
        let (before, start, is_told) = self.under_way.get();
        if before != what || done == 0 {
            self.under_way.set((what, Instant::now(), false));
            return;
        }
        let elapsed = start.elapsed();
        if is_told || elapsed < FIRST_LOOK {
            return;
        }
        if let Some(left) = remaining(elapsed, done, of) {
            let line =
                format!("{what} takes about {} (Ctrl-C stops; {})", minutes(left), self.help);
            bar.suspend(|| self.output.remark(&line));
        }
        self.under_way.set((what, start, true));
    }
}

/// The rest of the time, if it is long.
fn remaining(elapsed: Duration, done: usize, of: usize) -> Option<Duration> {
    let left = elapsed.as_secs_f64() * of.saturating_sub(done) as f64 / done.max(1) as f64;
    Duration::try_from_secs_f64(left).ok().filter(|left| *left >= PATIENCE)
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
