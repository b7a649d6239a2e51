//! The gauge: which affine functions are added to numerator and denominator alike, so that every
//! row stays non-negative where it enters a maximum (MATH 2).

use burn::tensor::{FloatDType, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::interval::Interval;
use crate::network::ValueId;
use crate::ops::{Op, Piece};
use crate::rows::Rows;
use crate::{Error, Network, Placement, Precision};

/// The rule that chooses the shifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gauge {
    /// As published: shifts that suffice whatever the data, from bounds on all rows.
    WorstCase,
}

impl Gauge {
    /// Name on the command line and in folders.
    pub fn name(self) -> &'static str {
        match self {
            Self::WorstCase => "worst-case",
        }
    }
}

/// The shifts of one network under a gauge.
#[derive(Clone, Debug)]
pub(crate) struct Shifts {
    /// For every node that is a maximum, the shift `[1, features]` of rows at its output.
    at_nodes: Vec<Option<Tensor<2>>>,
    at_input: Option<Tensor<2>>,
    /// What is added to every bias at the start.
    at_start: f64,
}

impl Shifts {
    pub(crate) fn new(gauge: Gauge, network: &Network) -> Result<Self, Error> {
        match gauge {
            Gauge::WorstCase => Self::worst_case(network),
        }
    }

    pub(crate) fn at_node(&self, node: usize) -> Option<&Tensor<2>> {
        self.at_nodes[node].as_ref()
    }

    pub(crate) fn at_input(&self) -> Option<&Tensor<2>> {
        self.at_input.as_ref()
    }

    pub(crate) fn at_start(&self) -> f64 {
        self.at_start
    }

    /// Bounds on all rows that can occur, walked from the logits to the input once per network, in
    /// f64 where the device has it.
    fn worst_case(network: &Network) -> Result<Self, Error> {
        let target = network.placement();
        let network = network.place(&widest(target)?);
        let mut states = vec![State::default(); network.nodes.len() + 1];
        states[network.output.index()] = State::start(&network);
        let mut at_nodes = vec![None; network.nodes.len()];
        let mut constants = Tensor::zeros([network.classes(), 1], network.placement().options());
        for (index, node) in network.nodes.iter().enumerate().rev() {
            let state = std::mem::take(&mut states[ValueId::of_node(index).index()]);
            let below = if node.op.is_maximum() {
                // No state: nothing that reaches the logits reads the node.
                let Some((shift, interval)) = state.shifted() else { continue };
                at_nodes[index] = shift;
                node.op.bound(interval).into_iter().map(State::bounded).collect()
            } else {
                let (below, offset) = state.through(&node.op);
                constants = offset.map_or(constants.clone(), |offset| constants + offset);
                below
            };
            for (value, state) in node.inputs.iter().zip(below) {
                let other = std::mem::take(&mut states[value.index()]);
                states[value.index()] = other.add(state);
            }
        }
        let at_input = states.swap_remove(ValueId::INPUT.index()).shifted();
        let at_input = at_input.and_then(|(shift, _)| shift);
        let start: Vec<f64> = constants.neg().clamp_min(0).into_data().iter().collect();
        Self { at_nodes, at_input, at_start: start.iter().sum() }.placed(target)
    }

    fn placed(self, placement: &Placement) -> Result<Self, Error> {
        let place = |shift: Option<Tensor<2>>| {
            let Some(shift) = shift else { return Ok(None) };
            let data = shift.into_data().convert_dtype(placement.precision().dtype());
            if data.iter::<f64>().any(|value| !value.is_finite()) {
                let what = "a worst-case shift".into();
                return Err(Error::Overflow { what, precision: placement.precision() });
            }
            Ok(Some(Tensor::from_data(data, placement.options())))
        };
        Ok(Self {
            at_nodes: self.at_nodes.into_iter().map(place).collect::<Result<_, _>>()?,
            at_input: place(self.at_input)?,
            at_start: self.at_start,
        })
    }
}

fn widest(placement: &Placement) -> Result<Placement, Error> {
    let device = placement.device();
    let f64s = device.supports_dtype(FloatDType::F64);
    Placement::new(device, if f64s { Precision::F64 } else { Precision::F32 })
}

/// What is known of the rows at a value: each is the sum of an exact one and a bounded one, from
/// readers of the value without and with a maximum above them.
#[derive(Clone, Debug, Default)]
struct State {
    /// The rows of all classes themselves, `[classes, features]`: as long as no maximum was met,
    /// they are the same at every point. The negative row is zero.
    exact: Option<Tensor<2>>,
    bounded: Option<Interval>,
}

impl State {
    fn start(network: &Network) -> Self {
        let classes = network.classes();
        let mut seeds = vec![0.0_f64; classes * classes];
        seeds.iter_mut().step_by(classes + 1).for_each(|seed| *seed = 1.0);
        let (device, dtype) = network.placement().options();
        let data = TensorData::new(seeds, [classes, classes]).convert_dtype(dtype);
        Self::exact(Tensor::from_data(data, (device, dtype)))
    }

    fn exact(rows: Tensor<2>) -> Self {
        Self { exact: Some(rows), bounded: None }
    }

    fn bounded(interval: Interval) -> Self {
        Self { exact: None, bounded: Some(interval) }
    }

    /// The states at the inputs of an affine operation, and the constants that its offset leaves
    /// in exact rows.
    fn through(self, op: &Op) -> (Vec<Self>, Option<Tensor<2>>) {
        let inputs = self.bounded.map(|interval| op.bound(interval));
        let Some(rows) = self.exact else {
            return (inputs.into_iter().flatten().map(Self::bounded).collect(), None);
        };
        let pulled = op.pullback(Rows::new(rows, 1), &Piece::Affine);
        let mut states: Vec<_> =
            pulled.rows.into_iter().map(|rows| Self::exact(rows.into_tensor())).collect();
        for (state, interval) in states.iter_mut().zip(inputs.into_iter().flatten()) {
            state.bounded = Some(interval);
        }
        (states, pulled.offset)
    }

    /// The shift that makes the rows non-negative, and bounds on the shifted rows.
    fn shifted(self) -> Option<(Option<Tensor<2>>, Interval)> {
        match (self.exact, self.bounded) {
            // The published start: the sum of the negative parts over the classes.
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

/// The sum of two, or the one that there is.
fn either<T>(a: Option<T>, b: Option<T>, add: impl Fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(add(a, b)),
        (a, b) => a.or(b),
    }
}

/// Bounds on the rows of all classes and on zero.
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
