//! The bits of every unit in a pattern.

use std::ops::Range;

use rayon::prelude::*;

use crate::{Facet, PiecewiseNodes};
use tropex_extract::Network;
use tropex_extract::ops::ActivationRule;

/// The units of a network that have more than one piece, in the order of its nodes, and the 64-bit
/// words that hold their pieces. The pieces of each node begin in a new word.
#[derive(Clone, Debug)]
pub(crate) struct PatternLayout {
    spans: Vec<NodeSpan>,
    words: usize,
    units: usize,
}

/// The units and the words of one node.
#[derive(Clone, Debug)]
pub(crate) struct NodeSpan {
    pub(crate) node: usize,
    pub(crate) rule: ActivationRule,
    /// The numbers of its units among the units of all nodes.
    pub(crate) units: Range<usize>,
    words: Range<usize>,
    /// Bits of a piece.
    width: u32,
}

impl PatternLayout {
    pub(crate) fn of(network: &Network) -> Self {
        let mut layout = Self { spans: Vec::new(), words: 0, units: 0 };
        for (node, rule) in PiecewiseNodes::of(network).nodes() {
            let width = (usize::BITS - (rule.pieces() - 1).leading_zeros()).max(1);
            let words = rule.units().div_ceil(fields(width));
            let span = NodeSpan {
                node,
                rule: rule.clone(),
                units: layout.units..layout.units + rule.units(),
                words: layout.words..layout.words + words,
                width,
            };
            (layout.units, layout.words) = (span.units.end, span.words.end);
            layout.spans.push(span);
        }
        layout
    }

    pub(crate) fn spans(&self) -> &[NodeSpan] {
        &self.spans
    }

    /// The units and words of a node. `None` if the node has only one piece.
    pub(crate) fn at(&self, node: usize) -> Option<&NodeSpan> {
        self.spans.binary_search_by_key(&node, |span| span.node).ok().map(|at| &self.spans[at])
    }

    /// Number of units.
    pub(crate) fn units(&self) -> usize {
        self.units
    }

    /// Number of words of a pattern.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// Packs the pieces of all units of a point into words.
    pub(crate) fn pack(&self, pieces: &[u32]) -> Box<[u64]> {
        let mut words = vec![0; self.words];
        self.spans.iter().for_each(|span| span.pack(&pieces[span.units.clone()], &mut words));
        words.into()
    }

    /// The facets between two patterns that are given as the pieces of all units.
    pub(crate) fn changes(&self, from: &[u32], to: &[u32]) -> Vec<Facet> {
        let facets = self.spans.iter().flat_map(|span| {
            let units = span.units.clone().enumerate();
            let changed = units.filter(|(_, at)| from[*at] != to[*at]);
            changed.map(|(unit, at)| Facet { node: span.node, unit, rival: to[at] })
        });
        facets.collect()
    }

    /// The facets between two patterns that are given as words.
    pub(crate) fn facets(&self, from: &[u64], to: &[u64]) -> Vec<Facet> {
        let mut facets = Vec::new();
        for span in &self.spans {
            for word in span.words.clone().filter(|&word| from[word] != to[word]) {
                let first = (word - span.words.start) * fields(span.width);
                let last = (first + fields(span.width)).min(span.units.len());
                let changed =
                    (first..last).filter(|&unit| span.piece(from, unit) != span.piece(to, unit));
                facets.extend(changed.map(|unit| Facet {
                    node: span.node,
                    unit,
                    rival: span.piece(to, unit),
                }));
            }
        }
        facets
    }
}

impl NodeSpan {
    /// Number of sides of a region that belong to the node: one for every unit, and for a pooling
    /// one for every other cell of its window.
    pub(crate) fn sides(&self) -> usize {
        let mut sides = 0;
        self.rule.visit_gaps(&vec![0; self.units.len()], |_| sides += 1);
        sides
    }

    /// The piece of a unit, which is numbered within the node.
    pub(crate) fn piece(&self, words: &[u64], unit: usize) -> u32 {
        let (word, shift) = self.place(unit);
        (words[word] >> shift & (u64::MAX >> (u64::BITS - self.width))) as u32
    }

    /// Replaces the piece of a unit.
    pub(crate) fn set(&self, words: &mut [u64], unit: usize, piece: u32) {
        let (word, shift) = self.place(unit);
        let mask = u64::MAX >> (u64::BITS - self.width) << shift;
        words[word] = words[word] & !mask | u64::from(piece) << shift;
    }

    fn place(&self, unit: usize) -> (usize, u32) {
        let fields = fields(self.width);
        (self.words.start + unit / fields, (unit % fields) as u32 * self.width)
    }

    /// Writes the pieces of the node's units into the words of a pattern.
    fn pack(&self, pieces: &[u32], words: &mut [u64]) {
        let words = words[self.words.clone()].iter_mut();
        for (word, pieces) in words.zip(pieces.chunks(fields(self.width))) {
            let fields = pieces.iter().enumerate();
            *word = fields.fold(0, |word, (field, &piece)| {
                word | u64::from(piece) << (field as u32 * self.width)
            });
        }
    }

    /// Writes the pieces `[points, units]` of many points into their patterns `[points, words]`.
    pub(crate) fn pack_points(&self, pieces: &[u32], patterns: &mut [u64], words: usize) {
        let points = patterns.par_chunks_exact_mut(words);
        let points = points.zip(pieces.par_chunks_exact(self.units.len()));
        points.for_each(|(pattern, pieces)| self.pack(pieces, pattern));
    }

    /// Number of units with different pieces in two patterns.
    pub(crate) fn different(&self, left: &[u64], right: &[u64]) -> usize {
        let pairs = left[self.words.clone()].iter().zip(&right[self.words.clone()]);
        pairs.map(|(left, right)| self.set_fields(left ^ right)).sum()
    }

    /// Number of pieces in a word that are not zero.
    fn set_fields(&self, word: u64) -> usize {
        let lowest =
            (0..fields(self.width)).fold(0, |bits, field| bits | 1 << (field as u32 * self.width));
        let any = (0..self.width).fold(0, |any, bit| any | word >> bit);
        (any & lowest).count_ones() as usize
    }
}

/// Number of pieces of a width in bits that fit into a word.
fn fields(width: u32) -> usize {
    (u64::BITS / width) as usize
}
