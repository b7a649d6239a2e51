//! Operations on constants alone, computed while capturing.

use burn::backend::ir::{
    BaseOperationIr, FloatOperationIr, ModuleOperationIr, NumericOperationIr, OperationIr, TensorIr,
};
use burn::backend::ops::{FloatTensorOps, ModuleOps};
use burn::backend::{Dispatch, DispatchTensor};
use burn::tensor::{DType, FloatDType, Scalar, TensorData};

use super::context::{Context, Refusal};
use crate::Precision;

type Backend = Dispatch;

/// Computes a constant, in f64 where the device has it.
pub(super) fn evaluate(context: &mut Context, operation: &OperationIr) -> Result<(), Refusal> {
    let operands = Operands { context, dtype: widest(context) };
    let out = operation.outputs().next().ok_or("an operation without an output")?;
    if !context.is_fixed(out) {
        return Err("a constant depends on the number of points; make it broadcast over them, \
                    with extent 1 on the first axis"
            .into());
    }
    let tensor = match operation {
        OperationIr::BaseFloat(operation) => base(&operands, operation),
        OperationIr::NumericFloat(_, operation) => numeric(&operands, operation),
        OperationIr::Float(_, operation) => float(&operands, operation),
        OperationIr::Module(ModuleOperationIr::AvgPool2d(op)) => Ok(Backend::avg_pool2d(
            operands.get(&op.x)?,
            op.kernel_size,
            op.stride,
            op.padding,
            op.count_include_pad,
            op.ceil_mode,
        )),
        _ => Err(refused()),
    }?;
    let data = read(tensor)?;
    let out = out.clone();
    context.know_constant(&out, data);
    Ok(())
}

fn widest(context: &Context) -> DType {
    let device = context.placement.device();
    if device.supports_dtype(FloatDType::F64) { DType::F64 } else { Precision::F32.dtype() }
}

fn refused() -> Refusal {
    "not supported on constants; compute the constant before the forward".into()
}

fn read(tensor: DispatchTensor) -> Result<TensorData, Refusal> {
    burn::tensor::read_sync(Backend::float_into_data(tensor)).map_err(|error| error.to_string())
}

struct Operands<'a> {
    context: &'a Context,
    dtype: DType,
}

impl Operands<'_> {
    fn get(&self, tensor: &TensorIr) -> Result<DispatchTensor, Refusal> {
        Ok(self.put(self.context.constant(tensor)?.clone()))
    }

    /// A mask, as ones and zeros.
    fn equal(&self, tensor: &TensorIr, value: f64) -> Result<DispatchTensor, Refusal> {
        let data = self.context.constant(tensor)?;
        let mask = data.iter::<f64>().map(|entry| if entry == value { 1.0 } else { 0.0 });
        let mask = TensorData::new(mask.collect::<Vec<f64>>(), data.shape().clone());
        Ok(self.put(mask))
    }

    fn put(&self, data: TensorData) -> DispatchTensor {
        let data = data.convert_dtype(self.dtype);
        Backend::float_from_data(data, self.context.placement.device().as_dispatch())
    }

    fn full(&self, out: &TensorIr, value: f64) -> DispatchTensor {
        self.put(TensorData::full::<f64, _>(out.shape.clone(), value))
    }
}

fn base(operands: &Operands, operation: &BaseOperationIr) -> Result<DispatchTensor, Refusal> {
    use BaseOperationIr as Ir;
    Ok(match operation {
        Ir::Reshape(op) => Backend::float_reshape(operands.get(&op.input)?, op.out.shape.clone()),
        Ir::Expand(op) => Backend::float_expand(operands.get(&op.input)?, op.out.shape.clone()),
        Ir::SwapDims(op) => Backend::float_swap_dims(operands.get(&op.input)?, op.dim1, op.dim2),
        Ir::Permute(op) => Backend::float_permute(operands.get(&op.input)?, &op.axes),
        Ir::Flip(op) => Backend::float_flip(operands.get(&op.input)?, &op.axes),
        Ir::Slice(op) => Backend::float_slice(operands.get(&op.tensor)?, &op.ranges),
        Ir::RepeatDim(op) => Backend::float_repeat_dim(operands.get(&op.tensor)?, op.dim, op.times),
        Ir::Cat(op) => {
            let tensors = op.tensors.iter().map(|tensor| operands.get(tensor));
            Backend::float_cat(tensors.collect::<Result<_, _>>()?, op.dim)
        }
        Ir::EqualElem(op) => operands.equal(&op.lhs, op.rhs.elem())?,
        Ir::MaskFill(op) => {
            let (tensor, mask) = (operands.get(&op.tensor)?, operands.get(&op.mask)?);
            let value = operands.full(&op.out, op.value.elem());
            let change = Backend::float_mul(mask, Backend::float_sub(value, tensor.clone()));
            Backend::float_add(tensor, change)
        }
        Ir::Ones(op) => operands.full(&op.out, 1.0),
        Ir::Zeros(op) => operands.full(&op.out, 0.0),
        _ => return Err(refused()),
    })
}

fn numeric(operands: &Operands, operation: &NumericOperationIr) -> Result<DispatchTensor, Refusal> {
    use NumericOperationIr as Ir;
    let get = |tensor| operands.get(tensor);
    Ok(match operation {
        Ir::Add(op) => Backend::float_add(get(&op.lhs)?, get(&op.rhs)?),
        Ir::Sub(op) => Backend::float_sub(get(&op.lhs)?, get(&op.rhs)?),
        Ir::Mul(op) => Backend::float_mul(get(&op.lhs)?, get(&op.rhs)?),
        Ir::Div(op) => Backend::float_div(get(&op.lhs)?, get(&op.rhs)?),
        Ir::AddScalar(op) => Backend::float_add_scalar(get(&op.lhs)?, Scalar::from(op.rhs)),
        Ir::SubScalar(op) => Backend::float_sub_scalar(get(&op.lhs)?, Scalar::from(op.rhs)),
        Ir::MulScalar(op) => Backend::float_mul_scalar(get(&op.lhs)?, Scalar::from(op.rhs)),
        Ir::DivScalar(op) => Backend::float_div_scalar(get(&op.lhs)?, Scalar::from(op.rhs)),
        Ir::PowiScalar(op) => Backend::float_powi_scalar(get(&op.lhs)?, Scalar::from(op.rhs)),
        Ir::Neg(op) => Backend::float_neg(get(&op.input)?),
        Ir::Abs(op) => Backend::float_abs(get(&op.input)?),
        Ir::Sign(op) => Backend::float_sign(get(&op.input)?),
        Ir::Clamp(op) => {
            Backend::float_clamp(get(&op.tensor)?, Scalar::from(op.min), Scalar::from(op.max))
        }
        Ir::ClampMin(op) => Backend::float_clamp_min(get(&op.lhs)?, Scalar::from(op.rhs)),
        Ir::ClampMax(op) => Backend::float_clamp_max(get(&op.lhs)?, Scalar::from(op.rhs)),
        Ir::SumDim(op) => Backend::float_sum_dim(get(&op.input)?, op.axis),
        Ir::MeanDim(op) => Backend::float_mean_dim(get(&op.input)?, op.axis),
        Ir::MaxDim(op) => Backend::float_max_dim(get(&op.input)?, op.axis),
        Ir::MinDim(op) => Backend::float_min_dim(get(&op.input)?, op.axis),
        Ir::Pad(op) => Backend::float_pad(get(&op.input)?, &op.padding, op.mode.into()),
        Ir::Full(op) => operands.full(&op.out, op.value.elem()),
        _ => return Err(refused()),
    })
}

fn float(operands: &Operands, operation: &FloatOperationIr) -> Result<DispatchTensor, Refusal> {
    use FloatOperationIr as Ir;
    let get = |tensor| operands.get(tensor);
    Ok(match operation {
        Ir::Matmul(op) => Backend::float_matmul(get(&op.lhs)?, get(&op.rhs)?),
        Ir::Exp(op) => Backend::float_exp(get(&op.input)?),
        Ir::Log(op) => Backend::float_log(get(&op.input)?),
        Ir::Sqrt(op) => Backend::float_sqrt(get(&op.input)?),
        Ir::Recip(op) => Backend::float_recip(get(&op.input)?),
        Ir::Tanh(op) => Backend::float_tanh(get(&op.input)?),
        Ir::PowfScalar(op) => Backend::float_powf_scalar(get(&op.lhs)?, Scalar::from(op.rhs)),
        _ => return Err(refused()),
    })
}
