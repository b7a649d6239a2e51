//! The published sum for windows that overlap along both axes, position by position.

use std::collections::HashMap;

use num_bigint::BigUint;

use super::window_arrangement::WindowArrangement;
use crate::BoundError;
use crate::binomial::Binomials;
use crate::deadline::Deadline;
use crate::structure::WindowAxis;

/// Largest number of positions. There are `2^positions` sets of positions.
const MAX_POSITIONS: usize = 12;

/// Largest number of numbers in memory, over all states.
const MAX_NUMBERS: usize = 1 << 24;

/// The published sum for an arrangement, by dynamic programming over the positions from the last to
/// the first. `None` if there are too many positions or states.
///
/// After some positions have their `t`, the state is `room[Q]`: the number of hyperplanes that each
/// set `Q` of the other positions may still have.
pub(super) fn enumerate(
    arrangement: &WindowArrangement,
    deadline: &Deadline<'_>,
) -> Result<Option<BigUint>, BoundError> {
    let positions = arrangement.positions();
    if positions > MAX_POSITIONS {
        return Ok(None);
    }
    let filters = arrangement.filters;
    let mut states = HashMap::from([(room(arrangement), BigUint::from(1_u32))]);
    for position in (0..positions).rev() {
        let sets = 1 << position;
        let mut after = HashMap::<Vec<usize>, BigUint>::new();
        for (room, count) in states {
            deadline.step()?;
            for (t, ways) in Binomials::new(filters).take(room[sets].min(filters) + 1).enumerate() {
                let left = (0..sets).map(|set| {
                    let most = set.count_ones() as usize * filters;
                    room[set].min(room[set | sets] - t).min(most)
                });
                *after.entry(left.collect()).or_default() += &count * ways;
            }
            if after.len() * sets > MAX_NUMBERS {
                return Ok(None);
            }
        }
        states = after;
    }
    Ok(Some(states.into_values().sum()))
}

/// The number of inputs that each set of positions covers. The bits of the index are the set.
fn room(arrangement: &WindowArrangement) -> Vec<usize> {
    let [down, across] = arrangement.axes;
    let positions = arrangement.positions();
    let covers = |position: usize, row: usize, column: usize| {
        let (i, j) = (position / across.positions, position % across.positions);
        (i * down.stride..i * down.stride + down.kernel).contains(&row)
            && (j * across.stride..j * across.stride + across.kernel).contains(&column)
    };
    let extent = |axis: WindowAxis| (axis.positions - 1) * axis.stride + axis.kernel;
    let mut covered = vec![0; 1 << positions];
    for row in 0..extent(down) {
        for column in 0..extent(across) {
            let by = (0..positions).filter(|&position| covers(position, row, column));
            let by: usize = by.map(|position| 1 << position).sum();
            for (set, covered) in covered.iter_mut().enumerate() {
                *covered += if set & by == 0 { 0 } else { arrangement.channels };
            }
        }
    }
    covered
}
