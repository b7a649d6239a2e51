//! The gaps of all nodes at one point.

use super::halfspace::{Regions, overflow};
use super::node_gaps::NodeGaps;
use crate::Error;
use tropex_extract::network::Trace;
use tropex_extract::ops::Gap;

/// The trace of a point, and the gaps of every node with their values.
pub(crate) type PointGaps = (Trace, Vec<Vec<(Gap, f64)>>);

impl Regions {
    /// The trace of a point, and for every node its gaps with their values. The gaps of a node are
    /// in the order of its halfspaces.
    ///
    /// # Errors
    /// Not one whole point; values outside the range of f64.
    pub(crate) fn gaps_of(&self, point: &[f64]) -> Result<PointGaps, Error> {
        let network = self.network();
        let point = network.tensor(point)?;
        let trace = network.replay(point.clone());
        let mut gaps = vec![Vec::new(); network.nodes().len()];
        network.forward(point, |index, node, inputs| {
            if let Some(span) = self.layout().at(index) {
                let of_node = NodeGaps::new(span, &trace, &inputs[0]);
                let list = of_node.of_points[0].iter();
                gaps[index] = list.map(|gap| (*gap, gap.of(&of_node.inputs))).collect();
            }
            node.op().forward(inputs).0
        });
        let is_finite = |(_, gap): &(Gap, f64)| gap.is_finite();
        if gaps.iter().flatten().all(is_finite) { Ok((trace, gaps)) } else { Err(overflow()) }
    }
}
