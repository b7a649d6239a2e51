//! Bounds on the distances of a point to all sides of its region, and the sides that these bounds
//! do not rule out.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use burn::tensor::{Tensor, TensorData};

use super::column_norms::{ColumnNorms, RowNorms};
use crate::tensor::to_host;
use crate::{Error, Facet, Regions};
use tropex_extract::Network;
use tropex_extract::network::Trace;
use tropex_extract::ops::Gap;
use tropex_kernels::{ComputeTarget, Precision};

/// Upper bound of a rounding error in estimated standard deviations. The estimate takes rounding
/// errors for independent. The factor leaves room for dependent errors: in a sum of a few thousand
/// numbers of one sign, one reached 55 deviations. Errors of one sign in 10^8 operations make this
/// many deviations.
const DEVIATIONS: f64 = 1e4;

/// Precision of the columns.
const COLUMNS: Precision = Precision::F32;

/// Number of norms.
const NORMS: usize = 3;

/// What is known about a side before its row is computed.
struct Side {
    facet: Facet,
    /// The position among the gaps of its node.
    position: usize,
    gap: f64,
    /// Bounds of the dual norms of its row, for the distances by l1, l2 and linf.
    lower: [f64; NORMS],
    upper: [f64; NORMS],
}

/// Bounds for all sides whose row may have coefficients that are not zero.
pub(super) struct SideBounds {
    sides: Vec<Side>,
}

/// The norms of the rows of a value, and their rounding errors.
#[derive(Clone)]
struct ValueNorms {
    /// Sums of absolute values, Euclidean norms and largest absolute values, `[3, features]`.
    norms: Tensor<2>,
    /// Variances of the rounding errors, summed over each row, `[1, features]`.
    variances: Tensor<2>,
}

impl SideBounds {
    /// Bounds for the region of a point. `progress` receives how many of the rows of the point are
    /// done. `None` if a norm is beyond the range of numbers.
    pub(super) fn new(
        regions: &Regions,
        point: &[f64],
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<Option<Self>, Error> {
        let network = regions.network();
        let (trace, gaps) = regions.gaps_of(point)?;
        let lists: Vec<Vec<Gap>> =
            gaps.iter().map(|gaps| gaps.iter().map(|(gap, _)| *gap).collect()).collect();
        let (rows, features) = (regions.rows_per_point(), network.features());
        let report = |inputs: usize| progress(rows * inputs / features);
        let narrow = network.to_target(&ComputeTarget::new(network.target().device(), COLUMNS)?);
        let narrow_trace = trace.to_target(narrow.target());
        let columns = ColumnNorms::new(&narrow, regions.layout(), &narrow_trace, &lists, &report)?;
        let sides = bound(network, &trace, &gaps, &columns);
        let is_finite = sides.iter().all(|side| side.upper.iter().all(|norm| norm.is_finite()));
        Ok(is_finite.then_some(Self { sides }))
    }

    /// The facets that the point certainly lies on.
    pub(super) fn touching(&self) -> impl Iterator<Item = Facet> {
        let touching = self.sides.iter().filter(|side| side.is_touching());
        touching.map(|side| side.facet)
    }

    /// The sides that may be the nearest by some norm, or that the point may lie on: their
    /// positions among the gaps of each node.
    pub(super) fn undecided(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut limits = [f64::INFINITY; NORMS];
        for side in self.sides.iter().filter(|side| side.gap > 0.0) {
            for (limit, lower) in limits.iter_mut().zip(side.lower) {
                *limit = limit.min(side.gap / lower);
            }
        }
        let may_be_nearest = |side: &Side| {
            let mut distances = side.upper.iter().zip(limits);
            distances.any(|(upper, limit)| side.gap / upper <= limit)
        };
        let mut undecided = BTreeMap::<usize, Vec<usize>>::new();
        let sides = self.sides.iter();
        for side in sides.filter(|side| !side.is_touching() && may_be_nearest(side)) {
            undecided.entry(side.facet.node).or_default().push(side.position);
        }
        undecided
    }
}

impl Side {
    /// Whether the point certainly lies on this side.
    fn is_touching(&self) -> bool {
        self.gap == 0.0 && self.lower.iter().any(|norm| *norm > 0.0)
    }
}

/// The bounds of all sides, by a forward pass of norms and rounding errors.
fn bound(
    network: &Network,
    trace: &Trace,
    gaps: &[Vec<(Gap, f64)>],
    columns: &ColumnNorms,
) -> Vec<Side> {
    let target = network.target();
    let squares = network.map_constants(&|number| number * number, target);
    let unit = COLUMNS.epsilon().powi(2);
    let mut sides = Vec::new();
    let ones = |rows: usize| Tensor::ones([rows, network.features()], target.options());
    let start = ValueNorms { norms: ones(NORMS), variances: ones(1).mul_scalar(0.0) };
    let rounding = |norms: &Tensor<2>| norms.clone().narrow(0, 1, 1).square().mul_scalar(unit);
    network.forward(start, |index, node, inputs| {
        if !gaps[index].is_empty() {
            let input = HostNorms::new(&inputs[0], network.features());
            let differences = columns.differences[index].as_ref();
            sides.extend(input.sides(index, &gaps[index], differences));
        }
        let errors = inputs.iter().map(|value| value.variances.clone() + rounding(&value.norms));
        let errors = squares.nodes()[index].op().pushforward(errors.collect(), trace.piece(index));
        let norms = match &columns.outputs[index] {
            Some(norms) => norms.tensor(network),
            // Every feature is a multiple of one feature of the input.
            None => {
                let norms = inputs.into_iter().map(|value| value.norms).collect();
                node.op().pushforward(norms, trace.piece(index)).abs()
            }
        };
        ValueNorms { variances: errors + rounding(&norms), norms }
    });
    sides
}

impl RowNorms {
    fn tensor(&self, network: &Network) -> Tensor<2> {
        let all = [self.sum.as_slice(), &self.length, &self.largest].concat();
        let shape = [NORMS, self.sum.len()];
        network.target().tensor(TensorData::new(all, shape))
    }

    /// The norms of a row that are dual to l1, l2 and linf.
    fn dual(&self, row: usize) -> [f64; NORMS] {
        [self.largest[row], self.length[row], self.sum[row]]
    }
}

/// Norms of the rows of a value on the host.
struct HostNorms {
    norms: RowNorms,
    /// Bounds of the Euclidean norms of the rounding errors.
    errors: Vec<f64>,
    /// The sum of absolute values of an error is at most this multiple of its Euclidean norm.
    spread: f64,
}

impl HostNorms {
    /// `inputs` is the number of coefficients of a row.
    fn new(value: &ValueNorms, inputs: usize) -> Self {
        let numbers = to_host(value.norms.clone());
        let features = numbers.len() / NORMS;
        let part = |index: usize| numbers[index * features..][..features].to_vec();
        let norms = RowNorms { sum: part(0), length: part(1), largest: part(2) };
        let deviations = to_host(value.variances.clone()).into_iter().map(f64::sqrt);
        let errors = deviations.map(|deviation| DEVIATIONS * deviation).collect();
        Self { norms, errors, spread: (inputs as f64).sqrt() }
    }

    /// The sides of the gaps of a node that reads this value.
    fn sides(&self, node: usize, gaps: &[(Gap, f64)], differences: Option<&RowNorms>) -> Vec<Side> {
        let mut sides = Vec::with_capacity(gaps.len());
        let mut pairs = 0;
        for (position, &(gap, size)) in gaps.iter().enumerate() {
            let (norms, error) = match (gap.above, gap.below, differences) {
                (Some(above), Some(below), Some(differences)) => {
                    pairs += 1;
                    (differences.dual(pairs - 1), self.errors[above] + self.errors[below])
                }
                (Some(only), None, _) | (None, Some(only), _) => {
                    (self.norms.dual(only), self.errors[only])
                }
                _ => continue,
            };
            let errors = [error, error, self.spread * error];
            let upper = [0, 1, 2].map(|norm| norms[norm] + errors[norm]);
            let lower = [0, 1, 2].map(|norm| (norms[norm] - errors[norm]).max(0.0));
            // A row without coefficients has no hyperplane.
            if upper != [0.0; NORMS] {
                let facet = Facet::new(node, gap);
                sides.push(Side { facet, position, gap: size, lower, upper });
            }
        }
        sides
    }
}
