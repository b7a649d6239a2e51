//! Activation patterns: the piece that every unit chose, in a few bits each.

pub(crate) mod layout;
mod pattern_statistics;

use std::fmt;
use std::sync::Arc;

use burn::tensor::{Element, Tensor};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::{Error, Facet};
use layout::PatternLayout;
pub use pattern_statistics::{NodeStability, RegionCount, StableUnits};
use tropex_extract::Network;

/// Approximate size in bytes of the values of a batch of points.
const MEMORY: usize = 256 << 20;

/// The activation pattern of a point: the piece that every unit of a network chose. It identifies
/// the region of the point.
///
/// A unit with two pieces takes one bit. A unit of a pooling takes as many bits as number the cells
/// of its window. Units with one piece take none.
#[derive(Clone)]
pub struct Pattern {
    layout: Arc<PatternLayout>,
    words: Box<[u64]>,
}

/// The identifier of a region: the first 128 bits of the SHA-256 of its pattern.
///
/// It is equal on every machine. The probability that two of `n` regions have one identifier is
/// about `n^2 / 2^129`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionId(pub u128);

impl fmt::Display for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The agreement of two patterns in one node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// The node, counted from 0.
    pub node: usize,
    /// Number of units with more than one piece.
    pub units: usize,
    /// Number of units with equal pieces in both patterns.
    pub equal: usize,
}

impl Agreement {
    /// Share of the units with equal pieces, from 0 to 1.
    pub fn share(&self) -> f64 {
        self.equal as f64 / self.units as f64
    }
}

impl Pattern {
    /// The pattern of the pieces of all units.
    pub(crate) fn new(layout: &Arc<PatternLayout>, pieces: &[u32]) -> Self {
        Self { layout: layout.clone(), words: layout.pack(pieces) }
    }

    /// The piece of a unit of a node, numbered as in [`Facet::rival`]. `None` if the node has only
    /// one piece, or no such unit.
    pub fn piece(&self, node: usize, unit: usize) -> Option<u32> {
        let span = self.layout.at(node).filter(|span| unit < span.units.len())?;
        Some(span.piece(&self.words, unit))
    }

    /// The identifier of the region.
    pub fn id(&self) -> RegionId {
        let bytes: Vec<u8> = self.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut first = [0; 16];
        first.copy_from_slice(&Sha256::digest(bytes)[..16]);
        RegionId(u128::from_be_bytes(first))
    }

    /// Number of units whose pieces differ between two patterns of one network (Hamming distance).
    pub fn distance(&self, other: &Self) -> usize {
        let spans = self.layout.spans().iter();
        spans.map(|span| span.different(&self.words, &other.words)).sum()
    }

    /// The agreement with another pattern of the network, node by node.
    pub fn agreement(&self, other: &Self) -> Vec<Agreement> {
        let spans = self.layout.spans().iter().map(|span| {
            let units = span.units.len();
            let equal = units - span.different(&self.words, &other.words);
            Agreement { node: span.node, units, equal }
        });
        spans.collect()
    }

    /// The units whose pieces differ in another pattern of the network, with the pieces of the
    /// other pattern, in the order of the units.
    pub fn facets_to(&self, other: &Self) -> Vec<Facet> {
        self.layout.facets(&self.words, &other.words)
    }

    /// The pattern on the other side of facets.
    pub fn across(&self, facets: &[Facet]) -> Self {
        let mut words = self.words.clone();
        for facet in facets {
            if let Some(span) = self.layout.at(facet.node) {
                span.set(&mut words, facet.unit, facet.rival);
            }
        }
        Self { layout: self.layout.clone(), words }
    }

    /// Size of the pieces in bytes.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.words)
    }

    fn words(&self) -> &[u64] {
        &self.words
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.words == other.words
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({} of {} units)", self.id(), self.layout.units())
    }
}

/// Reads the patterns of points, in the precision of the network.
///
/// A pattern may depend on the device and on the batch only if a pre-activation is so near to zero
/// that rounding changes its sign.
#[derive(Clone, Debug)]
pub struct Patterns {
    network: Network,
    layout: Arc<PatternLayout>,
    batch: usize,
}

impl Patterns {
    /// A reader on the device of the network.
    pub fn new(network: &Network) -> Self {
        let layout = Arc::new(PatternLayout::of(network));
        let bytes = 4 * network.widest() * network.target().precision().bytes();
        let batch = (MEMORY / bytes.max(1)).clamp(1, 1024);
        Self { network: network.clone(), layout, batch }
    }

    /// Sets the number of points at a time, at least one.
    pub fn with_batch(self, batch: usize) -> Self {
        Self { batch: batch.max(1), ..self }
    }

    /// Number of units with more than one piece.
    pub fn units(&self) -> usize {
        self.layout.units()
    }

    fn layout(&self) -> &Arc<PatternLayout> {
        &self.layout
    }

    /// The patterns of points, row by row.
    ///
    /// # Shapes
    /// - points: `[points, features]`
    ///
    /// # Errors
    /// No points, or values that are not whole points.
    pub fn of<E: Element>(&self, points: &[E]) -> Result<Vec<Pattern>, Error> {
        let mut patterns = Vec::new();
        self.visit(points, |pattern| patterns.push(pattern))?;
        Ok(patterns)
    }

    /// The regions of points, row by row.
    ///
    /// # Shapes
    /// - points: `[points, features]`
    ///
    /// # Errors
    /// No points, or values that are not whole points.
    pub fn ids<E: Element>(&self, points: &[E]) -> Result<Vec<RegionId>, Error> {
        let mut ids = Vec::new();
        self.batches(points, |patterns| ids.par_extend(patterns.into_par_iter().map(|p| p.id())))?;
        Ok(ids)
    }

    /// Calls `visit` with the pattern of every point, row by row. The patterns of one batch are in
    /// memory at a time.
    ///
    /// # Shapes
    /// - points: `[points, features]`
    ///
    /// # Errors
    /// No points, or values that are not whole points.
    pub fn visit<E: Element>(
        &self,
        points: &[E],
        mut visit: impl FnMut(Pattern),
    ) -> Result<(), Error> {
        self.batches(points, |patterns| patterns.into_iter().for_each(&mut visit))
    }

    fn batches<E: Element>(
        &self,
        points: &[E],
        mut take: impl FnMut(Vec<Pattern>),
    ) -> Result<(), Error> {
        self.network.count(points)?;
        for points in points.chunks(self.batch * self.network.features()) {
            take(self.batch(self.network.tensor(points)?));
        }
        Ok(())
    }

    fn batch(&self, points: Tensor<2>) -> Vec<Pattern> {
        let [count, _] = points.dims();
        let width = self.layout.words();
        let mut words = vec![0; count * width];
        self.network.forward(points, |index, node, inputs| {
            let (output, piece) = node.op().forward(inputs);
            if let Some(span) = self.layout.at(index) {
                span.pack_points(&span.rule.numbers(&piece), &mut words, width);
            }
            output
        });
        let pattern = |point: usize| {
            let words = words[point * width..][..width].into();
            Pattern { layout: self.layout.clone(), words }
        };
        (0..count).map(pattern).collect()
    }
}
