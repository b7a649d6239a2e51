//! How long a bound may take, and how far it is.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::Absent;

/// Told the steps done and all steps of a bound, from any thread.
pub type Report<'a> = dyn Fn(usize, usize) + Sync + 'a;

/// Ends a computation that takes too long, and reports on it.
pub struct Watch<'a> {
    deadline: Option<Instant>,
    report: &'a Report<'a>,
    done: AtomicUsize,
    all: AtomicUsize,
}

impl<'a> Watch<'a> {
    /// A watch that starts now; without a limit it never ends anything.
    pub fn new(limit: Option<Duration>, report: &'a Report<'a>) -> Self {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        Self { deadline, report, done: AtomicUsize::new(0), all: AtomicUsize::new(0) }
    }

    /// Announces steps beyond those announced before.
    pub(super) fn expect(&self, steps: usize) {
        self.all.fetch_add(steps, Ordering::Relaxed);
    }

    /// Counts a step.
    ///
    /// # Errors
    /// [`Absent::OutOfTime`] once the limit has passed.
    pub(super) fn step(&self) -> Result<(), Absent> {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        (self.report)(done, self.all.load(Ordering::Relaxed).max(done));
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Absent::OutOfTime),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn steps_are_reported_until_the_limit() {
        let seen = Mutex::new(Vec::new());
        let report = |done, all| seen.lock().unwrap().push((done, all));
        let watch = Watch::new(None, &report);
        watch.expect(2);
        assert_eq!([watch.step(), watch.step(), watch.step()], [Ok(()), Ok(()), Ok(())]);
        assert_eq!(*seen.lock().unwrap(), [(1, 2), (2, 2), (3, 3)]);
        assert_eq!(Watch::new(Some(Duration::ZERO), &report).step(), Err(Absent::OutOfTime));
    }
}
