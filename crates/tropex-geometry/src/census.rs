//! What many patterns have in common: how many regions they are, and which units never change.

use std::collections::HashSet;
use std::sync::Arc;

use super::layout::{Layout, Span};
use super::{Pattern, Patterns, RegionId};

/// Counts points and the regions that they are in.
///
/// A region takes 16 bytes, and between 1 and 24 more for its place in the table, however many
/// units the network has.
#[derive(Clone, Debug, Default)]
pub struct RegionCount {
    regions: HashSet<RegionId>,
    points: u64,
}

impl RegionCount {
    /// Takes a point's region into account; says whether it is the first point there.
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

/// Which units chose the same piece at all points seen: those that are never active, always active,
/// or a pooling's that always have the same winner. Takes two patterns of memory.
#[derive(Clone, Debug)]
pub struct Constancy {
    layout: Arc<Layout>,
    /// Bits that some pattern has.
    any: Vec<u64>,
    /// Bits that all patterns have.
    all: Vec<u64>,
    points: u64,
}

/// The units of a node that never changed their piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constant {
    /// The node, counted from 0.
    pub node: usize,
    /// Units with more than one piece.
    pub units: usize,
    /// Units and their only piece. With piece 0 a unit of a ReLU is dead, with piece 1 it is always
    /// on.
    pub constant: Vec<(usize, u32)>,
}

impl Constant {
    /// Number of units that always chose a piece.
    pub fn with_piece(&self, piece: u32) -> usize {
        self.constant.iter().filter(|(_, only)| *only == piece).count()
    }
}

impl Constancy {
    /// Before any point.
    pub fn new(patterns: &Patterns) -> Self {
        let layout = patterns.layout().clone();
        let words = layout.words();
        Self { layout, any: vec![0; words], all: vec![u64::MAX; words], points: 0 }
    }

    /// Takes a point's pattern into account.
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

    /// The units that never changed, node by node; none before the first point.
    pub fn constant(&self) -> Vec<Constant> {
        let at = |span: &Span| {
            let bending = (0..span.units.len()).filter(|&unit| span.choice.bends(unit));
            let only = |unit| {
                let piece = span.piece(&self.any, unit);
                (piece == span.piece(&self.all, unit)).then_some((unit, piece))
            };
            Constant {
                node: span.node,
                units: bending.clone().count(),
                constant: bending.filter_map(only).collect(),
            }
        };
        self.layout.spans().iter().map(at).collect()
    }
}
