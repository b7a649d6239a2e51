//! The hyperplanes that bound regions, read a few at a time.

use std::cell::Cell;
use std::ops::Range;

use burn::tensor::{Tensor, TensorData};

use super::Facet;
use super::layout::{Layout, Span};
use super::line::host;
use crate::Error;
use tropex_extract::Network;
use tropex_extract::network::{Trace, ValueId};
use tropex_extract::ops::Gap;
use tropex_extract::terms::Pullback;
use tropex_kernels::AffineRows;
use tropex_kernels::{ComputeTarget, Precision};

/// Bytes that the rows take that are pulled back at a time, about.
const MEMORY: usize = 256 << 20;

/// Coefficients that are smaller, compared with the largest on their way from the unit, are what
/// rounding leaves where parts cancel.
const ROUNDED_ZERO: f64 = 1e-14;

/// A side of the region of a point: in the region, and as long as it lasts,
/// `normal . x + offset >= 0`.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The point, counted from 0.
    pub point: usize,
    /// What is beyond.
    pub facet: Facet,
    /// The value of the left-hand side at the point.
    pub gap: f64,
    /// Coefficients, of which not all are zero.
    pub normal: &'a [f64],
    /// The constant.
    pub offset: f64,
}

/// Reads the sides of the regions of points, those of all units and of all rivals in poolings: many
/// of them do not touch the region. In f64, whatever the network's own precision.
#[derive(Clone, Debug)]
pub struct Regions {
    network: Network,
    layout: Layout,
    /// Rows that are pulled back at a time.
    rows: usize,
}

/// Gaps of one node at the points of a batch.
struct Gaps<'a> {
    span: &'a Span,
    /// Of every point in the same order of units.
    of: Vec<Vec<Gap>>,
    /// Inputs of the node, point by point.
    inputs: Vec<f64>,
}

impl Regions {
    /// The regions of a network.
    ///
    /// # Errors
    /// No f64 on the device, and no `flex` in this build.
    pub fn new(network: &Network) -> Result<Self, Error> {
        let target = ComputeTarget::in_f64(network.target().device())?;
        let bytes = 4 * network.widest() * size_of::<f64>();
        Ok(Self {
            network: network.to_target(&target),
            layout: Layout::of(network),
            rows: (MEMORY / bytes.max(1)).max(1),
        })
    }

    /// The same with so many rows pulled back at a time, at least one.
    pub fn with_rows(self, rows: usize) -> Self {
        Self { rows: rows.max(1), ..self }
    }

    /// The network, in f64.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Shows the sides of the regions of points `[points, features]`, by node, but for those that do
    /// not depend on the point. Pulls back a row per side, as many at a time as about 256 MiB hold.
    ///
    /// # Errors
    /// No points, or values that are not whole points; numbers beyond f64.
    pub fn visit_sides(&self, points: &[f64], visit: impl FnMut(Side<'_>)) -> Result<(), Error> {
        self.visit_sides_watched(points, visit, &|_| {})
    }

    /// The same; `watch` is told how many of the [rows](Self::rows_of_point) of all points were pulled
    /// back.
    ///
    /// # Errors
    /// As for [`Regions::visit_sides`].
    pub fn visit_sides_watched(
        &self,
        points: &[f64],
        mut visit: impl FnMut(Side<'_>),
        watch: &dyn Fn(usize),
    ) -> Result<(), Error> {
        self.network.count(points)?;
        let pulled = Cell::new(0);
        let watch = |rows| {
            pulled.set(pulled.get() + rows);
            watch(pulled.get());
        };
        // Few enough that lists of their gaps are small beside the rows.
        let batch = (self.rows / 8).max(1);
        for (index, points) in points.chunks(batch * self.network.features()).enumerate() {
            let first = index * batch;
            let visit = |side: Side<'_>| visit(Side { point: first + side.point, ..side });
            self.visit_batch(points, visit, &watch)?;
        }
        Ok(())
    }

    /// Number of rows that are pulled back for the sides of a point: one for every unit, and of a
    /// pooling one for every rival.
    pub fn rows_of_point(&self) -> usize {
        let rows = self.layout.spans().iter().map(|span| {
            let mut rows = 0;
            span.choice.visit_gaps(&vec![0; span.units.len()], |_| rows += 1);
            rows
        });
        rows.sum()
    }

    /// No more points than rows that are pulled back at a time.
    fn visit_batch(
        &self,
        points: &[f64],
        mut visit: impl FnMut(Side<'_>),
        watch: &dyn Fn(usize),
    ) -> Result<(), Error> {
        let points = self.network.tensor(points)?;
        let trace = self.network.replay(points.clone());
        let mut failed = None;
        // A second walk shows the values again, so that no more than a node's are in memory.
        self.network.forward(points, |index, node, inputs| {
            if let Some(span) = self.layout.at(index).filter(|_| failed.is_none()) {
                let gaps = Gaps::of(span, &trace, &inputs[0]);
                failed = self.visit_node(&gaps, &trace, &mut visit, watch).err();
            }
            node.op().forward(inputs).0
        });
        failed.map_or(Ok(()), Err)
    }

    fn visit_node(
        &self,
        gaps: &Gaps<'_>,
        trace: &Trace,
        visit: &mut impl FnMut(Side<'_>),
        watch: &dyn Fn(usize),
    ) -> Result<(), Error> {
        let points = trace.points();
        let count = gaps.of[0].len();
        let groups = (self.rows / points).max(1);
        for first in (0..count).step_by(groups) {
            let groups = first..(first + groups).min(count);
            let pulled = self.pull(gaps, groups.clone(), trace);
            watch(groups.len() * points);
            let features = self.network.features();
            for (row, normal) in pulled.normals.chunks_exact(features).enumerate() {
                let (point, gap) = (row % points, gaps.of[row % points][first + row / points]);
                let facet = Facet::new(gaps.span.node, gap);
                let (gap, offset) = (gap.of(gaps.inputs_of(point, points)), pulled.offsets[row]);
                let largest = normal.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
                if ![gap, offset, largest].iter().all(|number| number.is_finite()) {
                    let what = "a side of a region".into();
                    return Err(tropex_extract::Error::Overflow {
                        what,
                        precision: Precision::F64,
                    }
                    .into());
                }
                if largest > ROUNDED_ZERO * pulled.largest[row] {
                    visit(Side { point, facet, gap, normal, offset });
                }
            }
        }
        Ok(())
    }

    /// Pulls the rows of some gaps of every point back to the input.
    fn pull(&self, gaps: &Gaps<'_>, groups: Range<usize>, trace: &Trace) -> Pulled {
        let points = trace.points();
        let (count, width) = (groups.len() * points, gaps.inputs.len() / points);
        let mut seeds = vec![0.0; count * width];
        for (row, seed) in seeds.chunks_exact_mut(width).enumerate() {
            let gap = gaps.of[row % points][groups.start + row / points];
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
            let sizes = host(rows.clone().into_tensor().abs().max_dim(1));
            largest.iter_mut().zip(sizes).for_each(|(largest, size)| *largest = largest.max(size));
            walk.step(index, trace.piece(index), None);
        }
        let (normals, offsets) = walk.finish(None);
        Pulled { normals: host(normals), offsets: host(offsets), largest }
    }
}

/// Rows that arrived at the input.
struct Pulled {
    /// `[rows, features]`
    normals: Vec<f64>,
    offsets: Vec<f64>,
    /// The largest coefficient of each row on its way.
    largest: Vec<f64>,
}

impl<'a> Gaps<'a> {
    fn of(span: &'a Span, trace: &Trace, input: &Tensor<2>) -> Self {
        let numbers = span.choice.numbers(trace.piece(span.node));
        let of_point = |numbers: &[u32]| {
            let mut gaps = Vec::new();
            span.choice.visit_gaps(numbers, |gap| gaps.push(gap));
            gaps
        };
        let of = numbers.chunks_exact(span.units.len()).map(of_point).collect();
        Self { span, of, inputs: host(input.clone()) }
    }

    fn inputs_of(&self, point: usize, points: usize) -> &[f64] {
        let width = self.inputs.len() / points;
        &self.inputs[point * width..][..width]
    }
}
