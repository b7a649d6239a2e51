//! What comes of a body that cannot do every work.

/// The result of a body, or its input, unchanged, for another body.
#[derive(Debug)]
pub(crate) enum Attempt<T> {
    Done(T),
    Declined(T),
}

impl<T> Attempt<T> {
    /// The result, by another body if this one declined.
    pub(crate) fn or_else(self, other: impl FnOnce(T) -> T) -> T {
        match self {
            Self::Done(result) => result,
            Self::Declined(input) => other(input),
        }
    }
}
