//! Arithmetic on single numbers.

use burn::backend::Dispatch;
use burn::backend::ops::FloatTensorOps;

use crate::array::Array;
use crate::constant::NumberKind;
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs};

const PRODUCT: &str = "a product of two values that both depend on the input is not piecewise \
                       linear; only products with constants are";

pub(super) fn add(args: &OpArgs) -> Result<OpOutputs, OpError> {
    Ok(args.array(0)?.add(args.array(1)?)?.into())
}

pub(super) fn sub(args: &OpArgs) -> Result<OpOutputs, OpError> {
    Ok(args.array(0)?.sub(args.array(1)?)?.into())
}

/// `Mul` of a value with a constant, or with truth values, which choose between the value and 0.
pub(super) fn mul(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let (left, right) = (args.array(0)?, args.array(1)?);
    if args.depends(0)
        && args.depends(1)
        && left.kind != NumberKind::Bool
        && right.kind != NumberKind::Bool
    {
        args.refuse(PRODUCT);
    }
    let dtype = args.options.dtype;
    Ok(left.into_floats(dtype).mul(right.into_floats(dtype))?.into())
}

/// `Div` by a constant. Integers are divided towards zero.
pub(super) fn div(args: &OpArgs) -> Result<OpOutputs, OpError> {
    if args.depends(1) {
        args.refuse("a division by a value that depends on the input is not piecewise linear");
    }
    let (left, right) = (args.array(0)?, args.array(1)?);
    let are_whole = left.kind == NumberKind::Int && right.kind == NumberKind::Int;
    let quotient = left.div(right)?;
    let quotient = if are_whole { quotient.apply(Dispatch::float_trunc) } else { quotient };
    Ok(quotient.into())
}

/// `Mod`: the remainder has the sign of the divisor; with `fmod`, that of the dividend.
pub(super) fn modulo(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let (left, right) = (args.array(0)?, args.array(1)?);
    if !args.flag("fmod")? {
        return Ok(left.remainder(right)?.into());
    }
    let whole = left.clone().div(right.clone())?.apply(Dispatch::float_trunc);
    Ok(left.sub(whole.mul(right)?)?.into())
}

pub(super) fn pow(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let base = args.array(0)?;
    let kind = base.kind;
    Ok(base.pow(args.array(1)?)?.with_kind(kind).into())
}

pub(super) fn sum(args: &OpArgs) -> Result<OpOutputs, OpError> {
    Ok(folded(args, Array::add)?.into())
}

pub(super) fn mean(args: &OpArgs) -> Result<OpOutputs, OpError> {
    Ok(folded(args, Array::add)?.mul_number(1.0 / args.count() as f64).into())
}

pub(super) fn max(args: &OpArgs) -> Result<OpOutputs, OpError> {
    Ok(folded(args, Array::maximum)?.into())
}

pub(super) fn min(args: &OpArgs) -> Result<OpOutputs, OpError> {
    Ok(folded(args, Array::minimum)?.into())
}

fn folded(
    args: &OpArgs,
    operation: fn(Array, Array) -> Result<Array, OpError>,
) -> Result<Array, OpError> {
    let mut arrays = args.arrays()?.into_iter();
    let first = arrays.next().ok_or("it has no input")?;
    arrays.try_fold(first, operation)
}

macro_rules! elementwise {
    ($($name:ident: $function:expr),+ $(,)?) => {$(
        pub(super) fn $name(args: &OpArgs) -> Result<OpOutputs, OpError> {
            Ok(args.array(0)?.through($function)?.into())
        }
    )+};
}

elementwise! {
    abs: Dispatch::float_abs,
    ceil: Dispatch::float_ceil,
    exp: Dispatch::float_exp,
    floor: Dispatch::float_floor,
    log: Dispatch::float_log,
    neg: Dispatch::float_neg,
    reciprocal: Dispatch::float_recip,
    round: Dispatch::float_round,
    sign: Dispatch::float_sign,
    sqrt: Dispatch::float_sqrt,
    tanh: Dispatch::float_tanh,
}
