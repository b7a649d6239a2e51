//! What is made once and kept.

use std::sync::OnceLock;

/// What a cell holds, or else what is made for it. It is made outside of the cell: a thread of the pool
/// that waits for parts of it may take up other work, which asks for the same.
pub(crate) fn kept<T>(cell: &OnceLock<T>, make: impl FnOnce() -> T) -> &T {
    if let Some(kept) = cell.get() {
        return kept;
    }
    let made = make();
    cell.get_or_init(|| made)
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn what_is_made_in_parallel_may_be_asked_for_meanwhile() {
        for _ in 0..200 {
            let cell = OnceLock::new();
            let sum = || (0..1000_u32).into_par_iter().with_max_len(1).sum::<u32>();
            let asked = (0..64).into_par_iter().with_max_len(1).map(|_| *kept(&cell, sum));
            assert!(asked.collect::<Vec<_>>().iter().all(|&sum| sum == 499_500));
        }
    }
}
