//! Lowers steps to affine maps and maxima. The rules are those of the library, so that rows and
//! shifts can be compared, not only values.

use super::Map;
use crate::common::naive;
use crate::common::plan::Step;
use crate::common::plan::branch::loops::joined;
use crate::common::plan::maximum::loops::maximum;

/// The maps of a list of steps on one point of a shape.
pub(crate) fn maps(steps: &[Step], input: &[usize]) -> Vec<Map> {
    let mut shape = input.to_vec();
    let mut result = Vec::new();
    for step in steps {
        match step {
            Step::Maximum(step) => result.extend(maximum(step, &shape)),
            Step::Fork(fork) => result.extend(joined(fork, &shape)),
            Step::Again { steps, times } => {
                (0..*times).for_each(|_| result.extend(maps(steps, &shape)));
            }
            affine => result.extend(naive::matrix(affine, &shape).map(Map::Affine)),
        }
        shape = step.output(&shape);
    }
    result
}
