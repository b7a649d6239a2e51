//! Where regions end.

use tropex_extract::Network;
use tropex_extract::ops::{ActivationRule, Gap};

/// A side of a region: the points where one unit goes over to another piece. Points beyond it have
/// the same pattern but for the piece of that unit, and of those that depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Facet {
    /// The node, counted from 0.
    pub node: usize,
    /// The unit, a feature of the node's output.
    pub unit: usize,
    /// The piece beyond: 0 or 1 for below or above zero, or a position in a window of a pooling,
    /// its cells outside the plane not counted.
    pub rival: u32,
}

impl Facet {
    /// The facet that a gap of a node vanishes at.
    pub fn new(node: usize, gap: Gap) -> Self {
        Self { node, unit: gap.unit, rival: gap.rival }
    }
}

/// The nodes of a network that choose between pieces. Facets of a region are where a
/// [`Gap`] of one of them vanishes: an affine function of the points of the region that is not
/// negative inside.
#[derive(Clone, Debug)]
pub struct Boundaries {
    choices: Vec<Option<ActivationRule>>,
}

impl Boundaries {
    /// The boundaries of a network's regions.
    pub fn of(network: &Network) -> Self {
        let choice = |node: &tropex_extract::network::Node| node.op().activation_rule(node.units());
        Self { choices: network.nodes().iter().map(choice).collect() }
    }

    /// How a node chooses, if it has more than one piece.
    pub fn at(&self, node: usize) -> Option<&ActivationRule> {
        self.choices[node].as_ref()
    }

    /// The nodes that choose, in order.
    pub fn nodes(&self) -> impl Iterator<Item = (usize, &ActivationRule)> {
        self.choices.iter().enumerate().filter_map(|(node, choice)| Some((node, choice.as_ref()?)))
    }

    /// Number of units that choose.
    pub fn units(&self) -> usize {
        self.nodes().map(|(_, choice)| choice.units()).sum()
    }
}
