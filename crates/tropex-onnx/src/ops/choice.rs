//! Comparisons, logic, and choices by them.

use burn::backend::Dispatch;
use burn::backend::ops::BoolTensorOps;

use crate::array::ComparisonOp;
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs};

macro_rules! comparisons {
    ($($name:ident: $comparison:ident),+ $(,)?) => {$(
        pub(super) fn $name(args: &OpArgs) -> Result<OpOutputs, OpError> {
            let dtype = args.options.dtype;
            let [left, right] = [args.array(0)?, args.array(1)?].map(|side| side.into_floats(dtype));
            Ok(left.compare(right, ComparisonOp::$comparison)?.into())
        }
    )+};
}

comparisons! {
    greater: Greater,
    greater_or_equal: GreaterOrEqual,
    less: Less,
    less_or_equal: LessOrEqual,
    equal: Equal,
}

macro_rules! logic {
    ($($name:ident: $operation:expr),+ $(,)?) => {$(
        pub(super) fn $name(args: &OpArgs) -> Result<OpOutputs, OpError> {
            Ok(args.array(0)?.logic(args.array(1)?, $operation)?.into())
        }
    )+};
}

logic! {
    and: Dispatch::bool_and,
    or: Dispatch::bool_or,
    xor: Dispatch::bool_xor,
}

pub(super) fn not(args: &OpArgs) -> Result<OpOutputs, OpError> {
    Ok(args.array(0)?.not().into())
}

/// `Where`: the second input where the first one is true, and the third one elsewhere.
///
/// A choice by a comparison of values that depend on the input is continuous only if it is a
/// maximum or a minimum. The caller must check this.
pub(super) fn choose(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let dtype = args.options.dtype;
    let [chosen, other] = [args.array(1)?, args.array(2)?].map(|side| side.into_floats(dtype));
    Ok(chosen.choose(args.array(0)?, other)?.into())
}
