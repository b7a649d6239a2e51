//! Windows that overlap along both axes, position by position.

use std::collections::HashMap;

use num_bigint::BigUint;

use super::arrangement::Arrangement;
use crate::binomial::Binomials;
use crate::{Absent, Watch};

/// Positions that are enumerated at most: there are `2^positions` sets of them.
const MOST_POSITIONS: usize = 12;
/// Numbers that are kept at most, over all cases that differ.
const MOST_NUMBERS: usize = 1 << 24;

/// The published sum for an arrangement, going through the positions from the last to the first;
/// nothing if there are too many positions or cases.
///
/// After some positions have their `t`, all that matters for the others is how many hyperplanes
/// each set `Q` of them may still have, `room[Q]`: cases with equal room are one.
pub(super) fn enumerate(
    arrangement: &Arrangement,
    watch: &Watch,
) -> Result<Option<BigUint>, Absent> {
    let positions = arrangement.positions();
    if positions > MOST_POSITIONS {
        return Ok(None);
    }
    let filters = arrangement.filters;
    let mut cases = HashMap::from([(room(arrangement), BigUint::from(1_u32))]);
    for position in (0..positions).rev() {
        let sets = 1 << position;
        let mut after = HashMap::<Vec<usize>, BigUint>::new();
        for (room, count) in cases {
            watch.step()?;
            for (t, ways) in Binomials::new(filters).take(room[sets].min(filters) + 1).enumerate() {
                let left = (0..sets).map(|set| {
                    let most = set.count_ones() as usize * filters;
                    room[set].min(room[set | sets] - t).min(most)
                });
                *after.entry(left.collect()).or_default() += &count * ways;
            }
            if after.len() * sets > MOST_NUMBERS {
                return Ok(None);
            }
        }
        cases = after;
    }
    Ok(Some(cases.into_values().sum()))
}

/// For every set of positions, as bits of the index, the number of inputs that it sees.
fn room(arrangement: &Arrangement) -> Vec<usize> {
    let [down, across] = arrangement.axes;
    let positions = arrangement.positions();
    let sees = |position: usize, row: usize, column: usize| {
        let (i, j) = (position / across.positions, position % across.positions);
        (i * down.stride..i * down.stride + down.kernel).contains(&row)
            && (j * across.stride..j * across.stride + across.kernel).contains(&column)
    };
    let extent = |axis: super::arrangement::Axis| (axis.positions - 1) * axis.stride + axis.kernel;
    let mut seen = vec![0; 1 << positions];
    for row in 0..extent(down) {
        for column in 0..extent(across) {
            let by = (0..positions).filter(|&position| sees(position, row, column));
            let by: usize = by.map(|position| 1 << position).sum();
            for (set, seen) in seen.iter_mut().enumerate() {
                *seen += if set & by == 0 { 0 } else { arrangement.channels };
            }
        }
    }
    seen
}
