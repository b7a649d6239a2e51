//! Patterns: the piece that every unit chose, a few bits each.

use std::fmt;
use std::sync::Arc;

use burn::tensor::{Element, Tensor};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::Facet;
use super::layout::Layout;
use crate::Error;
use tropex_extract::Network;

/// Bytes that the values of a batch of points take, about.
const MEMORY: usize = 256 << 20;

/// The piece that every unit of a network chose at a point, which says in what region the point is.
/// A unit with two pieces takes one bit, a pooling as many as it needs to tell the cells of its
/// windows apart. Units that do not bend have no say.
#[derive(Clone)]
pub struct Pattern {
    layout: Arc<Layout>,
    words: Box<[u64]>,
}

/// A region by its pattern: the first 128 bits of the pattern's SHA-256. The same on every machine;
/// two of `n` regions share theirs by chance with a probability of `n^2 / 2^129`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegionId(pub u128);

impl fmt::Display for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// How alike two patterns are in one node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// The node, counted from 0.
    pub node: usize,
    /// Units with more than one piece.
    pub units: usize,
    /// Those of them that chose the same piece.
    pub equal: usize,
}

impl Agreement {
    /// Share of the units that chose the same piece.
    pub fn share(&self) -> f64 {
        self.equal as f64 / self.units as f64
    }
}

impl Pattern {
    pub(super) fn new(layout: &Arc<Layout>, numbers: &[u32]) -> Self {
        Self { layout: layout.clone(), words: layout.pack(numbers) }
    }

    /// The piece of a unit of a node, see [`Facet::rival`]; none if the node does not choose or has
    /// no such unit.
    pub fn piece(&self, node: usize, unit: usize) -> Option<u32> {
        let span = self.layout.at(node).filter(|span| unit < span.units.len())?;
        Some(span.piece(&self.words, unit))
    }

    /// The region.
    pub fn id(&self) -> RegionId {
        let bytes: Vec<u8> = self.words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut first = [0; 16];
        first.copy_from_slice(&Sha256::digest(bytes)[..16]);
        RegionId(u128::from_be_bytes(first))
    }

    /// Number of units that chose another piece in another pattern of the same network.
    pub fn distance(&self, other: &Self) -> usize {
        let spans = self.layout.spans().iter();
        spans.map(|span| span.different(&self.words, &other.words)).sum()
    }

    /// The same node by node.
    pub fn agreement(&self, other: &Self) -> Vec<Agreement> {
        let spans = self.layout.spans().iter().map(|span| {
            let units = span.units.len();
            let equal = units - span.different(&self.words, &other.words);
            Agreement { node: span.node, units, equal }
        });
        spans.collect()
    }

    /// Where another pattern of the same network has other pieces, in the order of the units.
    pub fn facets_to(&self, other: &Self) -> Vec<Facet> {
        self.layout.facets(&self.words, &other.words)
    }

    /// The pattern on the other side of facets.
    pub fn beyond(&self, facets: &[Facet]) -> Self {
        let mut words = self.words.clone();
        for facet in facets {
            if let Some(span) = self.layout.at(facet.node) {
                span.set(&mut words, facet.unit, facet.rival);
            }
        }
        Self { layout: self.layout.clone(), words }
    }

    /// Bytes that the pieces take.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.words)
    }

    pub(super) fn words(&self) -> &[u64] {
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

/// Reads the patterns of points.
///
/// They are those of the network's own precision: where rounding may take a unit to the other side
/// of zero, they may depend on device and batch, otherwise on neither.
#[derive(Clone, Debug)]
pub struct Patterns {
    network: Network,
    layout: Arc<Layout>,
    batch: usize,
}

impl Patterns {
    /// A reader that computes where the network is placed.
    pub fn new(network: &Network) -> Self {
        let layout = Arc::new(Layout::of(network));
        let bytes = 4 * network.widest() * network.target().precision().bytes();
        let batch = (MEMORY / bytes.max(1)).clamp(1, 1024);
        Self { network: network.clone(), layout, batch }
    }

    /// The same reader with so many points at a time, at least one.
    pub fn with_batch(self, batch: usize) -> Self {
        Self { batch: batch.max(1), ..self }
    }

    /// Number of units with more than one piece.
    pub fn units(&self) -> usize {
        self.layout.units()
    }

    pub(super) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The patterns of points `[points, features]`, row by row.
    ///
    /// # Errors
    /// No points, or values that are not whole points.
    pub fn of<E: Element>(&self, points: &[E]) -> Result<Vec<Pattern>, Error> {
        let mut patterns = Vec::new();
        self.visit(points, |pattern| patterns.push(pattern))?;
        Ok(patterns)
    }

    /// The regions of points `[points, features]`, row by row.
    ///
    /// # Errors
    /// No points, or values that are not whole points.
    pub fn ids<E: Element>(&self, points: &[E]) -> Result<Vec<RegionId>, Error> {
        let mut ids = Vec::new();
        self.batches(points, |patterns| ids.par_extend(patterns.into_par_iter().map(|p| p.id())))?;
        Ok(ids)
    }

    /// Shows the patterns of points `[points, features]` one after the other. No more than a batch
    /// of them is in memory at a time.
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
                span.pack_all(&span.choice.numbers(&piece), &mut words, width);
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
