//! Values of a network at vertices, kept from node to node.

use std::collections::HashMap;
use std::ops::ControlFlow;

use burn::tensor::{Tensor, TensorData};
use tropex_kernels::{Cancelled, read};

use super::plane::{Plane, batch_of};
use crate::Error;
use tropex_extract::Network;
use tropex_extract::network::ValueId;

/// Approximate size in bytes of the values that are kept.
const MEMORY: usize = 256 << 20;

/// Computes values of a network at vertices. The rows of the value before are kept, so that only
/// the nodes between the two values are computed again, and all nodes at new vertices only.
pub(super) struct VertexRows<'a> {
    network: &'a Network,
    plane: &'a Plane,
    kept: ValueRows,
    /// Called often, so that the caller can cancel the work.
    tick: &'a dyn Fn() -> ControlFlow<()>,
}

/// The rows of one value, by vertex.
struct ValueRows {
    value: ValueId,
    width: usize,
    /// The row of each vertex, by the bits of its coordinates.
    rows_of: HashMap<[u64; 2], usize>,
    /// `[vertices, width]`
    rows: Vec<f64>,
}

impl<'a> VertexRows<'a> {
    pub(super) fn new(
        network: &'a Network,
        plane: &'a Plane,
        tick: &'a dyn Fn() -> ControlFlow<()>,
    ) -> Self {
        Self { network, plane, kept: ValueRows::new(network, ValueId::INPUT), tick }
    }

    /// Calls `visit` with the row of a value at every vertex, in order.
    ///
    /// # Errors
    /// Values that are not finite; [`Error::Cancelled`].
    pub(super) fn visit(
        &mut self,
        value: ValueId,
        vertices: &[[f64; 2]],
        mut visit: impl FnMut(&[f64]),
    ) -> Result<(), Error> {
        let mut next = ValueRows::new(self.network, value);
        let is_kept = next.width * size_of_val(vertices) / 2 <= MEMORY;
        if is_kept && self.kept.value != value {
            self.add_rows(&mut next, vertices)?;
            self.kept = next;
        } else if is_kept {
            let is_new = |vertex: &&[f64; 2]| self.kept.row(**vertex).is_none();
            let new: Vec<[f64; 2]> = vertices.iter().filter(is_new).copied().collect();
            self.add_rows(&mut next, &new)?;
            self.kept.append(next);
        } else {
            for vertices in vertices.chunks(batch_of(self.network)) {
                self.rows(value, vertices)?.chunks_exact(next.width).for_each(&mut visit);
            }
            return Ok(());
        }
        vertices.iter().filter_map(|vertex| self.kept.row(*vertex)).for_each(visit);
        Ok(())
    }

    /// Adds the rows of vertices that are not in `to`.
    fn add_rows(&self, to: &mut ValueRows, vertices: &[[f64; 2]]) -> Result<(), Error> {
        let (known, new): (Vec<[f64; 2]>, Vec<[f64; 2]>) =
            vertices.iter().copied().partition(|vertex| self.kept.row(*vertex).is_some());
        let batch = batch_of(self.network);
        for vertices in known.chunks(batch).chain(new.chunks(batch)) {
            to.push(vertices, self.rows(to.value, vertices)?);
        }
        Ok(())
    }

    /// The rows of a value at vertices. They start from kept rows if all of these are known.
    fn rows(&self, value: ValueId, vertices: &[[f64; 2]]) -> Result<Vec<f64>, Error> {
        Cancelled::check((self.tick)())?;
        let kept: Option<Vec<&[f64]>> =
            vertices.iter().map(|vertex| self.kept.row(*vertex)).collect();
        let between = kept
            .and_then(|rows| Some((rows.concat(), self.network.between(self.kept.value, value)?)));
        let logits = match between {
            Some((rows, between)) => {
                let data = TensorData::new(rows, [vertices.len(), self.kept.width]);
                let start: Tensor<2> = between.target().tensor(data);
                between.replay(start).logits()
            }
            None => {
                let start = self.plane.tensor(vertices, self.network.target());
                self.network.until(value).replay(start).logits()
            }
        };
        let rows: Vec<f64> = read(logits)?.iter().collect();
        match rows.iter().all(|value| value.is_finite()) {
            true => Ok(rows),
            false => Err(Error::NotFinite),
        }
    }
}

impl ValueRows {
    fn new(network: &Network, value: ValueId) -> Self {
        let width = network.shape(value).iter().product();
        Self { value, width, rows_of: HashMap::new(), rows: Vec::new() }
    }

    fn row(&self, vertex: [f64; 2]) -> Option<&[f64]> {
        let row = self.rows_of.get(&vertex.map(f64::to_bits))?;
        Some(&self.rows[row * self.width..][..self.width])
    }

    fn push(&mut self, vertices: &[[f64; 2]], rows: Vec<f64>) {
        let first = self.rows.len() / self.width;
        let keys = vertices.iter().map(|vertex| vertex.map(f64::to_bits));
        self.rows_of.extend(keys.zip(first..));
        self.rows.extend(rows);
    }

    fn append(&mut self, other: Self) {
        let first = self.rows.len() / self.width;
        self.rows_of.extend(other.rows_of.into_iter().map(|(key, row)| (key, first + row)));
        self.rows.extend(other.rows);
    }
}
