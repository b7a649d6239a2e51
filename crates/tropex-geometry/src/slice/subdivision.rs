//! The subdivision of a window into the regions of a network, node by node.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use burn::tensor::Tensor;

use super::mesh::Mesh;
use super::mesh_cut::EdgeVertex;
use super::plane::Plane;
use super::upper_envelope::FunctionFamily;
use super::vertex_rows::VertexRows;
use crate::{Error, PiecewiseNodes};
use tropex_extract::Network;
use tropex_extract::network::ValueId;
use tropex_kernels::{Cancelled, read};

/// Approximate size in bytes of the values that are kept at the vertices.
const MEMORY: usize = 512 << 20;

/// Upper bound of a rounding error, in estimated standard deviations. The estimate treats rounding
/// errors as independent. For a sum of a few thousand numbers of one sign, a rounding error reached
/// 55 deviations.
const DEVIATIONS: f64 = 64.0;

/// Number of vertices at which rounding errors are estimated.
const ROUNDING_VERTICES: usize = 32;

/// Progress of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SliceProgress {
    /// Number of finished units, or of finished steps with the terms of an extracted function.
    pub done: usize,
    /// Number of all units or steps.
    pub units: usize,
    /// Number of regions so far.
    pub regions: usize,
}

/// The features among which a unit takes the largest value. `None` stands for the constant zero.
type Alternatives = Vec<Option<usize>>;

/// The subdivision of a mesh by a network on a plane.
pub(super) struct Subdivision<'a> {
    network: &'a Network,
    /// The network with squared constants, for the variances of rounding errors.
    squares: Network,
    plane: &'a Plane,
    /// Called often, so that the caller can stop the work.
    tick: &'a dyn Fn() -> ControlFlow<()>,
}

impl<'a> Subdivision<'a> {
    pub(super) fn new(
        network: &'a Network,
        plane: &'a Plane,
        tick: &'a dyn Fn() -> ControlFlow<()>,
    ) -> Self {
        let squares = network.map_constants(&|number| number * number, network.target());
        Self { network, squares, plane, tick }
    }

    /// Cuts the polygons of a mesh until every unit has one piece on each polygon.
    ///
    /// At every node the inputs of its units are computed at all vertices that exist by then, for
    /// as many units at a time as memory allows.
    ///
    /// # Errors
    /// More polygons than the mesh allows; values that are not finite.
    pub(super) fn cut(
        &self,
        mesh: &mut Mesh,
        progress: &dyn Fn(SliceProgress) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let all = PiecewiseNodes::of(self.network).units();
        let mut rows = VertexRows::new(self.network, self.plane, self.tick);
        let mut done = 0;
        for node in self.network.nodes() {
            let Some(rule) = node.op().activation_rule(node.units()) else { continue };
            let mut units = Vec::new();
            rule.visit_candidates(|alternatives| units.push(alternatives.to_vec()));
            done += rule.units();
            let value = node.inputs()[0];
            let units = undecided(&mut rows, value, &mesh.vertices, units)?;
            if units.is_empty() {
                continue;
            }
            let report = |left: usize, regions: usize| {
                progress(SliceProgress { done: done - left, units: all, regions })
            };
            self.divide(mesh, &mut rows, value, &units, &report)?;
            mesh.tidy();
        }
        Ok(())
    }

    /// Divides the polygons by the class with the largest logit. Returns the vertices that are
    /// left.
    ///
    /// # Errors
    /// As for [`Subdivision::cut`].
    pub(super) fn cut_by_class(&self, mesh: &mut Mesh) -> Result<Vec<u32>, Error> {
        let classes = (0..self.network.classes()).map(Some).collect();
        let mut rows = VertexRows::new(self.network, self.plane, self.tick);
        self.divide(mesh, &mut rows, self.network.output(), &[classes], &|_, _| {
            ControlFlow::Continue(())
        })?;
        Ok(mesh.tidy())
    }

    /// Divides the polygons by the alternative that each unit takes from a value of the network.
    /// `report` receives the number of units left and the number of polygons.
    fn divide(
        &self,
        mesh: &mut Mesh,
        rows: &mut VertexRows<'_>,
        value: ValueId,
        units: &[Alternatives],
        report: &dyn Fn(usize, usize) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let rounding = self.rounding(value, &mesh.vertices)?;
        let mut left = units;
        while let Some(first) = left.first() {
            let mut features: BTreeSet<usize> = first.iter().flatten().copied().collect();
            let mut units = left.iter();
            while features.len() * mesh.vertices.len() < MEMORY / size_of::<f64>()
                && let Some(next) = units.next()
            {
                features.extend(next.iter().flatten());
            }
            let mut values = VertexValues::new(features.into_iter().collect());
            rows.visit(value, &mesh.vertices, |row| values.push(row))?;
            let vertices = mesh.vertices.len();
            while let Some(alternatives) = left.first().filter(|unit| values.contain(unit)) {
                let values = &mut values;
                let mut unit = UnitAlternatives { values, alternatives, rounding: &rounding };
                mesh.divide(&mut unit)?;
                left = &left[1..];
                Cancelled::check(report(left.len(), mesh.polygons.len()))?;
                // New vertices take memory too.
                if mesh.vertices.len() > 2 * vertices && unit.values.bytes() > MEMORY {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The largest rounding error of every feature of a value, over the first vertices, which
    /// include the corners of the window.
    ///
    /// Rounding errors are taken for independent, so that their variances add up and are multiplied
    /// by squared weights. A bound for dependent errors grows with the product of the absolute
    /// weights and is useless for deep networks.
    fn rounding(&self, value: ValueId, vertices: &[[f64; 2]]) -> Result<Vec<f64>, Error> {
        let vertices = &vertices[..vertices.len().min(ROUNDING_VERTICES)];
        let target = self.network.target();
        let square = target.precision().epsilon().powi(2);
        let of_size = |values: &Tensor<2>| values.clone().powi_scalar(2).mul_scalar(square);
        let start = (
            self.plane.tensor(vertices, target),
            self.plane.squares(vertices, target).mul_scalar(square),
        );
        let (_, squares) = self.network.until(value).forward(start, |index, node, inputs| {
            let errors = inputs.iter().map(|(values, errors)| errors.clone() + of_size(values));
            let errors = errors.collect();
            let values = inputs.into_iter().map(|(values, _)| values).collect();
            let (values, piece) = node.op().forward(values);
            let errors = self.squares.nodes()[index].op().pushforward(errors, &piece);
            let errors = errors + of_size(&values);
            (values, errors)
        });
        let deviations: Vec<f64> = read(squares.max_dim(0).sqrt())?.iter().collect();
        // A variance that overflows is no estimate of rounding.
        let finite = |deviation: f64| if deviation.is_finite() { deviation } else { 0.0 };
        Ok(deviations.into_iter().map(|deviation| DEVIATIONS * finite(deviation)).collect())
    }
}

/// The units that take different alternatives at different vertices. `value` is the value that the
/// units read.
fn undecided(
    rows: &mut VertexRows<'_>,
    value: ValueId,
    vertices: &[[f64; 2]],
    mut units: Vec<Alternatives>,
) -> Result<Vec<Alternatives>, Error> {
    // An alternative that is the largest at every vertex is the largest everywhere.
    let mut leaders = units.clone();
    rows.visit(value, vertices, |row| {
        let value = |alternative: &Option<usize>| alternative.map_or(0.0, |at| row[at]);
        for (alternatives, leaders) in units.iter().zip(&mut leaders) {
            if !leaders.is_empty() {
                let peak = alternatives.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
                leaders.retain(|leader| value(leader) == peak);
            }
        }
    })?;
    let mut leaders = leaders.iter();
    units.retain(|_| leaders.next().is_some_and(Vec::is_empty));
    Ok(units)
}

/// The values of some features at all vertices.
struct VertexValues {
    /// The features in increasing order.
    features: Vec<usize>,
    /// `[vertices, features]`
    values: Vec<f64>,
}

impl VertexValues {
    fn new(features: Vec<usize>) -> Self {
        Self { features, values: Vec::new() }
    }

    fn push(&mut self, row: &[f64]) {
        self.values.extend(self.features.iter().map(|&feature| row[feature]));
    }

    /// Whether the values of all alternatives of a unit are present.
    fn contain(&self, alternatives: &Alternatives) -> bool {
        alternatives.iter().flatten().all(|feature| self.column(*feature).is_some())
    }

    fn bytes(&self) -> usize {
        size_of_val(self.values.as_slice())
    }

    fn column(&self, feature: usize) -> Option<usize> {
        self.features.binary_search(&feature).ok()
    }
}

/// The alternatives of a unit as functions on the mesh.
struct UnitAlternatives<'a> {
    values: &'a mut VertexValues,
    alternatives: &'a Alternatives,
    /// The largest rounding error of every feature.
    rounding: &'a [f64],
}

impl FunctionFamily for UnitAlternatives<'_> {
    fn count(&self) -> usize {
        self.alternatives.len()
    }

    fn values(&self, vertices: &[[f64; 2]], function: usize) -> Vec<f64> {
        let rows = self.values.values.chunks_exact(self.values.features.len().max(1));
        match self.alternatives[function].and_then(|feature| self.values.column(feature)) {
            None => vec![0.0; vertices.len()],
            Some(column) => rows.map(|row| row[column]).collect(),
        }
    }

    fn rounding(&self, function: usize, _: [f64; 2]) -> f64 {
        self.alternatives[function].map_or(0.0, |feature| self.rounding[feature])
    }

    fn max_rounding(&self) -> f64 {
        (0..self.count()).map(|of| self.rounding(of, [0.0; 2])).fold(0.0, f64::max)
    }

    fn add_vertices(&mut self, new_vertices: &[EdgeVertex]) {
        let width = self.values.features.len();
        new_vertices.iter().for_each(|vertex| vertex.extend_rows(&mut self.values.values, width));
    }
}
