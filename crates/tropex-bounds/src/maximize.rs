//! The maximum of a formula over the number of inputs that it uses.

use num_bigint::BigUint;
use rayon::prelude::*;

use crate::deadline::Deadline;
use crate::{BoundError, BoundValue};

/// Number of candidates that are computed in parallel.
const BATCH: usize = 64;

/// The maximum of `regions(inputs, argument)` over all candidates, and the number of inputs of the
/// first maximum.
pub(super) fn maximize_over_inputs<T: Send + Sync>(
    candidates: impl Iterator<Item = (usize, T)>,
    deadline: &Deadline,
    regions: impl Fn(usize, &T) -> Result<BigUint, BoundError> + Sync,
) -> Result<BoundValue, BoundError> {
    let mut candidates = candidates.peekable();
    let (mut most, mut best) = (BigUint::ZERO, 0);
    while candidates.peek().is_some() {
        let batch: Vec<_> = candidates.by_ref().take(BATCH).collect();
        let numbers = batch.par_iter().map(|(inputs, argument)| {
            deadline.step()?;
            Ok((regions(*inputs, argument)?, *inputs))
        });
        for (number, inputs) in numbers.collect::<Result<Vec<_>, _>>()? {
            if number > most {
                (most, best) = (number, inputs);
            }
        }
    }
    Ok(BoundValue { inputs: Some(best), ..most.into() })
}
