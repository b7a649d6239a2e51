//! Shares of counts.

/// `count / all`; NaN if `all` is 0.
pub fn share(count: usize, all: usize) -> f64 {
    count as f64 / all as f64
}

/// Share of the pairs that are equal.
pub fn agreement(first: &[usize], second: &[usize]) -> f64 {
    share(first.iter().zip(second).filter(|(a, b)| a == b).count(), first.len())
}
