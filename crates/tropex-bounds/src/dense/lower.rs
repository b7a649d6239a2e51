//! Lower bounds from constructed weights: layers that fold the input space, and zonotopes.

use num_bigint::BigUint;

use crate::binomial::{zaslavsky, zaslavsky_numbers};
use crate::deadline::Deadline;
use crate::maximize::maximize_over_inputs;
use crate::{Bound, BoundError, BoundKind, BoundValue, Structure};

const SERRA: &str = "Serra, Tjandraatmadja, Ramalingam, Bounding and Counting Linear Regions of \
                     Deep Neural Networks, ICML 2018, Theorem 6";

pub(crate) const MONTUFAR_2014: Bound = Bound {
    name: "Montúfar 2014, Thm 4",
    kind: BoundKind::Lower,
    formula: "prod_(l<L) floor(n_l / p)^p Z(n_L, p)",
    condition: "dense, n_l >= p",
    source: "Montúfar, Pascanu, Cho, Bengio, On the Number of Linear Regions of Deep Neural \
             Networks, NIPS 2014, Theorem 4",
    evaluate: |structure, deadline| folds(structure, 1, 0, deadline),
};

pub(crate) const SERRA_2018: Bound = Bound {
    name: "Serra 2018, Thm 6",
    kind: BoundKind::Lower,
    formula: "prod_(l<L) (floor(n_l / p) + 1)^p Z(n_L, p)",
    condition: "dense, n_l >= 3p",
    source: SERRA,
    evaluate: |structure, deadline| folds(structure, 3, 1, deadline),
};

pub(crate) const ARORA_2016: Bound = Bound {
    name: "Arora 2016",
    kind: BoundKind::Lower,
    formula: "2 Z(m - 1, n_0 - 1) w^(L-1), m = floor(n_1 / 2), w = min(n_2 ... n_L)",
    condition: "dense, m >= 1, w >= 2",
    source: "Arora, Basu, Mianjy, Mukherjee, Understanding Deep Neural Networks with Rectified \
             Linear Units, 2016",
    evaluate: |structure, deadline| zonotope(structure, 0, deadline),
};

pub(crate) const SERRA_2018_ARORA: Bound = Bound {
    name: "Serra 2018, Thm 7",
    kind: BoundKind::Lower,
    formula: "2 Z(m - 1, n_0 - 1) (w + 1)^(L-1), m = floor(n_1 / 2), w = min(n_2 ... n_L)",
    condition: "dense, m >= 1, w >= 2",
    source: "Serra, Tjandraatmadja, Ramalingam, Bounding and Counting Linear Regions of Deep \
             Neural Networks, ICML 2018, Theorem 7",
    evaluate: |structure, deadline| zonotope(structure, 1, deadline),
};

/// The maximum of `prod_(l<L) (floor(n_l / p) + more)^p Z(n_L, p)` over all `p` with
/// `n_l >= units * p` for all layers.
fn folds(
    structure: &Structure,
    units: usize,
    more: usize,
    deadline: &Deadline,
) -> Result<BoundValue, BoundError> {
    let widths = structure.dense_widths()?;
    let narrowest = widths.iter().copied().min().unwrap_or(0);
    let most = structure.inputs().min(narrowest / units);
    if most == 0 {
        let reason = format!("a layer of {narrowest}, fewer than {units}");
        return Err(BoundError::not_applicable(reason));
    }
    let (last, folded) = widths.split_last().unwrap_or((&0, &[]));
    deadline.expect(most);
    let arrangements = zaslavsky_numbers(*last).enumerate().skip(1).take(most);
    maximize_over_inputs(arrangements, deadline, |p, arrangement| {
        let folds: BigUint = folded.iter().map(|width| BigUint::from(width / p + more)).product();
        // `Structure` limits the number of units to 32 bits.
        Ok(folds.pow(u32::try_from(p).unwrap_or(u32::MAX)) * arrangement)
    })
}

/// `2 Z(m - 1, n_0 - 1) (w + more)^(L-1)`. It grows with `n_0`, so that all inputs are used.
fn zonotope(
    structure: &Structure,
    more: usize,
    deadline: &Deadline,
) -> Result<BoundValue, BoundError> {
    let widths = structure.dense_widths()?;
    let half = widths[0] / 2;
    let Some(narrowest) = widths[1..].iter().copied().min() else {
        return Err(BoundError::not_applicable("one layer"));
    };
    if half == 0 || narrowest < 2 {
        return Err(BoundError::not_applicable("a layer of one unit"));
    }
    let vertices = zaslavsky(half - 1, structure.inputs() - 1, deadline)? * 2_u32;
    let depth = u32::try_from(widths.len() - 1).unwrap_or(u32::MAX);
    Ok((vertices * BigUint::from(narrowest + more).pow(depth)).into())
}
