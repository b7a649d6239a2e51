//! Facets of regions, and the nodes of a network that have them.

use tropex_extract::Network;
use tropex_extract::network::Node;
use tropex_extract::ops::{ActivationRule, Gap};

/// A side of a region: the points at which one unit changes to another piece.
///
/// Points on the other side have the pattern of the region, except for the piece of this unit and
/// of units that depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Facet {
    /// The node, counted from 0.
    pub node: usize,
    /// The unit, a feature of the node's output.
    pub unit: usize,
    /// The piece on the other side. For a ReLU: 0 below zero, 1 above zero. For a pooling: the
    /// position in the window, where cells of the padding are not counted.
    pub rival: u32,
}

impl Facet {
    /// The facet on which a gap of a node is zero.
    pub fn new(node: usize, gap: Gap) -> Self {
        Self { node, unit: gap.unit, rival: gap.rival }
    }
}

/// The nodes of a network whose units have more than one piece.
///
/// A facet of a region lies where a [`Gap`] of one of these nodes is zero. A gap is an affine
/// function of the points of the region, and not negative in it.
#[derive(Clone, Debug)]
pub struct PiecewiseNodes {
    rules: Vec<Option<ActivationRule>>,
}

impl PiecewiseNodes {
    /// The nodes of a network.
    pub fn of(network: &Network) -> Self {
        let rule = |node: &Node| node.op().activation_rule(node.units());
        Self { rules: network.nodes().iter().map(rule).collect() }
    }

    /// How the units of a node choose their piece. `None` if the node has only one piece.
    pub fn at(&self, node: usize) -> Option<&ActivationRule> {
        self.rules[node].as_ref()
    }

    /// The nodes with more than one piece, in order.
    pub fn nodes(&self) -> impl Iterator<Item = (usize, &ActivationRule)> {
        self.rules.iter().enumerate().filter_map(|(node, rule)| Some((node, rule.as_ref()?)))
    }

    /// Number of units of these nodes.
    pub fn units(&self) -> usize {
        self.nodes().map(|(_, rule)| rule.units()).sum()
    }
}
