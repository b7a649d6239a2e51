//! Orders of growth with unknown constant factors.

use num_bigint::BigUint;

use crate::deadline::Deadline;
use crate::{Bound, BoundError, BoundKind, BoundValue, Structure};

/// Largest exponent. A larger power has more digits than any bound of the widest network allowed.
const MAX_EXPONENT: u32 = 2_000_000;

pub(crate) const RAGHU_2017: Bound = Bound {
    name: "Raghu 2017, Thm 1",
    kind: BoundKind::Order,
    formula: "k^(n_0 L)",
    condition: "dense, equal widths k",
    source: "Raghu, Poole, Kleinberg, Ganguli, Sohl-Dickstein, On the Expressive Power of Deep \
             Neural Networks, ICML 2017, Theorem 1",
    evaluate: raghu,
};

fn raghu(structure: &Structure, _: &Deadline) -> Result<BoundValue, BoundError> {
    let widths = structure.dense_widths()?;
    let width = widths[0];
    if widths.iter().any(|&other| other != width) {
        return Err(BoundError::not_applicable("widths differ"));
    }
    let exponent = structure.inputs().checked_mul(widths.len());
    match exponent.and_then(|exponent| u32::try_from(exponent).ok()) {
        Some(exponent) if exponent <= MAX_EXPONENT => Ok(BigUint::from(width).pow(exponent).into()),
        _ => Err(BoundError::TooLarge),
    }
}
