//! The walk through a network that cuts polygons where units change their piece.

use std::collections::BTreeSet;

use burn::tensor::Tensor;

use super::cut::Birth;
use super::maximum::Functions;
use super::mesh::Mesh;
use super::plane::Plane;
use crate::Boundaries;
use crate::Error;
use tropex_extract::Network;
use tropex_extract::network::ValueId;
use tropex_kernels::read;

/// Points that run through the network together.
pub(super) const BATCH: usize = 256;

/// Bytes of values that are kept at the vertices, about.
const MEMORY: usize = 512 << 20;

/// How many times the estimated deviation a rounding error can be: sums of a few thousand numbers of
/// one sign are off by up to 55 times what independent signs would give.
const DEVIATIONS: f64 = 64.0;

/// How far the search for the regions of a network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceProgress {
    /// Units along whose changes regions have been cut.
    pub done: usize,
    /// All units.
    pub units: usize,
    /// Regions so far.
    pub regions: usize,
}

/// The features of a value of which a unit passes on the largest; no feature is zero.
type Contenders = Vec<Option<usize>>;

/// A network on a plane.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    network: &'a Network,
    /// The network with the squares of its constants, which squares of rounding errors go through.
    squares: Network,
    plane: &'a Plane,
}

impl<'a> Walk<'a> {
    pub(super) fn new(network: &'a Network, plane: &'a Plane) -> Self {
        let squares = network.map_constants(&|number| number * number, network.target());
        Self { network, squares, plane }
    }

    /// Cuts the polygons of a mesh until every unit has one piece on each.
    ///
    /// What units choose from is computed anew at every node, for all vertices that there are by
    /// then, and kept for as many units as memory allows.
    ///
    /// # Errors
    /// More polygons than the mesh allows; values that are not finite.
    pub(super) fn cut(&self, mesh: &mut Mesh, watch: &dyn Fn(SliceProgress)) -> Result<(), Error> {
        let all = Boundaries::of(self.network).units();
        let mut done = 0;
        for node in self.network.nodes() {
            let Some(choice) = node.op().activation_rule(node.units()) else { continue };
            let mut units = Vec::new();
            choice.visit_candidates(|contenders| units.push(contenders.to_vec()));
            done += choice.units();
            let value = node.inputs()[0];
            let prefix = self.network.until(value);
            let units = self.undecided(&prefix, &mesh.vertices, units)?;
            if units.is_empty() {
                continue;
            }
            let tell = |left: usize, regions: usize| {
                watch(SliceProgress { done: done - left, units: all, regions });
            };
            self.divide(mesh, value, &units, &tell)?;
            mesh.tidy();
        }
        Ok(())
    }

    /// Divides the polygons by the largest logit, and returns which vertices are left.
    ///
    /// # Errors
    /// As for [`Walk::cut`].
    pub(super) fn cut_by_class(&self, mesh: &mut Mesh) -> Result<Vec<u32>, Error> {
        let classes = (0..self.network.classes()).map(Some).collect();
        self.divide(mesh, self.network.output(), &[classes], &|_, _| {})?;
        Ok(mesh.tidy())
    }

    /// Divides the polygons by what units choose from a value of the network. `tell` is told how many
    /// units are left, and how many polygons there are.
    fn divide(
        &self,
        mesh: &mut Mesh,
        value: ValueId,
        units: &[Contenders],
        tell: &dyn Fn(usize, usize),
    ) -> Result<(), Error> {
        let prefix = &self.network.until(value);
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
            let mut rows = AffineRows::new(features.into_iter().collect());
            self.each_row(prefix, &mesh.vertices, |row| rows.push(row))?;
            let vertices = mesh.vertices.len();
            while let Some(contenders) = left.first().filter(|unit| rows.serve(unit)) {
                mesh.divide(&mut Unit { rows: &mut rows, contenders, rounding: &rounding })?;
                left = &left[1..];
                tell(left.len(), mesh.polygons.len());
                // New vertices take memory too.
                if mesh.vertices.len() > 2 * vertices && rows.bytes() > MEMORY {
                    break;
                }
            }
        }
        Ok(())
    }

    /// How much of every feature of a value may be rounding, at any of the first vertices: the
    /// corners of the window are among them.
    ///
    /// Rounding errors are taken to be independent: squares of their deviations add up, and go
    /// through the squares of the weights. Bounds that hold for all errors grow with the product of
    /// all weights and say nothing of deep networks.
    fn rounding(&self, value: ValueId, vertices: &[[f64; 2]]) -> Result<Vec<f64>, Error> {
        let vertices = &vertices[..vertices.len().min(BATCH)];
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
        // What is beyond the range of numbers is no rounding.
        let finite = |deviation: f64| if deviation.is_finite() { deviation } else { 0.0 };
        Ok(deviations.into_iter().map(|deviation| DEVIATIONS * finite(deviation)).collect())
    }

    /// The units that do not pass on the same contender at all vertices.
    fn undecided(
        &self,
        prefix: &Network,
        vertices: &[[f64; 2]],
        mut units: Vec<Contenders>,
    ) -> Result<Vec<Contenders>, Error> {
        // Only what is the largest at every vertex is the largest everywhere.
        let mut leaders = units.clone();
        self.each_row(prefix, vertices, |row| {
            let value = |contender: &Option<usize>| contender.map_or(0.0, |at| row[at]);
            for (contenders, leaders) in units.iter().zip(&mut leaders) {
                if !leaders.is_empty() {
                    let peak = contenders.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
                    leaders.retain(|leader| value(leader) == peak);
                }
            }
        })?;
        let mut leaders = leaders.iter();
        units.retain(|_| leaders.next().is_some_and(Vec::is_empty));
        Ok(units)
    }

    /// Visits the values of the last node of a network at points of the plane.
    fn each_row(
        &self,
        prefix: &Network,
        points: &[[f64; 2]],
        mut visit: impl FnMut(&[f64]),
    ) -> Result<(), Error> {
        for points in points.chunks(BATCH) {
            let trace = prefix.replay(self.plane.tensor(points, prefix.target()));
            let values: Vec<f64> = read(trace.logits())?.iter().collect();
            if values.iter().any(|value| !value.is_finite()) {
                return Err(Error::slice("values are not finite; choose a smaller window"));
            }
            values.chunks_exact(prefix.classes()).for_each(&mut visit);
        }
        Ok(())
    }
}

/// Some features at all vertices.
struct AffineRows {
    /// In order.
    features: Vec<usize>,
    /// `[vertices, features]`
    values: Vec<f64>,
}

impl AffineRows {
    fn new(features: Vec<usize>) -> Self {
        Self { features, values: Vec::new() }
    }

    fn push(&mut self, row: &[f64]) {
        self.values.extend(self.features.iter().map(|&feature| row[feature]));
    }

    /// Whether all features of a unit are there.
    fn serve(&self, contenders: &Contenders) -> bool {
        contenders.iter().flatten().all(|feature| self.column(*feature).is_some())
    }

    fn bytes(&self) -> usize {
        size_of_val(self.values.as_slice())
    }

    fn column(&self, feature: usize) -> Option<usize> {
        self.features.binary_search(&feature).ok()
    }
}

/// A unit that passes on the largest of its contenders.
struct Unit<'a> {
    rows: &'a mut AffineRows,
    contenders: &'a Contenders,
    /// Of every feature.
    rounding: &'a [f64],
}

impl Functions for Unit<'_> {
    fn count(&self) -> usize {
        self.contenders.len()
    }

    fn values(&self, vertices: &[[f64; 2]], function: usize) -> Vec<f64> {
        let rows = self.rows.values.chunks_exact(self.rows.features.len().max(1));
        match self.contenders[function].and_then(|feature| self.rows.column(feature)) {
            None => vec![0.0; vertices.len()],
            Some(column) => rows.map(|row| row[column]).collect(),
        }
    }

    fn rounding(&self, function: usize, _: [f64; 2]) -> f64 {
        self.contenders[function].map_or(0.0, |feature| self.rounding[feature])
    }

    fn most_rounding(&self) -> f64 {
        (0..self.count()).map(|of| self.rounding(of, [0.0; 2])).fold(0.0, f64::max)
    }

    fn born(&mut self, births: &[Birth]) {
        let width = self.rows.features.len();
        births.iter().for_each(|birth| birth.extend_rows(&mut self.rows.values, width));
    }
}
