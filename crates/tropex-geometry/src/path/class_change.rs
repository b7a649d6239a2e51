//! Changes of the predicted class along a line.

use std::ops::ControlFlow;

use super::region_walker::RegionSegment;
use super::tie_break::TieBreak;
use tropex_extract::network::argmax;

/// A change of the predicted class along a ray: a point of the decision boundary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassChange {
    /// The position on the ray.
    pub at: f64,
    /// The class before.
    pub from: usize,
    /// The class after.
    pub to: usize,
}

/// Searches the segments of a ray for the first change of the class.
#[derive(Clone, Debug)]
pub(super) struct ClassChangeSearch {
    classes: usize,
    predicted: Option<usize>,
    change: Option<ClassChange>,
}

impl ClassChangeSearch {
    pub(super) fn new(classes: usize) -> Self {
        Self { classes, predicted: None, change: None }
    }

    /// The change, if there was one.
    pub(super) fn change(self) -> Option<ClassChange> {
        self.change
    }

    /// Searches the next segment. Breaks at a change.
    pub(super) fn visit(&mut self, segment: &RegionSegment<'_>) -> ControlFlow<()> {
        // At the start, the first of several equal logits wins. Just after the start, another one
        // may be larger.
        let from = *self.predicted.get_or_insert_with(|| argmax(segment.logits));
        let change = |at, to| Some(ClassChange { at, from, to });
        let leader = self.leader(segment, segment.from);
        self.change = if leader != from {
            change(segment.from, leader)
        } else {
            let ties = tie_break(segment, segment.from);
            let overtaking = (0..self.classes).map(|class| {
                let [gap, slope] = lead(segment, from, class);
                (ties.root(gap, slope), class)
            });
            let first = overtaking.min_by(|(at, _), (other, _)| at.total_cmp(other));
            let first = first.filter(|(at, _)| *at < segment.to);
            first.and_then(|(at, class)| {
                let leader = self.leader(segment, at);
                change(at, if leader == from { class } else { leader })
            })
        };
        if self.change.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// The class with the largest logit just after a position. On ties the first one.
    fn leader(&self, segment: &RegionSegment<'_>, at: f64) -> usize {
        let ties = tie_break(segment, at);
        let larger = |best, class| {
            let [gap, slope] = lead(segment, class, best);
            if ties.is_positive(gap, slope) { class } else { best }
        };
        (0..self.classes).fold(0, larger)
    }
}

fn tie_break(segment: &RegionSegment<'_>, at: f64) -> TieBreak {
    TieBreak::new(at, segment.scale, segment.logits, segment.slopes)
}

/// The difference of the logits of two classes at position 0, and its slope.
fn lead(segment: &RegionSegment<'_>, class: usize, other: usize) -> [f64; 2] {
    [segment.logits, segment.slopes].map(|numbers| numbers[class] - numbers[other])
}
