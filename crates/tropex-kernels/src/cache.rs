//! Values that are computed once.

use std::sync::OnceLock;

/// The value of a cell; computes it first if the cell is empty.
///
/// Unlike [`OnceLock::get_or_init`], it does not lock the cell while it computes. A thread of the
/// pool that waits for parts of the computation may take up another task that asks for this value.
/// With a locked cell the thread would wait for itself.
pub fn get_or_init<T>(cell: &OnceLock<T>, compute: impl FnOnce() -> T) -> &T {
    if let Some(value) = cell.get() {
        return value;
    }
    let value = compute();
    cell.get_or_init(|| value)
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn a_parallel_computation_may_ask_for_its_own_cell() {
        for _ in 0..200 {
            let cell = OnceLock::new();
            let sum = || (0..1000_u32).into_par_iter().with_max_len(1).sum::<u32>();
            let values = (0..64).into_par_iter().with_max_len(1).map(|_| *get_or_init(&cell, sum));
            assert!(values.collect::<Vec<_>>().iter().all(|&sum| sum == 499_500));
        }
    }
}
