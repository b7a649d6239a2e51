//! Walks along lines from one region to the next.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::tie_break::{TieBreak, resolution, scale};
use crate::pattern::layout::{NodeSpan, PatternLayout};
use crate::tensor::to_host;
use crate::{Error, Facet, Pattern};
use tropex_extract::Network;
use tropex_extract::network::{Jet, Node};
use tropex_extract::ops::{Piece, feature_difference};
use tropex_kernels::{ComputeTarget, Precision};

/// Approximate size in bytes of the values of a batch of lines.
const MEMORY: usize = 256 << 20;

/// The points `from + t * direction` for `t` from 0 to `until`, which may be infinite.
#[derive(Clone, Debug)]
pub(super) struct Ray<'a> {
    pub(super) from: &'a [f64],
    pub(super) direction: &'a [f64],
    pub(super) until: f64,
}

/// The part of a line that lies in one region. All values are affine in the position `t` there.
#[derive(Debug)]
#[non_exhaustive]
pub struct RegionSegment<'a> {
    /// The position of its start.
    pub from: f64,
    /// The position of its end, infinite if a ray never leaves the region.
    pub to: f64,
    /// The facets crossed at its start, each with the piece of this region. Empty at the start of
    /// the line.
    pub facets: &'a [Facet],
    /// The logits of the affine map of this region at `t = 0`.
    pub logits: &'a [f64],
    /// The derivatives of the logits by `t`.
    pub slopes: &'a [f64],
    /// The scale of the line.
    pub(super) scale: f64,
    /// The pieces of all units.
    pieces: &'a [u32],
    layout: &'a Arc<PatternLayout>,
}

impl RegionSegment<'_> {
    /// The pattern of the region.
    pub fn pattern(&self) -> Pattern {
        Pattern::new(self.layout, self.pieces)
    }
}

/// Walks along many lines at a time.
#[derive(Clone, Debug)]
pub(super) struct RegionWalker {
    network: Network,
    layout: Arc<PatternLayout>,
    batch: usize,
}

/// A line and the position that the walk has reached on it.
struct RayState<'a> {
    index: usize,
    ray: Ray<'a>,
    /// The scale of the line.
    scale: f64,
    at: f64,
    /// The pieces of all units. `None` before the first region.
    pieces: Option<Vec<u32>>,
}

/// The region just after a position.
struct NextRegion {
    /// The pieces of all units.
    pieces: Vec<u32>,
    /// The position where the region ends.
    end: f64,
}

impl RegionWalker {
    /// A walker in f64, for networks of any precision.
    pub(super) fn new(network: &Network) -> Result<Self, Error> {
        let target = ComputeTarget::in_f64(network.target().device())?;
        let bytes = size_of::<f64>() * (8 * network.widest() + network.units());
        Ok(Self {
            network: network.to_target(&target),
            layout: Arc::new(PatternLayout::of(network)),
            batch: (MEMORY / bytes.max(1)).clamp(1, 256),
        })
    }

    pub(super) fn with_batch(self, batch: usize) -> Self {
        Self { batch: batch.max(1), ..self }
    }

    pub(super) fn network(&self) -> &Network {
        &self.network
    }

    /// Calls `visit` with every segment of every line, in order along each line, and the number of
    /// the line. A line ends at its end, or when `visit` returns false. One forward pass takes each
    /// line of a batch through one region.
    pub(super) fn walk<'a>(
        &self,
        rays: impl IntoIterator<Item = Ray<'a>>,
        mut visit: impl FnMut(usize, &RegionSegment<'_>) -> bool,
    ) -> Result<(), Error> {
        let mut waiting = rays.into_iter().enumerate();
        let mut active: Vec<RayState<'_>> = Vec::new();
        loop {
            let free = self.batch - active.len();
            let further = waiting.by_ref().take(free);
            active.extend(further.map(|(index, ray)| RayState::new(index, ray)));
            if active.is_empty() {
                return Ok(());
            }
            let (regions, logits) = self.pass(&active)?;
            let classes = self.network.classes();
            let mut next = regions.into_iter().zip(logits);
            active.retain_mut(|state| {
                let Some((region, logits)) = next.next() else { return false };
                let (logits, slopes) = logits.split_at(classes);
                state.enter(region, &self.layout, logits, slopes, &mut visit)
            });
        }
    }

    /// One forward pass of all lines, each in its region just after its position. Returns these
    /// regions, and for every line its logits followed by their slopes.
    fn pass(&self, states: &[RayState<'_>]) -> Result<(Vec<NextRegion>, Vec<Vec<f64>>), Error> {
        let units = self.layout.units();
        let new = || NextRegion { pieces: vec![0; units], end: f64::INFINITY };
        let mut regions: Vec<NextRegion> = states.iter().map(|_| new()).collect();
        let input = Jet {
            values: self.tensor(states.iter().map(|state| state.ray.from)),
            derivatives: self.tensor(states.iter().map(|state| state.ray.direction)),
        };
        let logits = self.network.forward(input, |index, node, inputs| {
            let span = self.layout.at(index);
            let piece = span.map(|span| self.choose(span, &inputs[0], states, &mut regions));
            push(node, inputs, piece)
        });
        let (values, slopes) = (to_host(logits.values), to_host(logits.derivatives));
        if !values.iter().chain(&slopes).all(|number| number.is_finite()) {
            let what = "a logit along a line".into();
            return Err(tropex_extract::Error::Overflow { what, precision: Precision::F64 }.into());
        }
        let classes = self.network.classes();
        let rows = values.chunks_exact(classes).zip(slopes.chunks_exact(classes));
        Ok((regions, rows.map(|(values, slopes)| [values, slopes].concat()).collect()))
    }

    /// The pieces of a node's units just after the position of each line. Moves the ends of the
    /// regions to where the first of these pieces ends.
    fn choose(
        &self,
        span: &NodeSpan,
        input: &Jet,
        states: &[RayState<'_>],
        regions: &mut [NextRegion],
    ) -> Piece {
        let (values, slopes) = (to_host(input.values.clone()), to_host(input.derivatives.clone()));
        let width = values.len() / states.len();
        let rows = values.par_chunks_exact(width).zip(slopes.par_chunks_exact(width));
        let mut pieces = vec![0; span.units.len() * states.len()];
        let lines =
            pieces.par_chunks_exact_mut(span.units.len()).zip(states).zip(regions).zip(rows);
        lines.for_each(|(((pieces, state), region), (values, slopes))| {
            let ties = TieBreak::new(state.at, state.scale, values, slopes);
            span.rule.choose(pieces, |feature, other| {
                let of = |features: &[f64]| feature_difference(features, feature, other);
                ties.is_positive(of(values), of(slopes))
            });
            span.rule.visit_gaps(pieces, |gap| {
                region.end = region.end.min(ties.root(gap.of(values), gap.of(slopes)));
            });
            region.pieces[span.units.clone()].copy_from_slice(pieces);
        });
        span.rule.piece(&pieces, self.network.target())
    }

    fn tensor<'b>(&self, rows: impl ExactSizeIterator<Item = &'b [f64]>) -> Tensor<2> {
        let shape = [rows.len(), self.network.features()];
        self.network.target().tensor(TensorData::new(rows.collect::<Vec<_>>().concat(), shape))
    }
}

impl<'a> RayState<'a> {
    fn new(index: usize, ray: Ray<'a>) -> Self {
        let scale = scale(ray.from, ray.direction);
        Self { index, ray, scale, at: 0.0, pieces: None }
    }

    /// Enters the next region and visits the segment in it. Returns whether the walk goes on.
    fn enter(
        &mut self,
        region: NextRegion,
        layout: &Arc<PatternLayout>,
        logits: &[f64],
        slopes: &[f64],
        visit: &mut impl FnMut(usize, &RegionSegment<'_>) -> bool,
    ) -> bool {
        let facets = match &self.pieces {
            None => Vec::new(),
            Some(before) => layout.changes(before, &region.pieces),
        };
        let ends = region.end + resolution(region.end, self.scale) >= self.ray.until;
        let to = if ends { self.ray.until } else { region.end };
        let (facets, pieces, scale) = (&facets, &region.pieces, self.scale);
        let segment =
            RegionSegment { from: self.at, to, facets, logits, slopes, scale, pieces, layout };
        let goes_on = visit(self.index, &segment) && !ends;
        self.at = to;
        self.pieces = Some(region.pieces);
        goes_on
    }
}

/// Values and derivatives through a node, in the piece chosen for it or in its only piece.
fn push(node: &Node, inputs: Vec<Jet>, piece: Option<Piece>) -> Jet {
    let (values, derivatives): (Vec<_>, Vec<_>) =
        inputs.into_iter().map(|jet| (jet.values, jet.derivatives)).unzip();
    match piece {
        // A maximum has no constant part, so values are mapped like derivatives.
        Some(piece) => Jet {
            values: node.op().pushforward(values, &piece),
            derivatives: node.op().pushforward(derivatives, &piece),
        },
        None => {
            let (values, piece) = node.op().forward(values);
            Jet { values, derivatives: node.op().pushforward(derivatives, &piece) }
        }
    }
}
