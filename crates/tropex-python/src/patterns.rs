//! The class `Patterns`.

use std::collections::HashSet;

use numpy::{PyArray1, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use tropex_extract::{Cancelled, Network};
use tropex_geometry::{Error, Pattern, RegionId};

use crate::batches::{Batches, numbers_of};
use crate::errors::input_error;
use crate::points::{Points, with_numbers};
use crate::work::detached;

/// The activation patterns of points: the piece that every unit chooses. Points with equal patterns
/// are in one linear region.
#[pyclass(module = "tropex", frozen)]
pub(crate) struct Patterns {
    patterns: Vec<Pattern>,
    ids: Vec<RegionId>,
    /// Numbers of units of all operations.
    units: Vec<usize>,
}

impl Patterns {
    /// The patterns of points in the precision of the network.
    ///
    /// # Errors
    /// A signal of Python.
    pub(crate) fn new(py: Python<'_>, network: &Network, points: &Points<'_>) -> PyResult<Self> {
        let (patterns, ids) = with_numbers!(points, numbers => detached(py, |watch| {
            let reader = tropex_geometry::Patterns::new(network);
            let (mut patterns, mut ids) = (Vec::new(), Vec::new());
            let features = network.features();
            for batch in Batches::new(network, numbers.len() / features, 0) {
                Cancelled::check(watch.look())?;
                reader.visit(numbers_of(&batch, numbers, features), |pattern| {
                    ids.push(pattern.id());
                    patterns.push(pattern);
                })?;
            }
            Ok::<_, Error>((patterns, ids))
        })?);
        let units = network.nodes().iter().map(|node| node.units()).collect();
        Ok(Self { patterns, ids, units })
    }
}

#[pymethods]
impl Patterns {
    /// list of str: Identifiers of the regions of the points.
    #[getter]
    fn ids(&self) -> Vec<String> {
        self.ids.iter().map(ToString::to_string).collect()
    }

    /// int: Number of different regions.
    #[getter]
    fn regions(&self) -> usize {
        self.ids.iter().collect::<HashSet<_>>().len()
    }

    /// The pieces of the units of one operation.
    ///
    /// Parameters
    /// ----------
    /// node : int
    ///     The operation, as ``print(net)`` numbers them.
    ///
    /// Returns
    /// -------
    /// ndarray of shape (n, units), uint32
    ///     For a ReLU 0 below and 1 above zero; for a pooling the position in its window.
    fn pieces(&self, py: Python<'_>, node: usize) -> PyResult<Py<PyArray2<u32>>> {
        let index = node.checked_sub(1).filter(|&index| self.units.get(index) > Some(&0));
        let index = index.ok_or_else(|| {
            let nodes = (1..).zip(&self.units).filter(|(_, units)| **units > 0);
            let nodes: Vec<_> = nodes.map(|(node, _)| node.to_string()).collect();
            input_error(format!(
                "node {node} has no units with more than one piece; those that have are {}",
                nodes.join(", ")
            ))
        })?;
        let units = self.units[index];
        let piece = |pattern: &Pattern, unit| pattern.piece(index, unit).unwrap_or(0);
        let pieces: Vec<u32> = self
            .patterns
            .iter()
            .flat_map(|pattern| (0..units).map(move |unit| piece(pattern, unit)))
            .collect();
        Ok(PyArray1::from_vec(py, pieces).reshape([self.patterns.len(), units])?.unbind())
    }

    /// Number of units with different pieces (Hamming distance) between one point and all points.
    ///
    /// Parameters
    /// ----------
    /// point : int
    ///     A point, an index into the batch.
    ///
    /// Returns
    /// -------
    /// ndarray of shape (n,), int64
    fn distances(&self, py: Python<'_>, point: usize) -> PyResult<Py<PyArray1<i64>>> {
        let own = self.patterns.get(point).ok_or_else(|| {
            let count = self.patterns.len();
            input_error(format!("point is {point}, expected less than the {count} points"))
        })?;
        let distances = self.patterns.iter().map(|other| own.distance(other) as i64);
        Ok(PyArray1::from_vec(py, distances.collect()).unbind())
    }

    fn __len__(&self) -> usize {
        self.patterns.len()
    }

    fn __repr__(&self) -> String {
        format!("<tropex.Patterns: {} points in {} regions>", self.ids.len(), self.regions())
    }
}
