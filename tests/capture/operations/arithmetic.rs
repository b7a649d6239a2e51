//! Arithmetic with constants.

use super::{holds, numbers};
use crate::common::plan::{Affine, Broadcast, Maximum, Operand, Operator, Shape, Step};

const OPERATORS: [Operator; 5] = [
    Operator::Add,
    Operator::Subtract,
    Operator::SubtractFrom,
    Operator::Multiply,
    Operator::Divide,
];

fn arithmetic(operator: Operator, operand: Operand) -> [Step; 2] {
    // With the ReLU above, rows must stay non-negative for factors of both signs.
    [Affine::Arithmetic { operator, operand }.into(), Maximum::Relu.into()]
}

#[test]
fn arithmetic_with_numbers() {
    for operator in OPERATORS {
        for number in [-2.0, 0.25, 1.0] {
            holds(&[2, 3], arithmetic(operator, Operand::Number(number)));
        }
    }
    holds(&[2, 3], arithmetic(Operator::Multiply, Operand::Number(0.0)));
    holds(&[2, 3], arithmetic(Operator::Add, Operand::Number(0.0)));
}

#[test]
fn arithmetic_with_tensors_of_broadcastable_shapes() {
    let shapes: [(Shape, Vec<Shape>); 4] = [
        (vec![3], vec![vec![3], vec![1]]),
        (vec![2, 3], vec![vec![2, 3], vec![1, 3], vec![2, 1], vec![1, 1]]),
        (vec![2, 2, 3], vec![vec![2, 2, 3], vec![2, 1, 1], vec![1, 2, 1], vec![1, 1, 3]]),
        (vec![2, 1, 2, 2], vec![vec![2, 1, 1, 1], vec![1, 1, 2, 2]]),
    ];
    for (shape, constants) in shapes {
        for (extents, operator) in
            constants.iter().flat_map(|extents| OPERATORS.map(|operator| (extents, operator)))
        {
            let values = numbers(extents.iter().product());
            let constant = Broadcast { extents: extents.clone(), values };
            holds(&shape, arithmetic(operator, Operand::Tensor(constant)));
        }
    }
}
