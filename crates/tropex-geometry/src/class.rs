//! Where the predicted class changes along a line.

use std::ops::ControlFlow;

use super::beyond::Beyond;
use super::line::Stretch;
use tropex_extract::network::argmax;

/// A change of the predicted class along a ray: a point of the decision boundary.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassChange {
    /// The position.
    pub at: f64,
    /// The class before.
    pub from: usize,
    /// The class beyond.
    pub to: usize,
}

/// Looks at the stretches of a ray until the class changes.
#[derive(Clone, Debug)]
pub(super) struct ClassWatch {
    classes: usize,
    predicted: Option<usize>,
    change: Option<ClassChange>,
}

impl ClassWatch {
    pub(super) fn new(classes: usize) -> Self {
        Self { classes, predicted: None, change: None }
    }

    /// The change, if there was one.
    pub(super) fn found(self) -> Option<ClassChange> {
        self.change
    }

    /// Looks at the next stretch; breaks off at a change.
    pub(super) fn look(&mut self, stretch: &Stretch<'_>) -> ControlFlow<()> {
        // The class at the very start: beyond it another one may lead of several that are equal.
        let from = *self.predicted.get_or_insert_with(|| argmax(stretch.logits));
        let change = |at, to| Some(ClassChange { at, from, to });
        let leader = self.leader(stretch, stretch.from);
        self.change = if leader != from {
            change(stretch.from, leader)
        } else {
            let beyond = Beyond::of(stretch.from, stretch.scale, stretch.logits, stretch.slopes);
            let overtaking = (0..self.classes).map(|class| {
                let [gap, slope] = lead(stretch, from, class);
                (beyond.end(gap, slope), class)
            });
            let first = overtaking.min_by(|(at, _), (other, _)| at.total_cmp(other));
            let first = first.filter(|(at, _)| *at < stretch.to);
            first.and_then(|(at, class)| {
                let leader = self.leader(stretch, at);
                change(at, if leader == from { class } else { leader })
            })
        };
        if self.change.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// The class that is ahead just beyond a position, the first of several.
    fn leader(&self, stretch: &Stretch<'_>, at: f64) -> usize {
        let beyond = Beyond::of(at, stretch.scale, stretch.logits, stretch.slopes);
        let ahead = |best, class| {
            let [gap, slope] = lead(stretch, class, best);
            if beyond.is_above(gap, slope) { class } else { best }
        };
        (0..self.classes).fold(0, ahead)
    }
}

/// How far a class is ahead of another at position 0, and how fast that grows.
fn lead(stretch: &Stretch<'_>, class: usize, other: usize) -> [f64; 2] {
    [stretch.logits, stretch.slopes].map(|numbers| numbers[class] - numbers[other])
}
