//! Progress callbacks that cancel work.

use std::cell::Cell;
use std::ops::ControlFlow;

/// A callback that cancels the work at its report number `stop`, counted from 0, and fails if it is
/// called after that.
pub(crate) fn cancel_at<T>(stop: usize) -> impl Fn(T) -> ControlFlow<()> {
    let step = Cell::new(0);
    move |_| {
        let step = step.replace(step.get() + 1);
        assert!(step <= stop, "the work goes on after it was cancelled");
        if step < stop { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

/// Cancels work at every report, one after the other, until it ends. `run` receives the callback and
/// returns whether the work was cancelled. Returns the number of reports.
pub(crate) fn cancel_everywhere<T>(run: impl Fn(&dyn Fn(T) -> ControlFlow<()>) -> bool) -> usize {
    (0..).find(|&stop| !run(&cancel_at(stop))).expect("the work ends")
}
