//! Normalisations that are affine once a model is trained.

use crate::array::Array;
use crate::constant::{HostTensor, NumberKind};
use crate::error::OpError;
use crate::op_args::{OpArgs, OpOutputs};

/// `BatchNormalization` with the mean and variance of training.
pub(super) fn batch_norm(args: &OpArgs) -> Result<OpOutputs, OpError> {
    args.ignore(&["momentum", "is_test"]);
    if args.flag("training_mode")? || args.wants(1) {
        return Err("it normalises by the mean of the batch as in training; export the model for \
                    inference"
            .into());
    }
    if args.attributes.int("spatial")?.unwrap_or(1) == 0 {
        return Err(
            "it normalises every cell by itself (`spatial` = 0), which is not supported".into()
        );
    }
    let epsilon = args.attributes.float("epsilon")?.unwrap_or(1e-5);
    let shape = args.shape(0)?;
    let channels = *shape.get(1).ok_or_else(|| format!("its input has shape {shape:?}"))?;
    let parameter = |index: usize| -> Result<Array, OpError> {
        if args.depends(index) {
            args.refuse("its parameters depend on the input");
        }
        match args.shape(index)?[..] {
            [count] if count == channels => args.array(index),
            _ => Err(format!("parameters {:?} for {channels} channels", args.shape(index)?).into()),
        }
    };
    let parameters = [parameter(1)?, parameter(2)?, parameter(3)?, parameter(4)?];
    Ok(args.array(0)?.batch_norm(parameters, epsilon).into())
}

/// `Scaler` of classical machine learning: `(x - offset) * scale`, feature by feature.
pub(super) fn scaler(args: &OpArgs) -> Result<OpOutputs, OpError> {
    let array = args.array(0)?;
    let parameter = |name, otherwise: f32| -> Result<Array, OpError> {
        let numbers = args.attributes.floats(name)?.map_or(vec![otherwise], <[f32]>::to_vec);
        let numbers: Vec<f64> = numbers.into_iter().map(f64::from).collect();
        Array::of(
            &HostTensor::new(vec![numbers.len()], numbers, NumberKind::Float),
            &array.options(),
        )
    };
    let (offset, scale) = (parameter("offset", 0.0)?, parameter("scale", 1.0)?);
    Ok(array.clone().with_kind(NumberKind::Float).sub(offset)?.mul(scale)?.into())
}
