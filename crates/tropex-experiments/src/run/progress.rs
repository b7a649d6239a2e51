//! Progress of long work, and its cancellation.

use std::ops::ControlFlow;

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
/// [`Error::Cancelled`](crate::Error::Cancelled).
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_a_task_is_between_zero_and_one() {
        assert_eq!(TaskProgress::new("counting", 1, 4).share(), 0.25);
        assert_eq!(TaskProgress::new("counting", 0, 0).share(), 0.0);
    }
}
