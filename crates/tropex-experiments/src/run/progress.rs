//! Progress of long work, and its cancellation.

use std::cell::Cell;
use std::fmt::{self, Debug, Formatter};
use std::ops::ControlFlow;

use crate::Error;

/// Progress of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskProgress<'a> {
    /// The current task, such as `extracting terms`.
    pub task: &'a str,
    /// Finished units of work.
    pub done: usize,
    /// All units of work.
    pub total: usize,
}

/// Is called with the progress of long work. `Break` cancels the work, which then ends with
/// [`Error::Cancelled`].
pub type ProgressFn<'a> = &'a dyn Fn(TaskProgress<'_>) -> ControlFlow<()>;

impl<'a> TaskProgress<'a> {
    /// The progress of a task.
    pub fn new(task: &'a str, done: usize, total: usize) -> Self {
        Self { task, done, total }
    }

    /// Share of the task that is done, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.done as f64 / self.total.max(1) as f64
    }
}

/// Calls a [`ProgressFn`] and remembers whether it cancelled the work: callbacks of the crates
/// below cannot end the work that calls them.
pub(crate) struct ProgressReporter<'a> {
    callback: ProgressFn<'a>,
    is_cancelled: Cell<bool>,
}

impl<'a> ProgressReporter<'a> {
    pub(crate) fn new(callback: ProgressFn<'a>) -> Self {
        Self { callback, is_cancelled: Cell::new(false) }
    }

    /// Reports progress.
    pub(crate) fn report(&self, task: &str, done: usize, total: usize) {
        if (self.callback)(TaskProgress { task, done, total }).is_break() {
            self.is_cancelled.set(true);
        }
    }

    /// Ends the work if it was cancelled.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_cancelled.get() { Err(Error::Cancelled) } else { Ok(()) }
    }

    /// Reports progress, and ends the work if it was cancelled.
    ///
    /// # Errors
    /// [`Error::Cancelled`].
    pub(crate) fn step(&self, task: &str, done: usize, total: usize) -> Result<(), Error> {
        self.report(task, done, total);
        self.check()
    }
}

impl Debug for ProgressReporter<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProgressReporter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_after_it_was_cancelled() {
        let callback = |progress: TaskProgress<'_>| match progress.done < 2 {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        };
        let reporter = ProgressReporter::new(&callback);
        assert!(reporter.step("counting", 1, 3).is_ok());
        reporter.report("counting", 2, 3);
        assert!(matches!(reporter.check(), Err(Error::Cancelled)));
        assert_eq!(TaskProgress::new("counting", 1, 4).share(), 0.25);
    }
}
