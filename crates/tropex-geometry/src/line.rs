//! Lines through regions, from one to the next.

use std::sync::Arc;

use burn::tensor::{Tensor, TensorData};
use rayon::prelude::*;

use super::beyond::{Beyond, resolution, scale};
use super::layout::{Layout, Span};
use super::{Facet, Pattern};
use crate::Error;
use tropex_extract::Network;
use tropex_extract::network::{Jet, Node};
use tropex_extract::ops::{Piece, feature_difference};
use tropex_kernels::{ComputeTarget, Precision};

/// Bytes that the values of a batch of lines take, about.
const MEMORY: usize = 256 << 20;

/// The points `from + t * direction` for `t` from 0 to `until`, which may be infinite.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    pub(super) from: &'a [f64],
    pub(super) direction: &'a [f64],
    pub(super) until: f64,
}

/// The part of a line that lies in one region, where everything is affine in the position `t`.
#[derive(Debug)]
pub struct Stretch<'a> {
    /// Where it begins.
    pub from: f64,
    /// Where it ends; infinite if a ray stays in the region for ever.
    pub to: f64,
    /// What was crossed where it begins: each with the piece of this region. None at the start of a
    /// line.
    pub facets: &'a [Facet],
    /// The logits at `t = 0` if the region reached back to it.
    pub logits: &'a [f64],
    /// The derivatives of the logits by `t`.
    pub slopes: &'a [f64],
    /// The scale of the line.
    pub(super) scale: f64,
    /// The pieces of all units.
    numbers: &'a [u32],
    layout: &'a Arc<Layout>,
}

impl Stretch<'_> {
    /// The pattern of the region.
    pub fn pattern(&self) -> Pattern {
        Pattern::new(self.layout, self.numbers)
    }
}

/// Walks lines, many at a time.
#[derive(Clone, Debug)]
pub(super) struct Walker {
    network: Network,
    layout: Arc<Layout>,
    batch: usize,
}

/// A line on its way.
struct Walked<'a> {
    index: usize,
    line: Line<'a>,
    /// The scale of the line.
    scale: f64,
    at: f64,
    /// None before the first region.
    numbers: Option<Vec<u32>>,
}

/// What a step finds out about a line.
struct Found {
    numbers: Vec<u32>,
    next: f64,
}

impl Walker {
    /// Computes in f64, whatever the network's own precision.
    pub(crate) fn new(network: &Network) -> Result<Self, Error> {
        let target = ComputeTarget::in_f64(network.target().device())?;
        let bytes = size_of::<f64>() * (8 * network.widest() + network.units());
        Ok(Self {
            network: network.to_target(&target),
            layout: Arc::new(Layout::of(network)),
            batch: (MEMORY / bytes.max(1)).clamp(1, 256),
        })
    }

    pub(super) fn with_batch(self, batch: usize) -> Self {
        Self { batch: batch.max(1), ..self }
    }

    pub(super) fn network(&self) -> &Network {
        &self.network
    }

    /// Shows every stretch of every line, by the line's number and in order along it. A line ends
    /// where it is told to, or as soon as `visit` says so by returning false. One pass through the
    /// network takes each line of a batch through one region.
    pub(super) fn walk<'a>(
        &self,
        lines: impl IntoIterator<Item = Line<'a>>,
        mut visit: impl FnMut(usize, &Stretch<'_>) -> bool,
    ) -> Result<(), Error> {
        let mut waiting = lines.into_iter().enumerate();
        let mut walked: Vec<Walked<'_>> = Vec::new();
        loop {
            let free = self.batch - walked.len();
            let further = waiting.by_ref().take(free);
            walked.extend(further.map(|(index, line)| Walked::new(index, line)));
            if walked.is_empty() {
                return Ok(());
            }
            let (found, logits) = self.pass(&walked)?;
            let classes = self.network.classes();
            let mut lines = found.into_iter().zip(logits);
            walked.retain_mut(|walked| {
                let Some((found, logits)) = lines.next() else { return false };
                let (logits, slopes) = logits.split_at(classes);
                walked.enter(found, &self.layout, logits, slopes, &mut visit)
            });
        }
    }

    /// Takes all lines through the network in their regions just beyond where they are. Returns
    /// what was found and, for every line, its logits and their slopes.
    fn pass(&self, walked: &[Walked<'_>]) -> Result<(Vec<Found>, Vec<Vec<f64>>), Error> {
        let units = self.layout.units();
        let new = || Found { numbers: vec![0; units], next: f64::INFINITY };
        let mut found: Vec<Found> = walked.iter().map(|_| new()).collect();
        let input = Jet {
            values: self.tensor(walked.iter().map(|walked| walked.line.from)),
            derivatives: self.tensor(walked.iter().map(|walked| walked.line.direction)),
        };
        let logits = self.network.forward(input, |index, node, inputs| {
            let span = self.layout.at(index);
            let piece = span.map(|span| self.choose(span, &inputs[0], walked, &mut found));
            push(node, inputs, piece)
        });
        let (values, slopes) = (host(logits.values), host(logits.derivatives));
        if !values.iter().chain(&slopes).all(|number| number.is_finite()) {
            let what = "a logit along a line".into();
            return Err(tropex_extract::Error::Overflow { what, precision: Precision::F64 }.into());
        }
        let classes = self.network.classes();
        let rows = values.chunks_exact(classes).zip(slopes.chunks_exact(classes));
        Ok((found, rows.map(|(values, slopes)| [values, slopes].concat()).collect()))
    }

    /// The pieces that a node's units have just beyond where the lines are, and how far that lasts.
    fn choose(
        &self,
        span: &Span,
        input: &Jet,
        walked: &[Walked<'_>],
        found: &mut [Found],
    ) -> Piece {
        let (values, slopes) = (host(input.values.clone()), host(input.derivatives.clone()));
        let width = values.len() / walked.len();
        let rows = values.par_chunks_exact(width).zip(slopes.par_chunks_exact(width));
        let mut numbers = vec![0; span.units.len() * walked.len()];
        let lines = numbers.par_chunks_exact_mut(span.units.len()).zip(walked).zip(found).zip(rows);
        lines.for_each(|(((numbers, walked), found), (values, slopes))| {
            let beyond = Beyond::of(walked.at, walked.scale, values, slopes);
            span.choice.choose(numbers, |feature, other| {
                let of = |features: &[f64]| feature_difference(features, feature, other);
                beyond.is_above(of(values), of(slopes))
            });
            span.choice.visit_gaps(numbers, |gap| {
                found.next = found.next.min(beyond.end(gap.of(values), gap.of(slopes)));
            });
            found.numbers[span.units.clone()].copy_from_slice(numbers);
        });
        span.choice.piece(&numbers, self.network.target())
    }

    fn tensor<'b>(&self, rows: impl ExactSizeIterator<Item = &'b [f64]>) -> Tensor<2> {
        let shape = [rows.len(), self.network.features()];
        self.network.target().tensor(TensorData::new(rows.collect::<Vec<_>>().concat(), shape))
    }
}

impl<'a> Walked<'a> {
    fn new(index: usize, line: Line<'a>) -> Self {
        let scale = scale(line.from, line.direction);
        Self { index, line, scale, at: 0.0, numbers: None }
    }

    /// Enters the region just beyond and shows the stretch in it; says whether the line goes on.
    fn enter(
        &mut self,
        found: Found,
        layout: &Arc<Layout>,
        logits: &[f64],
        slopes: &[f64],
        visit: &mut impl FnMut(usize, &Stretch<'_>) -> bool,
    ) -> bool {
        let facets = match &self.numbers {
            None => Vec::new(),
            Some(before) => layout.changes(before, &found.numbers),
        };
        let ends = found.next + resolution(found.next, self.scale) >= self.line.until;
        let to = if ends { self.line.until } else { found.next };
        let (facets, numbers, scale) = (&facets, &found.numbers, self.scale);
        let stretch = Stretch { from: self.at, to, facets, logits, slopes, scale, numbers, layout };
        let goes_on = visit(self.index, &stretch) && !ends;
        self.at = to;
        self.numbers = Some(found.numbers);
        goes_on
    }
}

/// A node in its affine piece: the one chosen for it, or its only one.
fn push(node: &Node, inputs: Vec<Jet>, piece: Option<Piece>) -> Jet {
    let (values, derivatives): (Vec<_>, Vec<_>) =
        inputs.into_iter().map(|jet| (jet.values, jet.derivatives)).unzip();
    match piece {
        // Maxima have no offset.
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

/// The numbers of a tensor in f64.
pub(super) fn host(tensor: Tensor<2>) -> Vec<f64> {
    tensor.into_data().try_into_vec().expect("the geometry of regions is computed in f64")
}
