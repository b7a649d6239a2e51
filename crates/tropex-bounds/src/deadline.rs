//! The time limit and the progress of a computation.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::BoundError;

/// Receives the number of steps done and the number of all steps, from any thread.
pub(crate) type CountProgress<'a> = dyn Fn(usize, usize) -> ControlFlow<()> + Sync + 'a;

/// Counts the steps of a computation, reports them, and ends the computation at its time limit.
pub(crate) struct Deadline<'a> {
    end: Option<Instant>,
    progress: &'a CountProgress<'a>,
    done: AtomicUsize,
    all: AtomicUsize,
}

impl<'a> Deadline<'a> {
    /// A deadline `limit` from now. Without a limit it never ends a computation.
    pub(crate) fn new(limit: Option<Duration>, progress: &'a CountProgress<'a>) -> Self {
        let end = limit.and_then(|limit| Instant::now().checked_add(limit));
        Self { end, progress, done: AtomicUsize::new(0), all: AtomicUsize::new(0) }
    }

    /// Adds steps to the number of all steps.
    pub(crate) fn expect(&self, steps: usize) {
        self.all.fetch_add(steps, Ordering::Relaxed);
    }

    /// Counts one step as done.
    ///
    /// # Errors
    /// [`BoundError::Cancelled`] if the callback cancelled the computation;
    /// [`BoundError::OutOfTime`] after the time limit.
    pub(crate) fn step(&self) -> Result<(), BoundError> {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if (self.progress)(done, self.all.load(Ordering::Relaxed).max(done)).is_break() {
            return Err(BoundError::Cancelled);
        }
        match self.end {
            Some(end) if Instant::now() >= end => Err(BoundError::OutOfTime),
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
        let progress = |done, all| {
            seen.lock().unwrap().push((done, all));
            ControlFlow::Continue(())
        };
        let deadline = Deadline::new(None, &progress);
        deadline.expect(2);
        assert_eq!([deadline.step(), deadline.step(), deadline.step()], [Ok(()), Ok(()), Ok(())]);
        assert_eq!(*seen.lock().unwrap(), [(1, 2), (2, 2), (3, 3)]);
        let passed = Deadline::new(Some(Duration::ZERO), &progress);
        assert_eq!(passed.step(), Err(BoundError::OutOfTime));
        let cancelled = Deadline::new(None, &|_, _| ControlFlow::Break(()));
        assert_eq!(cancelled.step(), Err(BoundError::Cancelled));
    }
}
