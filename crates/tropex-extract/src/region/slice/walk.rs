//! The walk through a network that cuts polygons where units change their piece.

use std::collections::BTreeSet;

use super::cut::Birth;
use super::maximum::Functions;
use super::mesh::Mesh;
use super::plane::Plane;
use crate::read::read;
use crate::{Error, Network};

/// Points that run through the network together.
pub(super) const BATCH: usize = 256;

/// Bytes of values that are kept at the vertices, about.
const MEMORY: usize = 512 << 20;

/// Differences nearer to zero than this share of the largest value of a unit are ties.
const ZERO: f64 = 1e-11;

/// And those nearer than this share of the largest value so far: they may be rounding alone.
const NOISE: f64 = 1e-15;

/// The features of a value of which a unit passes on the largest; no feature is zero.
type Contenders = Vec<Option<usize>>;

/// A network on a plane.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    network: &'a Network,
    plane: &'a Plane,
    /// Largest absolute value so far.
    largest: f64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(network: &'a Network, plane: &'a Plane) -> Self {
        Self { network, plane, largest: 0.0 }
    }

    /// Cuts the polygons of a mesh until every unit has one piece on each.
    ///
    /// What units choose from is computed anew at every node, for all vertices that there are by
    /// then, and kept for as many units as memory allows.
    ///
    /// # Errors
    /// More polygons than the mesh allows; values that are not finite.
    pub(super) fn cut(&mut self, mesh: &mut Mesh) -> Result<(), Error> {
        for node in self.network.nodes() {
            let Some(choice) = node.op().choice(node.units()) else { continue };
            let mut units = Vec::new();
            choice.visit_contenders(|contenders| units.push(contenders.to_vec()));
            let prefix = self.network.until(node.inputs()[0]);
            let units = self.undecided(&prefix, &mesh.vertices, units)?;
            self.divide(mesh, &prefix, &units)?;
            mesh.tidy();
        }
        Ok(())
    }

    /// Divides the polygons by the largest logit, and returns which vertices are left.
    ///
    /// # Errors
    /// As for [`Walk::cut`].
    pub(super) fn cut_by_class(&mut self, mesh: &mut Mesh) -> Result<Vec<u32>, Error> {
        let classes = (0..self.network.classes()).map(Some).collect();
        self.divide(mesh, self.network, &[classes])?;
        Ok(mesh.tidy())
    }

    /// Divides the polygons by what units choose from the last value of a network.
    fn divide(&self, mesh: &mut Mesh, prefix: &Network, units: &[Contenders]) -> Result<(), Error> {
        let noise = NOISE * self.largest;
        let mut left = units;
        while let Some(first) = left.first() {
            let mut features: BTreeSet<usize> = first.iter().flatten().copied().collect();
            let mut units = left.iter();
            while features.len() * mesh.vertices.len() < MEMORY / size_of::<f64>()
                && let Some(next) = units.next()
            {
                features.extend(next.iter().flatten());
            }
            let mut rows = Rows::new(features.into_iter().collect());
            self.each_row(prefix, &mesh.vertices, |row| rows.push(row))?;
            let vertices = mesh.vertices.len();
            while let Some(contenders) = left.first().filter(|unit| rows.serve(unit)) {
                mesh.divide(&mut Unit { rows: &mut rows, contenders, noise })?;
                left = &left[1..];
                // New vertices take memory too.
                if mesh.vertices.len() > 2 * vertices && rows.bytes() > MEMORY {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The units that do not pass on the same contender at all vertices.
    fn undecided(
        &mut self,
        prefix: &Network,
        vertices: &[[f64; 2]],
        mut units: Vec<Contenders>,
    ) -> Result<Vec<Contenders>, Error> {
        // Only what is the largest at every vertex is the largest everywhere.
        let mut leaders = units.clone();
        let mut most = 0.0_f64;
        self.each_row(prefix, vertices, |row| {
            most = most.max(largest(row));
            let value = |contender: &Option<usize>| contender.map_or(0.0, |at| row[at]);
            for (contenders, leaders) in units.iter().zip(&mut leaders) {
                if !leaders.is_empty() {
                    let peak = contenders.iter().map(value).fold(f64::NEG_INFINITY, f64::max);
                    leaders.retain(|leader| value(leader) == peak);
                }
            }
        })?;
        self.largest = self.largest.max(most);
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
            let trace = prefix.replay(self.plane.tensor(points, prefix.placement()));
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
struct Rows {
    /// In order.
    features: Vec<usize>,
    /// `[vertices, features]`
    values: Vec<f64>,
}

impl Rows {
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
    rows: &'a mut Rows,
    contenders: &'a Contenders,
    noise: f64,
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

    fn zero(&self, values: &[f64], others: &[f64]) -> f64 {
        self.noise.max(ZERO * largest(values).max(largest(others)))
    }

    fn born(&mut self, births: &[Birth]) {
        let width = self.rows.features.len();
        births.iter().for_each(|birth| birth.extend_rows(&mut self.rows.values, width));
    }
}

/// Largest absolute value.
pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}
