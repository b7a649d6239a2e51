//! The ways to find the sides of a region that are nearest to a point.

use crate::pattern::layout::PatternLayout;
use tropex_extract::Network;

/// How [`Regions::distances`](crate::Regions::distances) finds the nearest sides. Both ways find
/// equal distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DistanceMethod {
    /// One backward pass for every side of the region.
    Rows,
    /// One forward pass for every input. It gives the norms of the rows of all sides, and these
    /// rule out all sides but a few, which take a backward pass.
    Columns,
}

impl DistanceMethod {
    /// The method with fewer multiplications.
    pub(crate) fn of(network: &Network, layout: &PatternLayout) -> Self {
        let (mut before, mut of_rows) = (0.0, 0.0);
        for (index, node) in network.nodes().iter().enumerate() {
            let sides = layout.at(index).map_or(0, |span| span.sides());
            of_rows += sides as f64 * before;
            before += node.multiplications() as f64;
        }
        if network.features() as f64 * before < of_rows { Self::Columns } else { Self::Rows }
    }
}
