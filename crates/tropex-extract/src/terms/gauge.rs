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
        let mut states: Vec<Option<State>> = vec![None; network.nodes.len() + 1];
        states[network.output.index()] = Some(State::start(&network));
        let mut at_nodes = vec![None; network.nodes.len()];
        let mut constants = Tensor::zeros([network.classes(), 1], network.placement().options());
        for (index, node) in network.nodes.iter().enumerate().rev() {
            let Some(state) = states[ValueId::of_node(index).index()].take() else { continue };
            let below = if node.op.is_maximum() {
                let (shift, interval) = state.shifted();
                at_nodes[index] = shift;
                node.op.bound(interval).into_iter().map(State::Bounded).collect()
            } else {
                let (below, offset) = state.through(&node.op);
                constants = offset.map_or(constants.clone(), |offset| constants + offset);
                below
            };
            for (value, state) in node.inputs.iter().zip(below) {
                let slot = &mut states[value.index()];
                *slot = Some(match slot.take() {
                    None => state,
                    Some(other) => other.add(state),
                });
            }
        }
        let at_input = states[0].take().and_then(|state| state.shifted().0);
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

/// What is known of the rows at a value.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // one per value of a network at most
enum State {
    /// The rows of all classes themselves, `[classes, features]`: no maximum was met yet, so they
    /// are the same at every point. The negative row is zero.
    Exact(Tensor<2>),
    Bounded(Interval),
    /// Each row is the sum of an exact one and a bounded one, from readers of the value with and
    /// without a maximum above. Kept apart, so that the order of the readers does not matter.
    Both(Tensor<2>, Interval),
}

impl State {
    fn start(network: &Network) -> Self {
        let classes = network.classes();
        let mut seeds = vec![0.0_f64; classes * classes];
        seeds.iter_mut().step_by(classes + 1).for_each(|seed| *seed = 1.0);
        let (device, dtype) = network.placement().options();
        let data = TensorData::new(seeds, [classes, classes]).convert_dtype(dtype);
        Self::Exact(Tensor::from_data(data, (device, dtype)))
    }

    /// Pulled through an affine operation; with exact rows, also the constants it leaves.
    fn through(self, op: &Op) -> (Vec<Self>, Option<Tensor<2>>) {
        match self {
            Self::Bounded(interval) => {
                (op.bound(interval).into_iter().map(Self::Bounded).collect(), None)
            }
            Self::Exact(rows) => {
                let (rows, offset) = exactly(rows, op);
                (rows.into_iter().map(Self::Exact).collect(), offset)
            }
            Self::Both(rows, interval) => {
                let (rows, offset) = exactly(rows, op);
                let both = rows.into_iter().zip(op.bound(interval));
                (both.map(|(rows, interval)| Self::Both(rows, interval)).collect(), offset)
            }
        }
    }

    /// The shift that makes the rows non-negative, and bounds on the shifted rows.
    fn shifted(self) -> (Option<Tensor<2>>, Interval) {
        match self {
            // The published start: the sum of the negative parts over the classes.
            Self::Exact(rows) => {
                let shift = rows.clone().neg().clamp_min(0).sum_dim(0);
                let largest = rows.max_dim(0).clamp_min(0);
                let upper = largest + shift.clone();
                (Some(shift), Interval { upper, lower: None })
            }
            Self::Bounded(interval) => shifted(interval),
            Self::Both(rows, interval) => shifted(hull(rows).add(interval)),
        }
    }

    fn add(self, other: Self) -> Self {
        match (self, other) {
            (Self::Exact(a), Self::Exact(b)) => Self::Exact(a + b),
            (Self::Bounded(a), Self::Bounded(b)) => Self::Bounded(a.add(b)),
            (Self::Both(a, c), Self::Both(b, d)) => Self::Both(a + b, c.add(d)),
            (Self::Exact(a), Self::Bounded(c)) | (Self::Bounded(c), Self::Exact(a)) => {
                Self::Both(a, c)
            }
            (Self::Both(a, c), Self::Exact(b)) | (Self::Exact(b), Self::Both(a, c)) => {
                Self::Both(a + b, c)
            }
            (Self::Both(a, c), Self::Bounded(d)) | (Self::Bounded(d), Self::Both(a, c)) => {
                Self::Both(a, c.add(d))
            }
        }
    }
}

fn exactly(rows: Tensor<2>, op: &Op) -> (Vec<Tensor<2>>, Option<Tensor<2>>) {
    let pulled = op.pullback(Rows::new(rows, 1), &Piece::Affine);
    (pulled.rows.into_iter().map(Rows::into_tensor).collect(), pulled.offset)
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
