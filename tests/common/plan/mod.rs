//! A network as plain data: steps, weights and the shapes between them.
//!
//! Everything about a kind of step is in the folder of its family: its data, output shape and name
//! in `mod.rs`; how it is drawn in `draw.rs`; its Burn layer in `layer.rs`; its computation as
//! plain loops in `loops.rs` (called by `naive.rs` and `reference/lower.rs`).

pub(crate) mod affine;
pub(crate) mod branch;
pub(crate) mod maximum;
pub(crate) mod rearrange;
mod window;

pub(crate) use affine::{
    Affine, AvgPool, BatchNorm, Broadcast, Conv, ConvTranspose, Interpolate, Linear, Matmul,
    Operand, Operator, Side,
};
pub(crate) use branch::{Fork, Join};
pub(crate) use maximum::{Extremum, Masked, MaxPool, Maximum};
pub(crate) use rearrange::{Range, Rearrange};
pub(crate) use window::Window;

/// Shape of one point, without the axis of points: one to four extents, channels first.
pub(crate) type Shape = Vec<usize>;

/// A network from `input` to `classes` logits, drawn from a seed.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) input: Shape,
    pub(crate) steps: Vec<Step>,
    pub(crate) classes: usize,
    pub(crate) ending: Ending,
    /// All numbers are small multiples of negative powers of two. If they have few enough bits,
    /// sums and ties are exact.
    pub(crate) exact: bool,
}

/// The last operation of the module on its logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ending {
    Logits,
    Softmax,
    LogSoftmax,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Affine(Affine),
    Rearrange(Rearrange),
    Maximum(Maximum),
    Fork(Fork),
    /// Layers that are called several times in a row, with one set of weights. They keep the shape.
    Again {
        steps: Vec<Step>,
        times: usize,
    },
}

impl Plan {
    pub(crate) fn features(&self) -> usize {
        self.input.iter().product()
    }

    /// Number of steps, with those in branches.
    pub(crate) fn size(&self) -> usize {
        size(&self.steps)
    }

    /// All plans with one step less and with the input and output shapes of this plan.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let smaller = smaller(&self.steps, &self.input).into_iter();
        let plans = smaller.map(|steps| Self { steps, ..self.clone() });
        plans.filter(|plan| !plan.ends_in_a_temperature()).collect()
    }

    /// Whether the plan ends in a multiplication of all logits by a positive number. A capture
    /// leaves it out.
    pub(crate) fn ends_in_a_temperature(&self) -> bool {
        let last = self.steps.iter().rev().find(|step| !step.only_moves());
        let Some(Step::Affine(Affine::Arithmetic { operator, operand })) = last else {
            return false;
        };
        let multiplies = matches!(operator, Operator::Multiply | Operator::Divide);
        multiplies && operand.numbers().iter().all(|&n| n > 0.0 && n == operand.numbers()[0])
    }
}

impl Step {
    /// Shape of the output for an input of the given shape.
    pub(crate) fn output(&self, input: &[usize]) -> Shape {
        match self {
            Self::Affine(step) => step.output(input),
            Self::Rearrange(step) => step.output(input),
            Self::Maximum(step) => step.output(input),
            Self::Fork(step) => step.output(input),
            Self::Again { .. } => input.to_vec(),
        }
    }

    /// Whether the step does not change values.
    pub(crate) fn only_moves(&self) -> bool {
        matches!(self, Self::Rearrange(_) | Self::Affine(Affine::Dropout))
    }

    /// The name of the kind of step.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Affine(step) => step.name(),
            Self::Rearrange(step) => step.name().into(),
            Self::Maximum(step) => step.name().into(),
            Self::Fork(step) => step.join.name().into(),
            Self::Again { .. } => "again".into(),
        }
    }

    /// Whether the step, or a step inside it, satisfies a condition.
    pub(crate) fn any(&self, kind: &impl Fn(&Self) -> bool) -> bool {
        kind(self) || self.inner().iter().flatten().any(|step| step.any(kind))
    }

    /// The lists of steps inside this step.
    pub(crate) fn inner(&self) -> &[Vec<Step>] {
        match self {
            Self::Fork(fork) => &fork.branches,
            Self::Again { steps, .. } => std::slice::from_ref(steps),
            _ => &[],
        }
    }

    /// This step with another list of steps at an index.
    fn with_inner(&self, index: usize, inner: Vec<Step>) -> Self {
        match self {
            Self::Fork(fork) => {
                let mut branches = fork.branches.clone();
                branches[index] = inner;
                Fork { branches, join: fork.join.clone() }.into()
            }
            Self::Again { times, .. } => Self::Again { steps: inner, times: *times },
            other => other.clone(),
        }
    }
}

macro_rules! into_step {
    ($($family:ident)+) => {
        $(impl From<$family> for Step {
            fn from(step: $family) -> Self {
                Self::$family(step)
            }
        })+
    };
}

into_step!(Affine Rearrange Maximum Fork);

/// The shape after a list of steps.
pub(crate) fn output(steps: &[Step], input: &[usize]) -> Shape {
    steps.iter().fold(input.to_vec(), |shape, step| step.output(&shape))
}

fn size(steps: &[Step]) -> usize {
    let inside = |step: &Step| step.inner().iter().map(|steps| size(steps)).sum::<usize>();
    steps.iter().map(|step| 1 + inside(step)).sum()
}

fn smaller(steps: &[Step], input: &[usize]) -> Vec<Vec<Step>> {
    let mut found = Vec::new();
    let mut shape = input.to_vec();
    for (index, step) in steps.iter().enumerate() {
        let after = step.output(&shape);
        let mut replace = |by: Vec<Step>| {
            found.push([&steps[..index], &by, &steps[index + 1..]].concat());
        };
        if after == shape {
            replace(Vec::new());
        }
        for (at, inner) in step.inner().iter().enumerate() {
            if output(inner, &shape) == after {
                replace(inner.clone());
            }
            for inner in smaller(inner, &shape) {
                replace(vec![step.with_inner(at, inner)]);
            }
        }
        shape = after;
    }
    found
}
