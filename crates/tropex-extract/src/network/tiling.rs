//! Division of points among threads.

use tropex_kernels::tiling::{self, Workload};

use super::{Network, Node};

impl Network {
    /// Number of points that a thread takes through the network together, with `groups` rows per
    /// point. `None` if the device divides its operations itself.
    pub(crate) fn points_per_thread(&self, groups: usize) -> Option<usize> {
        tiling::points_per_thread(self.target(), &self.workload(), groups)
    }

    /// Number of points that are replayed together, out of `points`.
    pub(crate) fn points_per_chunk(&self, points: usize, groups: usize) -> usize {
        tiling::points_per_chunk(self.target(), &self.workload(), points, groups)
    }

    /// Number of points whose rows are pulled back together, out of `points`.
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
