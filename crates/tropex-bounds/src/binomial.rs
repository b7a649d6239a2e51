//! Binomial coefficients and their sums.

use num_bigint::BigUint;

use crate::BoundError;
use crate::deadline::Deadline;

/// The binomial coefficients `C(n, 0)`, `C(n, 1)`, ... without end. After `C(n, n)` all are zero.
#[derive(Debug)]
pub(super) struct Binomials {
    n: usize,
    k: usize,
    current: BigUint,
}

impl Binomials {
    pub(super) fn new(n: usize) -> Self {
        Self { n, k: 0, current: BigUint::from(1_u32) }
    }
}

impl Iterator for Binomials {
    type Item = BigUint;

    fn next(&mut self) -> Option<BigUint> {
        let next = &self.current * self.n.saturating_sub(self.k) / (self.k + 1);
        self.k += 1;
        Some(std::mem::replace(&mut self.current, next))
    }
}

/// The numbers `Z(n, 0)`, `Z(n, 1)`, ... with `Z(n, d) = C(n, 0) + ... + C(n, d)`: the largest
/// number of regions of `n` hyperplanes in `d` dimensions (Zaslavsky 1975).
pub(super) fn zaslavsky_numbers(n: usize) -> impl Iterator<Item = BigUint> {
    Binomials::new(n).scan(BigUint::ZERO, |sum, binomial| {
        *sum += binomial;
        Some(sum.clone())
    })
}

/// `Z(n, d)`.
pub(super) fn zaslavsky(n: usize, d: usize, deadline: &Deadline) -> Result<BigUint, BoundError> {
    // Computed only where needed, because `n` may be much larger than `d`.
    let all = || BigUint::from(1_u32) << n;
    if d >= n {
        return Ok(all());
    }
    // The sum of the other binomials may be the shorter one.
    let rest = n - d - 1;
    let terms = d.min(rest) + 1;
    deadline.expect(terms);
    let mut sum = BigUint::ZERO;
    for binomial in Binomials::new(n).take(terms) {
        deadline.step()?;
        sum += binomial;
    }
    Ok(if rest < d { all() - sum } else { sum })
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use super::*;

    /// Pascal's triangle.
    fn pascal(n: usize) -> Vec<u64> {
        (0..n).fold(vec![1], |row, _| {
            let inner = row.windows(2).map(|pair| pair[0] + pair[1]);
            [1].into_iter().chain(inner).chain([1]).collect()
        })
    }

    #[test]
    fn binomials_and_sums_are_those_of_pascals_triangle() {
        let deadline = Deadline::new(None, &|_, _| ControlFlow::Continue(()));
        for n in 0..40 {
            let mut row = pascal(n);
            row.resize(n + 4, 0);
            let found: Vec<_> = Binomials::new(n).take(row.len()).collect();
            assert_eq!(found, row.iter().map(|&c| BigUint::from(c)).collect::<Vec<_>>());
            for (d, number) in zaslavsky_numbers(n).take(row.len()).enumerate() {
                let sum: u64 = row[..=d].iter().sum();
                assert_eq!(number, BigUint::from(sum), "Z({n}, {d})");
                assert_eq!(zaslavsky(n, d, &deadline).unwrap(), number, "Z({n}, {d})");
            }
        }
    }
}
