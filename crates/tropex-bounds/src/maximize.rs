//! The best number of inputs to use.

use num_bigint::BigUint;
use rayon::prelude::*;

use super::{Absent, Value, Watch};

/// Numbers of inputs that are tried at a time.
const BATCH: usize = 64;

/// The largest number that `regions` gives for some `(inputs, argument)`, and the fewest inputs
/// that give it.
pub(super) fn most_over_inputs<T: Send + Sync>(
    candidates: impl Iterator<Item = (usize, T)>,
    watch: &Watch,
    regions: impl Fn(usize, &T) -> Result<BigUint, Absent> + Sync,
) -> Result<Value, Absent> {
    let mut candidates = candidates.peekable();
    let (mut most, mut best) = (BigUint::ZERO, 0);
    while candidates.peek().is_some() {
        let batch: Vec<_> = candidates.by_ref().take(BATCH).collect();
        let numbers = batch.par_iter().map(|(inputs, argument)| {
            watch.step()?;
            Ok((regions(*inputs, argument)?, *inputs))
        });
        for (number, inputs) in numbers.collect::<Result<Vec<_>, _>>()? {
            if number > most {
                (most, best) = (number, inputs);
            }
        }
    }
    Ok(Value { inputs: Some(best), ..most.into() })
}
