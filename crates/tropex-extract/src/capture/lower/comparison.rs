//! Lowering of comparisons.

use burn::backend::ir::{BinaryOpIr, NumericOperationIr, ScalarOpIr, TensorIr};

use super::operand::{Operand, number};
use super::{LoweringContext, LoweringError, NOT_SUPPORTED};
use crate::capture::elementwise_function::ElementwiseFunction;
use crate::capture::mask::Mask;

/// Whether an operation is a comparison.
pub(super) fn compares(operation: &NumericOperationIr) -> bool {
    comparison_of(operation).is_some()
}

/// Lowers a comparison to the mask of the sign of a difference.
pub(super) fn compare(
    context: &mut LoweringContext,
    operation: &NumericOperationIr,
) -> Result<(), LoweringError> {
    let Some(InputComparison { tensor, other, sign, strict, out }) = comparison_of(operation)
    else {
        return Err(NOT_SUPPORTED.into());
    };
    let left = Operand::of(context, tensor, out)?;
    let right = match other {
        ComparedOperand::Number(number) => Operand::Constant(vec![number; left.features()]),
        ComparedOperand::Tensor(tensor) => Operand::of(context, tensor, out)?,
    };
    let mask = match (left.form(context), right.form(context)) {
        (Some(left), Some(right)) => {
            let difference = left.plus(-1.0, &right);
            let form = if sign > 0.0 { difference } else { difference.negated() };
            Mask::Positive { form, strict }
        }
        _ => {
            let sides = [left.function(), right.function()];
            Mask::Indicator(ElementwiseFunction::of(sides, move |[left, right]| {
                left.plus(-1.0, right)?.scaled(sign).positive(strict)
            }))
        }
    };
    context.set_mask(out, mask);
    Ok(())
}

/// The operands of a comparison, and the sign of their difference if the comparison is true.
struct InputComparison<'a> {
    tensor: &'a TensorIr,
    other: ComparedOperand<'a>,
    sign: f64,
    strict: bool,
    out: &'a TensorIr,
}

enum ComparedOperand<'a> {
    Number(f64),
    Tensor(&'a TensorIr),
}

fn comparison_of(operation: &NumericOperationIr) -> Option<InputComparison<'_>> {
    use NumericOperationIr as Ir;
    Some(match operation {
        Ir::Greater(op) => between(op, 1.0, true),
        Ir::GreaterEqual(op) => between(op, 1.0, false),
        Ir::Lower(op) => between(op, -1.0, true),
        Ir::LowerEqual(op) => between(op, -1.0, false),
        Ir::GreaterElem(op) => with_number(op, 1.0, true),
        Ir::GreaterEqualElem(op) => with_number(op, 1.0, false),
        Ir::LowerElem(op) => with_number(op, -1.0, true),
        Ir::LowerEqualElem(op) => with_number(op, -1.0, false),
        _ => return None,
    })
}

fn between(op: &BinaryOpIr, sign: f64, strict: bool) -> InputComparison<'_> {
    InputComparison {
        tensor: &op.lhs,
        other: ComparedOperand::Tensor(&op.rhs),
        sign,
        strict,
        out: &op.out,
    }
}

fn with_number(op: &ScalarOpIr, sign: f64, strict: bool) -> InputComparison<'_> {
    InputComparison {
        tensor: &op.lhs,
        other: ComparedOperand::Number(number(op.rhs)),
        sign,
        strict,
        out: &op.out,
    }
}
