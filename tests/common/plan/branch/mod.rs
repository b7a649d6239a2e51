//! Branches that read one value, and the ways to join them.

mod draw;
pub(crate) mod layer;
pub(crate) mod loops;

use super::affine::replaced;
use super::{Extremum, Shape, Step, output};

/// Lists of steps that read one value. An empty list returns the value.
#[derive(Clone, Debug)]
pub(crate) struct Fork {
    pub(crate) branches: Vec<Vec<Step>>,
    pub(crate) join: Join,
}

#[derive(Clone, Debug)]
pub(crate) enum Join {
    /// The sum of two branches. Values along extents of 1 are repeated.
    Sum,
    /// The first branch minus the second one. Values along extents of 1 are repeated.
    Difference,
    /// The extremum of two branches, value by value.
    Extremum(Extremum),
    Concat {
        axis: usize,
    },
    /// Joins along a new axis. With `over`, the extremum over this axis is taken.
    Stack {
        axis: usize,
        over: Option<Extremum>,
    },
}

impl Fork {
    pub(super) fn output(&self, input: &[usize]) -> Shape {
        let shapes: Vec<Shape> = self.branches.iter().map(|branch| output(branch, input)).collect();
        self.join.output(&shapes)
    }
}

impl Join {
    pub(crate) fn output(&self, shapes: &[Shape]) -> Shape {
        let first = &shapes[0];
        match self {
            Self::Sum | Self::Difference | Self::Extremum(_) => {
                first.iter().zip(&shapes[1]).map(|(&a, &b)| a.max(b)).collect()
            }
            Self::Concat { axis } => {
                replaced(first, *axis, shapes.iter().map(|shape| shape[*axis]).sum())
            }
            Self::Stack { axis, over } => {
                let extent = if over.is_some() { 1 } else { shapes.len() };
                [&first[..*axis], &[extent], &first[*axis..]].concat()
            }
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Difference => "difference",
            Self::Extremum(Extremum::Greatest) => "max of two",
            Self::Extremum(Extremum::Least) => "min of two",
            Self::Concat { .. } => "concatenation",
            Self::Stack { over: None, .. } => "stack",
            Self::Stack { over: Some(Extremum::Greatest), .. } => "max over a stack",
            Self::Stack { over: Some(Extremum::Least), .. } => "min over a stack",
        }
    }
}
