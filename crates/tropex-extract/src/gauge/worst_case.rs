//! The published gauge: shifts that suffice for every point.

use burn::tensor::Tensor;

use super::Gauge;
use super::shifts::{Shifts, constants, seeds};
use crate::network::ValueId;
use crate::ops::Interval;
use crate::ops::{Op, Piece};
use crate::{Error, Network};
use tropex_kernels::AffineRows;

/// The worst-case shifts of a network, from bounds on all rows that can occur. The bounds are
/// computed by one walk from the logits to the input, in `f64` if the device supports it.
///
/// # Errors
/// A shift outside the range of the network's precision.
pub(crate) fn worst_case(network: &Network) -> Result<Shifts, Error> {
    let target = network;
    let network = &network.to_target(&network.target().widest());
    let start = constants(network).into_iter().map(|constant| (-constant).max(0.0)).sum();
    let mut shifts = Shifts::starting_at(Gauge::WorstCase, target, start);
    let mut states = vec![State::default(); network.nodes.len() + 1];
    states[network.output.index()] = State::exact(seeds(network));
    for (index, node) in network.nodes.iter().enumerate().rev() {
        let value = ValueId::of_node(index);
        let state = std::mem::take(&mut states[value.index()]);
        let below = if node.op.is_maximum() {
            // A node without bounds does not reach the logits.
            let Some((shift, interval)) = state.shifted() else { continue };
            set(&mut shifts, value, shift, target)?;
            node.op.bound(interval).into_iter().map(State::bounded).collect()
        } else {
            state.through(&node.op)
        };
        for (value, state) in node.inputs.iter().zip(below) {
            let other = std::mem::take(&mut states[value.index()]);
            states[value.index()] = other.add(state);
        }
    }
    if let Some((shift, _)) = states.swap_remove(ValueId::INPUT.index()).shifted() {
        set(&mut shifts, ValueId::INPUT, shift, target)?;
    }
    Ok(shifts)
}

fn set(
    shifts: &mut Shifts,
    value: ValueId,
    shift: Option<Tensor<2>>,
    network: &Network,
) -> Result<(), Error> {
    let Some(shift) = shift else { return Ok(()) };
    shifts.set(value, shift.into_data().iter().collect(), network)
}

/// Bounds on the rows at a value. Every row is the sum of an exact row, from readers without a
/// maximum between them and the logits, and a bounded row, from the other readers.
#[derive(Clone, Debug, Default)]
struct State {
    /// The rows of all classes, `[classes, features]`. They do not depend on the point before the
    /// first maximum. The negative row is zero.
    exact: Option<Tensor<2>>,
    bounded: Option<Interval>,
}

impl State {
    fn exact(rows: Tensor<2>) -> Self {
        Self { exact: Some(rows), bounded: None }
    }

    fn bounded(interval: Interval) -> Self {
        Self { exact: None, bounded: Some(interval) }
    }

    /// The bounds at the inputs of an affine operation.
    fn through(self, op: &Op) -> Vec<Self> {
        let inputs = self.bounded.map(|interval| op.bound(interval)).into_iter().flatten();
        let Some(rows) = self.exact else { return inputs.map(Self::bounded).collect() };
        let pulled = op.pullback(AffineRows::new(rows, 1), &Piece::Affine);
        let mut states: Vec<_> =
            pulled.rows.into_iter().map(|rows| Self::exact(rows.into_tensor())).collect();
        for (state, interval) in states.iter_mut().zip(inputs) {
            state.bounded = Some(interval);
        }
        states
    }

    /// The shift that makes the rows non-negative, and bounds on the shifted rows.
    fn shifted(self) -> Option<(Option<Tensor<2>>, Interval)> {
        match (self.exact, self.bounded) {
            // The published shift at the logits: the sum of the negative parts of all classes.
            (Some(rows), None) => {
                let shift = rows.clone().neg().clamp_min(0).sum_dim(0);
                let upper = rows.max_dim(0).clamp_min(0) + shift.clone();
                Some((Some(shift), Interval { upper, lower: None }))
            }
            (Some(rows), Some(interval)) => Some(shifted(hull(rows).add(interval))),
            (None, interval) => interval.map(shifted),
        }
    }

    fn add(self, other: Self) -> Self {
        Self {
            exact: either(self.exact, other.exact, |a, b| a + b),
            bounded: either(self.bounded, other.bounded, Interval::add),
        }
    }
}

/// The sum of two values; a missing value counts as zero.
fn either<T>(a: Option<T>, b: Option<T>, add: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(add(a, b)),
        (a, b) => a.or(b),
    }
}

/// Bounds on the rows of all classes and on the zero row.
fn hull(rows: Tensor<2>) -> Interval {
    Interval {
        upper: rows.clone().max_dim(0).clamp_min(0),
        lower: Some(rows.neg().max_dim(0).clamp_min(0)),
    }
}

fn shifted(Interval { upper, lower }: Interval) -> (Option<Tensor<2>>, Interval) {
    let upper = lower.clone().map_or(upper.clone(), |lower| upper + lower);
    (lower, Interval { upper, lower: None })
}
