//! The outcome of an implementation that may decline its work.

use std::ops::ControlFlow;

/// `Break` with the result, or `Continue` with the unchanged input for the next implementation.
pub(crate) type Attempt<T> = ControlFlow<T, T>;

/// The result of an attempt, or of the next implementation if the first one declined.
pub(crate) fn or_else<T>(attempt: Attempt<T>, next: impl FnOnce(T) -> T) -> T {
    match attempt {
        ControlFlow::Break(result) => result,
        ControlFlow::Continue(input) => next(input),
    }
}
