//! Activations.

use burn::backend::Dispatch;
use burn::backend::ops::ActivationOps;

use super::reasons::JUMPS;
use crate::array::{Array, ComparisonOp};
use crate::constant::{HostTensor, NumberKind};
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs, axis};

pub(super) fn identity(args: &OpArgs) -> Result<OpOutputs, OpError> {
    Ok(args.array(0)?.into())
}

/// `Dropout`. In a model in use, it has no effect.
pub(super) fn dropout(args: &OpArgs) -> Result<OpOutputs, OpError> {
    args.ignore(&["ratio", "seed", "is_test"]);
    let trains = args.optional_constant(2)?.map(|constant| constant.number()).transpose()?;
    let ratio = args.optional_constant(1)?.map(|constant| constant.number()).transpose()?;
    if trains.is_some_and(|trains| trains != 0.0) && ratio != Some(0.0) {
        return Err("it draws at random as in training; export the model for inference".into());
    }
    let mut outputs = OpOutputs::from(args.array(0)?);
    if args.wants(1) {
        let shape = args.shape(0)?;
        args.allow(&shape)?;
        let all = vec![1.0; shape.iter().product()];
        outputs.0.extend(OpOutputs::from(HostTensor::new(shape, all, NumberKind::Bool)).0);
    }
    Ok(outputs)
}

pub(super) fn relu(args: &OpArgs) -> Result<OpOutputs, OpError> {
    Ok(args.array(0)?.relu().into())
}

pub(super) fn leaky_relu(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let slope = args.attributes.float("alpha")?.unwrap_or(0.01);
    Ok(args.array(0)?.leaky_relu(slope).into())
}

pub(super) fn prelu(args: &OpArgs) -> Result<OpOutputs, OpError> {
    if args.depends(1) {
        args.refuse("its slopes depend on the input, which makes it a product");
    }
    Ok(args.array(0)?.prelu(args.array(1)?)?.into())
}

/// `Clip` between two limits: attributes before version 11, inputs since.
pub(super) fn clip(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let limit = |index: usize, name, otherwise: f64| -> Result<f64, OpError> {
        let attribute = args.attributes.float(name)?;
        let input = args.optional_constant(index)?.map(|constant| constant.number()).transpose()?;
        Ok(input.or(attribute).unwrap_or(otherwise))
    };
    let (floor, ceiling) = (limit(1, "min", f64::NEG_INFINITY)?, limit(2, "max", f64::INFINITY)?);
    if floor.is_nan() || ceiling.is_nan() {
        return Err("one of its limits is not a number".into());
    }
    Ok(args.array(0)?.clamp(floor, ceiling).into())
}

pub(super) fn hard_sigmoid(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let alpha = args.attributes.float("alpha")?.unwrap_or(0.2);
    let beta = args.attributes.float("beta")?.unwrap_or(0.5);
    Ok(args.array(0)?.hard_sigmoid(alpha, beta).into())
}

/// `ThresholdedRelu`: `x` above a threshold, else 0. It is continuous for the threshold 0, where it
/// is ReLU.
pub(super) fn thresholded_relu(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let threshold = args.attributes.float("alpha")?.unwrap_or(1.0);
    let array = args.array(0)?;
    if threshold == 0.0 {
        return Ok(array.relu().into());
    }
    refuse_jump(args);
    let number =
        |number| Array::of(&HostTensor::scalar(number, NumberKind::Float), &array.options());
    let mask = array.clone().compare(number(threshold)?, ComparisonOp::Greater)?;
    Ok(array.clone().choose(mask, number(0.0)?)?.into())
}

/// `Shrink`: `x + bias` below `-lambd`, `x - bias` above `lambd`, else 0. It is continuous if
/// `bias` equals `lambd`: `relu(x - bias) - relu(-x - bias)`.
pub(super) fn shrink(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let bias = args.attributes.float("bias")?.unwrap_or(0.0);
    let limit = args.attributes.float("lambd")?.unwrap_or(0.5);
    let array = args.array(0)?;
    if bias == limit && limit >= 0.0 {
        let above = array.clone().add_number(-bias).relu();
        let below = array.mul_number(-1.0).add_number(-bias).relu();
        return Ok(above.sub(below)?.into());
    }
    refuse_jump(args);
    let number =
        |number| Array::of(&HostTensor::scalar(number, NumberKind::Float), &array.options());
    let above = array.clone().compare(number(limit)?, ComparisonOp::Greater)?;
    let below = array.clone().compare(number(-limit)?, ComparisonOp::Less)?;
    let inner = array.clone().add_number(bias).choose(below, number(0.0)?)?;
    Ok(array.clone().add_number(-bias).choose(above, inner)?.into())
}

fn refuse_jump(args: &OpArgs) {
    if args.depends(0) {
        args.refuse(JUMPS);
    }
}

pub(super) fn sigmoid(args: &OpArgs) -> Result<OpOutputs, OpError> {
    Ok(args.array(0)?.through(Dispatch::sigmoid)?.into())
}

pub(super) fn softmax(args: &OpArgs) -> Result<OpOutputs, OpError> {
    along_classes(args, Array::softmax)
}

pub(super) fn log_softmax(args: &OpArgs) -> Result<OpOutputs, OpError> {
    along_classes(args, Array::log_softmax)
}

/// Along one axis since version 13; before, over all axes from a given one on.
fn along_classes(args: &OpArgs, softmax: fn(Array, usize) -> Array) -> Result<OpOutputs, OpError> {
    let shape = args.shape(0)?;
    let is_old = args.opset < 13;
    let at =
        axis(args.attributes.int("axis")?.unwrap_or(if is_old { 1 } else { -1 }), shape.len())?;
    if !is_old {
        return Ok(softmax(args.array(0)?, at).into());
    }
    let matrix = [shape[..at].iter().product(), shape[at..].iter().product()];
    Ok(softmax(args.array(0)?.reshape(&matrix)?, 1).reshape(&shape)?.into())
}
