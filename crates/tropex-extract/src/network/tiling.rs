//! How points are divided among threads on their way through a network.

use tropex_kernels::tiling::{self, Workload};

use super::{Network, Node};

impl Network {
    /// Points that a thread takes through the network at a time, with `groups` rows a point. `None` if the
    /// device divides its operations itself.
    pub(crate) fn points_per_thread(&self, groups: usize) -> Option<usize> {
        tiling::points_per_thread(self.target(), &self.workload(), groups)
    }

    /// Points that are replayed together, of a number of points.
    pub(crate) fn points_per_chunk(&self, points: usize, groups: usize) -> usize {
        tiling::points_per_chunk(self.target(), &self.workload(), points, groups)
    }

    /// Points whose rows are pulled back together, of a number of points.
    pub(crate) fn points_per_pullback(&self, points: usize, groups: usize) -> usize {
        tiling::points_per_pullback(self.target(), &self.workload(), points, groups)
    }

    fn workload(&self) -> Workload {
        let parameters = self.nodes().iter().map(|node| node.op().parameters());
        Workload {
            widest: self.widest(),
            parameters: self.parameters(),
            largest_layer: parameters.max().unwrap_or(0),
            multiplications: self.nodes().iter().map(Node::multiplications).sum(),
        }
    }
}
