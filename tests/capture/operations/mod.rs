//! Every operation alone, with each of its options. A network of this operation must have all
//! properties of random networks; for example, its values and rows equal those of a plain loop.

mod affine;
mod arithmetic;
mod branch;
mod calls;
mod maximum;
mod rearrange;
mod window;

use crate::common::networks::Case;
use crate::common::plan::{Affine, Ending, Operand, Operator, Plan, Rearrange, Step, output};
use crate::common::properties::{Measured, Property};
use crate::extraction::PROPERTIES;

/// Tests all properties on a network of the given steps. All values of the last step are logits.
#[track_caller]
fn holds(input: &[usize], steps: impl IntoIterator<Item = Step>) {
    holds_some(input, steps, PROPERTIES.iter());
}

/// Tests some of the properties.
#[track_caller]
fn holds_some<'a>(
    input: &[usize],
    steps: impl IntoIterator<Item = Step>,
    properties: impl Iterator<Item = &'a Property>,
) {
    let mut steps: Vec<Step> = steps.into_iter().collect();
    let shape = output(&steps, input);
    if shape.len() > 1 {
        steps.push(Rearrange::Flatten { first: 0, last: shape.len() - 1 }.into());
    }
    let plan = Plan {
        seed: 0,
        input: input.to_vec(),
        steps,
        classes: shape.iter().product(),
        ending: Ending::Logits,
        exact: false,
    };
    let case = Case::new(plan);
    for property in properties {
        if let Err(reason) = (property.check)(&case, &mut Measured::default()) {
            panic!("{}: {reason}\n{:?}", property.name, case.plan);
        }
    }
}

/// Numbers in [-0.5, 0.5] that look random, none of them zero.
fn numbers(count: usize) -> Vec<f64> {
    (1..=count).map(|index| f64::from((index as f32 * 0.618_034).fract() - 0.5)).collect()
}

/// A step that multiplies by a number.
fn times(factor: f64) -> Step {
    let operand = Operand::Number(factor);
    Affine::Arithmetic { operator: Operator::Multiply, operand }.into()
}
