//! The walk through a network that cuts polygons where units change their piece.

use burn::tensor::{Tensor, TensorData};

use super::maximum::Functions;
use super::mesh::{Birth, Mesh};
use super::plane::Plane;
use crate::network::{Node, ValueId};
use crate::ops::Choice;
use crate::{Error, Network};

/// Points that run through an operation together.
pub(super) const BATCH: usize = 256;

/// Differences nearer to zero than this share of the largest value of a unit are ties.
const ZERO: f64 = 1e-11;

/// And those nearer than this share of the largest value at a node: they may be rounding alone.
const NOISE: f64 = 1e-15;

/// Cuts the polygons of a mesh on a plane until every unit of a network has one piece on each, and
/// returns the logits at the vertices.
///
/// # Errors
/// More polygons than the mesh allows; values that are not finite.
pub(super) fn walk(network: &Network, plane: &Plane, mesh: &mut Mesh) -> Result<Carried, Error> {
    let points = mesh.vertices.iter().flat_map(|&vertex| plane.point(vertex)).collect();
    let last_uses = network.last_uses();
    let mut carried = Carried::new(network, points);
    for (index, node) in network.nodes().iter().enumerate() {
        if let Some(choice) = node.op().choice(node.units()) {
            carried.cut(mesh, node.inputs()[0], &choice)?;
        }
        let output = carried.forward(network, node)?;
        if output.iter().any(|value| !value.is_finite()) {
            return Err(Error::slice(format!(
                "values after node {} are not finite; choose a smaller window",
                index + 1
            )));
        }
        let read = node.inputs().iter().filter(|value| last_uses[value.index()] == index);
        read.for_each(|value| carried.rows[value.index()] = None);
        carried.rows[ValueId::of_node(index).index()] = Some(output);
    }
    Ok(carried)
}

/// What is known at the vertices of a mesh: rows of all values that are still to be read.
#[derive(Debug)]
pub(super) struct Carried {
    rows: Vec<Option<Vec<f64>>>,
    widths: Vec<usize>,
}

impl Carried {
    fn new(network: &Network, points: Vec<f64>) -> Self {
        let values = (0..=network.nodes().len()).map(ValueId::of_index);
        let widths: Vec<usize> =
            values.map(|value| network.shape(value).iter().product()).collect();
        let mut rows = vec![None; widths.len()];
        rows[ValueId::INPUT.index()] = Some(points);
        Self { rows, widths }
    }

    /// The rows of a value that is still to be read.
    pub(super) fn rows(&self, value: ValueId) -> &[f64] {
        self.rows[value.index()].as_deref().unwrap_or_default()
    }

    /// Divides the polygons by the pieces of all units of a node that reads a value.
    fn cut(&mut self, mesh: &mut Mesh, input: ValueId, choice: &Choice) -> Result<(), Error> {
        let noise = NOISE * largest(self.rows(input));
        let mut outcome = Ok(());
        choice.visit_contenders(|contenders| {
            if outcome.is_ok() && self.changes(input, contenders) {
                let contenders = contenders.to_vec();
                let mut functions = Contenders { carried: self, input, contenders, noise };
                outcome = mesh.divide(&mut functions);
            }
        });
        outcome?;
        self.keep(&mesh.tidy());
        Ok(())
    }

    /// Divides the polygons by the largest of the features of a value, and returns which vertices
    /// are left.
    ///
    /// # Errors
    /// More polygons than the mesh allows.
    pub(super) fn divide(&mut self, mesh: &mut Mesh, value: ValueId) -> Result<Vec<u32>, Error> {
        let contenders = (0..self.widths[value.index()]).map(Some).collect();
        let noise = NOISE * largest(self.rows(value));
        mesh.divide(&mut Contenders { carried: self, input: value, contenders, noise })?;
        Ok(mesh.tidy())
    }

    /// Whether not the same contender is the largest at all vertices.
    fn changes(&self, input: ValueId, contenders: &[Option<usize>]) -> bool {
        let width = self.widths[input.index()];
        let mut rows = self.rows(input).chunks_exact(width);
        let value = |row: &[f64], contender: Option<usize>| contender.map_or(0.0, |at| row[at]);
        // Only one that is the largest at the first vertex can be the largest at all of them.
        let Some(first) = rows.next() else { return false };
        let most = contenders.iter().map(|&c| value(first, c)).fold(f64::NEG_INFINITY, f64::max);
        let mut leaders = contenders.iter().filter(|&&c| value(first, c) == most);
        let leads_everywhere = |&leader: &Option<usize>| {
            let is_largest =
                |row: &[f64]| contenders.iter().all(|&c| value(row, c) <= value(row, leader));
            rows.clone().all(is_largest)
        };
        !leaders.any(leads_everywhere)
    }

    /// Runs the vertices through a node.
    fn forward(&self, network: &Network, node: &Node) -> Result<Vec<f64>, Error> {
        let placement = network.placement();
        let inputs: Vec<_> = node.inputs().iter().map(|&value| (self.rows(value), value)).collect();
        let mut output = Vec::new();
        let count = inputs.first().map_or(0, |(rows, value)| rows.len() / self.width(*value));
        for start in (0..count).step_by(BATCH) {
            let batch = start..count.min(start + BATCH);
            let tensor = |(rows, value): &(&[f64], ValueId)| -> Tensor<2> {
                let width = self.width(*value);
                let rows = rows[batch.start * width..batch.end * width].to_vec();
                placement.tensor(TensorData::new(rows, [batch.len(), width]))
            };
            let (values, _) = node.op().forward(inputs.iter().map(tensor).collect());
            output.extend(values.into_data().iter::<f64>());
        }
        Ok(output)
    }

    fn width(&self, value: ValueId) -> usize {
        self.widths[value.index()]
    }

    fn alive(&mut self) -> impl Iterator<Item = (&mut Vec<f64>, usize)> {
        let rows = self.rows.iter_mut().zip(&self.widths);
        rows.filter_map(|(rows, &width)| Some((rows.as_mut()?, width)))
    }

    fn born(&mut self, births: &[Birth]) {
        for (rows, width) in self.alive() {
            births.iter().for_each(|birth| birth.extend_rows(rows, width));
        }
    }

    /// Forgets all vertices but these.
    fn keep(&mut self, vertices: &[u32]) {
        for (rows, width) in self.alive() {
            let row = |&vertex: &u32| &rows[vertex as usize * width..][..width];
            *rows = vertices.iter().flat_map(row).copied().collect();
        }
    }
}

/// Features of a value, one of which a unit passes on; no feature is zero.
struct Contenders<'a> {
    carried: &'a mut Carried,
    input: ValueId,
    contenders: Vec<Option<usize>>,
    noise: f64,
}

impl Functions for Contenders<'_> {
    fn count(&self) -> usize {
        self.contenders.len()
    }

    fn values(&self, vertices: &[[f64; 2]], function: usize) -> Vec<f64> {
        let rows = self.carried.rows(self.input).chunks_exact(self.carried.width(self.input));
        match self.contenders[function] {
            None => vec![0.0; vertices.len()],
            Some(feature) => rows.map(|row| row[feature]).collect(),
        }
    }

    fn zero(&self, values: &[f64], others: &[f64]) -> f64 {
        self.noise.max(ZERO * largest(values).max(largest(others)))
    }

    fn born(&mut self, births: &[Birth]) {
        self.carried.born(births);
    }
}

/// Largest absolute value.
pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}
