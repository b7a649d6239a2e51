//! The published gauge: shifts that suffice for every point.

use burn::tensor::Tensor;
use tropex_kernels::AffineRows;

use super::Gauge;
use super::shifts::{Shifts, constants, seeds};
use crate::network::ValueId;
use crate::ops::Interval;
use crate::ops::{Op, Piece};
use crate::{Error, Network};

/// The worst-case shifts of a network, from bounds on all rows that can occur. The bounds are
/// computed by one walk from the logits to the input, in `f64` if the device supports it.
///
/// # Errors
/// A shift outside the range of the network's precision.
pub(crate) fn worst_case(network: &Network) -> Result<Shifts, Error> {
    let target = network;
    let network = &network.to_target(&network.target().widest());
    let start = constants(network).into_iter().map(|constant| (-constant).max(0.0)).sum();
    let mut shifts = Shifts::with_constant(Gauge::WorstCase, target, start);
    let mut bounds = vec![RowBounds::default(); network.nodes.len() + 1];
    bounds[network.output.index()] = RowBounds::exact(seeds(network));
    for (index, node) in network.nodes.iter().enumerate().rev() {
        let value = ValueId::of_node(index);
        let bound = std::mem::take(&mut bounds[value.index()]);
        let below = if node.op.is_maximum() {
            // A node without bounds does not reach the logits.
            let Some((shift, interval)) = bound.shifted() else { continue };
            set(&mut shifts, value, shift, target)?;
            node.op.bound(interval).into_iter().map(RowBounds::bounded).collect()
        } else {
            bound.pull_back(&node.op)
        };
        for (value, bound) in node.inputs.iter().zip(below) {
            let other = std::mem::take(&mut bounds[value.index()]);
            bounds[value.index()] = other.add(bound);
        }
    }
    if let Some((shift, _)) = bounds.swap_remove(ValueId::INPUT.index()).shifted() {
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
struct RowBounds {
    /// The rows of all classes, `[classes, features]`. They do not depend on the point before the
    /// first maximum. The negative row is zero.
    exact: Option<Tensor<2>>,
    bounded: Option<Interval>,
}

impl RowBounds {
    fn exact(rows: Tensor<2>) -> Self {
        Self { exact: Some(rows), bounded: None }
    }

    fn bounded(interval: Interval) -> Self {
        Self { exact: None, bounded: Some(interval) }
    }

    /// The bounds at the inputs of an affine operation.
    fn pull_back(self, op: &Op) -> Vec<Self> {
        let inputs = self.bounded.map(|interval| op.bound(interval)).into_iter().flatten();
        let Some(rows) = self.exact else { return inputs.map(Self::bounded).collect() };
        let pulled = op.pullback(AffineRows::new(rows, 1), &Piece::Affine);
        let mut bounds: Vec<_> =
            pulled.rows.into_iter().map(|rows| Self::exact(rows.into_tensor())).collect();
        for (bound, interval) in bounds.iter_mut().zip(inputs) {
            bound.bounded = Some(interval);
        }
        bounds
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
            exact: sum_of_options(self.exact, other.exact, |a, b| a + b),
            bounded: sum_of_options(self.bounded, other.bounded, Interval::add),
        }
    }
}

/// The sum of two values; a missing value counts as zero.
fn sum_of_options<T>(a: Option<T>, b: Option<T>, add: impl Fn(T, T) -> T) -> Option<T> {
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
