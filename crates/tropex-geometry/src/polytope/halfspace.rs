//! The halfspaces whose intersection is a region.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use burn::tensor::{Tensor, TensorData};

use super::node_gaps::NodeGaps;
use crate::pattern::layout::{NodeSpan, PatternLayout};
use crate::tensor::to_host;
use crate::{DistanceMethod, Error, Facet};
use tropex_extract::Network;
use tropex_extract::network::{Trace, ValueId};
use tropex_extract::terms::Pullback;
use tropex_kernels::AffineRows;
use tropex_kernels::{Cancelled, ComputeTarget, Precision};

/// Approximate size in bytes of the rows that are pulled back at a time.
const MEMORY: usize = 256 << 20;

/// Coefficients below this share of the largest coefficient on their way back from the unit are
/// taken for rounding errors of zero.
const ROUNDED_COEFFICIENT: f64 = 1e-14;

/// A halfspace that contains the region of a point: `normal . x + offset >= 0` for all points `x`
/// of the region.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Halfspace<'a> {
    /// The point, counted from 0.
    pub point: usize,
    /// The unit that changes on the hyperplane, and its piece on the other side.
    pub facet: Facet,
    /// The value of `normal . x + offset` at the point.
    pub gap: f64,
    /// The coefficients `[features]`, not all of them zero.
    pub normal: &'a [f64],
    /// The constant.
    pub offset: f64,
}

/// Computes the halfspaces of the regions of points in f64, for networks of any precision.
///
/// There is one halfspace for every unit, and for a pooling one for every other cell of its window.
/// Many of their hyperplanes do not touch the region.
#[derive(Clone, Debug)]
pub struct Regions {
    network: Network,
    layout: PatternLayout,
    /// Number of rows that are pulled back at a time.
    rows: usize,
    /// How distances are found; `None` for the method with fewer multiplications.
    distance_method: Option<DistanceMethod>,
}

impl Regions {
    /// Prepares to compute the halfspaces of the regions of a network.
    ///
    /// # Errors
    /// The device has no f64 and this build has no `flex`.
    pub fn new(network: &Network) -> Result<Self, Error> {
        let target = ComputeTarget::in_f64(network.target().device())?;
        let bytes = 4 * network.widest() * size_of::<f64>();
        Ok(Self {
            network: network.to_target(&target),
            layout: PatternLayout::of(network),
            rows: (MEMORY / bytes.max(1)).max(1),
            distance_method: None,
        })
    }

    /// Sets the number of rows that are pulled back at a time, at least one.
    pub fn with_rows(self, rows: usize) -> Self {
        Self { rows: rows.max(1), ..self }
    }

    /// Sets how [`Regions::distances`] finds the nearest sides. The default is the method with
    /// fewer multiplications.
    pub fn with_distance_method(self, method: DistanceMethod) -> Self {
        Self { distance_method: Some(method), ..self }
    }

    pub(crate) fn distance_method(&self) -> Option<DistanceMethod> {
        self.distance_method
    }

    pub(crate) fn layout(&self) -> &PatternLayout {
        &self.layout
    }

    /// The network, in f64.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Calls `visit` with the halfspaces of the regions of points, node by node. Leaves out
    /// halfspaces that are the whole space. Pulls back one row per halfspace, about 256 MiB of rows
    /// at a time.
    ///
    /// # Shapes
    /// - points: `[points, features]`
    ///
    /// # Errors
    /// No points, or values that are not whole points; values outside the range of f64.
    pub fn visit_halfspaces(
        &self,
        points: &[f64],
        visit: impl FnMut(Halfspace<'_>),
    ) -> Result<(), Error> {
        self.visit_halfspaces_with_progress(points, visit, &|_| ControlFlow::Continue(()))
    }

    /// Like [`Regions::visit_halfspaces`]. `progress` receives the number of
    /// [rows](Self::rows_per_point) of all points that were pulled back.
    ///
    /// # Errors
    /// As for [`Regions::visit_halfspaces`]; [`Error::Cancelled`].
    pub fn visit_halfspaces_with_progress(
        &self,
        points: &[f64],
        mut visit: impl FnMut(Halfspace<'_>),
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.network.count(points)?;
        let pulled = Cell::new(0);
        let add = |rows| {
            pulled.set(pulled.get() + rows);
            progress(pulled.get())
        };
        // Few points, so that the lists of their gaps are small beside the rows.
        let batch = (self.rows / 8).max(1);
        for (index, points) in points.chunks(batch * self.network.features()).enumerate() {
            let first = index * batch;
            let visit = |halfspace: Halfspace<'_>| {
                visit(Halfspace { point: first + halfspace.point, ..halfspace });
            };
            self.visit_batch(points, visit, &add)?;
        }
        Ok(())
    }

    /// Number of rows that are pulled back for the halfspaces of a point: one for every unit, and
    /// for a pooling one for every other cell of its window.
    pub fn rows_per_point(&self) -> usize {
        self.layout.spans().iter().map(NodeSpan::sides).sum()
    }

    /// Calls `visit` with some halfspaces of the region of a point. `sides` has the positions of
    /// their gaps among the gaps of each node.
    ///
    /// # Errors
    /// Not one whole point; values outside the range of f64.
    pub(crate) fn visit_sides(
        &self,
        point: &[f64],
        sides: &BTreeMap<usize, Vec<usize>>,
        visit: impl FnMut(Halfspace<'_>),
    ) -> Result<(), Error> {
        let choose = |gaps: &mut NodeGaps<'_>| {
            let all = std::mem::take(&mut gaps.of_points[0]);
            let chosen = sides.get(&gaps.span.node).into_iter().flatten();
            gaps.of_points[0] = chosen.map(|&side| all[side]).collect();
        };
        self.visit_nodes(point, choose, visit, &|_| ControlFlow::Continue(()))
    }

    /// The halfspaces of at most as many points as rows are pulled back at a time.
    fn visit_batch(
        &self,
        points: &[f64],
        visit: impl FnMut(Halfspace<'_>),
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        self.visit_nodes(points, |_| {}, visit, progress)
    }

    /// Visits the halfspaces of the gaps that `choose` leaves of each node.
    fn visit_nodes(
        &self,
        points: &[f64],
        choose: impl Fn(&mut NodeGaps<'_>),
        mut visit: impl FnMut(Halfspace<'_>),
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let points = self.network.tensor(points)?;
        let trace = self.network.replay(points.clone());
        let mut failed = None;
        // A second forward pass computes the values again, so that only one node's are in memory.
        self.network.forward(points, |index, node, inputs| {
            if let Some(span) = self.layout.at(index).filter(|_| failed.is_none()) {
                let mut gaps = NodeGaps::new(span, &trace, &inputs[0]);
                choose(&mut gaps);
                failed = self.visit_node(&gaps, &trace, &mut visit, progress).err();
            }
            node.op().forward(inputs).0
        });
        failed.map_or(Ok(()), Err)
    }

    fn visit_node(
        &self,
        gaps: &NodeGaps<'_>,
        trace: &Trace,
        visit: &mut impl FnMut(Halfspace<'_>),
        progress: &dyn Fn(usize) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let points = trace.points();
        let count = gaps.of_points[0].len();
        let groups = (self.rows / points).max(1);
        for first in (0..count).step_by(groups) {
            let groups = first..(first + groups).min(count);
            let pulled = self.pull(gaps, groups.clone(), trace);
            Cancelled::check(progress(groups.len() * points))?;
            let features = self.network.features();
            for (row, normal) in pulled.normals.chunks_exact(features).enumerate() {
                let (point, gap) =
                    (row % points, gaps.of_points[row % points][first + row / points]);
                let facet = Facet::new(gaps.span.node, gap);
                let (gap, offset) = (gap.of(gaps.inputs_of(point, points)), pulled.offsets[row]);
                let largest = normal.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
                if ![gap, offset, largest].iter().all(|number| number.is_finite()) {
                    return Err(overflow());
                }
                if largest > ROUNDED_COEFFICIENT * pulled.largest[row] {
                    visit(Halfspace { point, facet, gap, normal, offset });
                }
            }
        }
        Ok(())
    }

    /// Pulls the rows of some gaps of every point back to the input.
    fn pull(&self, gaps: &NodeGaps<'_>, groups: Range<usize>, trace: &Trace) -> HalfspaceRows {
        let points = trace.points();
        let (count, width) = (groups.len() * points, gaps.inputs.len() / points);
        let mut seeds = vec![0.0; count * width];
        for (row, seed) in seeds.chunks_exact_mut(width).enumerate() {
            let gap = gaps.of_points[row % points][groups.start + row / points];
            gap.above.into_iter().for_each(|feature| seed[feature] = 1.0);
            gap.below.into_iter().for_each(|feature| seed[feature] = -1.0);
        }
        let target = self.network.target();
        let seeds = target.tensor(TensorData::new(seeds, [count, width]));
        let biases = Tensor::zeros([count, 1], target.options());
        let mut walk = Pullback::with_biases(&self.network, points, biases);
        let node = gaps.span.node;
        walk.put(self.network.nodes()[node].inputs()[0], AffineRows::new(seeds, points));
        let mut largest = vec![1.0_f64; count];
        for index in (0..node).rev() {
            let value = ValueId::of_node(index);
            let Some(rows) = walk.at(value) else { continue };
            let sizes = to_host(rows.clone().into_tensor().abs().max_dim(1));
            largest.iter_mut().zip(sizes).for_each(|(largest, size)| *largest = largest.max(size));
            walk.step(index, trace.piece(index), None);
        }
        let (normals, offsets) = walk.finish(None);
        HalfspaceRows { normals: to_host(normals), offsets: to_host(offsets), largest }
    }
}

/// Rows at the input.
struct HalfspaceRows {
    /// `[rows, features]`
    normals: Vec<f64>,
    /// `[rows]`
    offsets: Vec<f64>,
    /// The largest coefficient of each row on its way back, `[rows]`.
    largest: Vec<f64>,
}

pub(super) fn overflow() -> Error {
    let what = "a side of a region".into();
    tropex_extract::Error::Overflow { what, precision: Precision::F64 }.into()
}
