//! Statistics of many patterns: the number of regions, and the units that never change.

use std::collections::HashSet;
use std::sync::Arc;

use super::layout::{NodeSpan, PatternLayout};
use super::{Pattern, Patterns, RegionId};

/// Counts points and the regions that contain them.
///
/// A region takes 16 bytes, and 1 to 24 bytes for its slot in the hash table, for any number of
/// units.
#[derive(Clone, Debug, Default)]
pub struct RegionCount {
    regions: HashSet<RegionId>,
    points: u64,
}

impl RegionCount {
    /// Counts a point by its region. Returns whether it is the first point of this region.
    pub fn add(&mut self, region: RegionId) -> bool {
        self.points += 1;
        self.regions.insert(region)
    }

    /// Number of different regions.
    pub fn regions(&self) -> usize {
        self.regions.len()
    }

    /// Number of points.
    pub fn points(&self) -> u64 {
        self.points
    }
}

impl Extend<RegionId> for RegionCount {
    fn extend<T: IntoIterator<Item = RegionId>>(&mut self, regions: T) {
        regions.into_iter().for_each(|region| {
            self.add(region);
        });
    }
}

/// Finds the stable units: those that choose one piece at all points added.
///
/// A stable ReLU is never active or always active. A stable unit of a pooling always has one
/// winner. Takes the memory of two patterns.
#[derive(Clone, Debug)]
pub struct StableUnits {
    layout: Arc<PatternLayout>,
    /// Bits that are set in at least one pattern.
    any: Vec<u64>,
    /// Bits that are set in all patterns.
    all: Vec<u64>,
    points: u64,
}

/// The stable units of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeStability {
    /// The node, counted from 0.
    pub node: usize,
    /// Number of units with more than one piece.
    pub units: usize,
    /// The stable units, each with its piece. A ReLU is dead with piece 0 and always active with
    /// piece 1.
    pub stable: Vec<(usize, u32)>,
}

impl StableUnits {
    /// Statistics without points.
    pub fn new(patterns: &Patterns) -> Self {
        let layout = patterns.layout().clone();
        let words = layout.words();
        Self { layout, any: vec![0; words], all: vec![u64::MAX; words], points: 0 }
    }

    /// Adds the pattern of a point.
    pub fn add(&mut self, pattern: &Pattern) {
        self.points += 1;
        for ((any, all), word) in self.any.iter_mut().zip(&mut self.all).zip(pattern.words()) {
            *any |= word;
            *all &= word;
        }
    }

    /// Number of points.
    pub fn points(&self) -> u64 {
        self.points
    }

    /// The stable units of every node. Without points no unit is stable.
    pub fn by_node(&self) -> Vec<NodeStability> {
        let of_node = |span: &NodeSpan| {
            let piecewise = (0..span.units.len()).filter(|&unit| span.rule.bends(unit));
            let only_piece = |unit| {
                let piece = span.piece(&self.any, unit);
                (piece == span.piece(&self.all, unit)).then_some((unit, piece))
            };
            NodeStability {
                node: span.node,
                units: piecewise.clone().count(),
                stable: piecewise.filter_map(only_piece).collect(),
            }
        };
        self.layout.spans().iter().map(of_node).collect()
    }
}
