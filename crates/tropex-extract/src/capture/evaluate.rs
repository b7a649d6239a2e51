//! Operations computed while capturing: those on constants alone, and those whose operands are
//! replaced by numbers that tell where they end up.

use std::collections::HashMap;

use burn::backend::ir::{
    BaseOperationIr, BoolOperationIr, FloatOperationIr, ModuleOperationIr, NumericOperationIr,
    OperationIr, TensorIr, Unfold4dOptionsIr,
};
use burn::backend::ops::{FloatTensorOps, IntTensorOps, ModuleOps, UnfoldOptions};
use burn::backend::{Dispatch, DispatchTensor};
use burn::tensor::{Int, Scalar, Tensor, TensorData, TensorId};

use super::context::Context;
use super::refusal::Refusal;
use crate::Placement;

type Backend = Dispatch;

/// Computes an operation on constants, in f64 where this build can, and remembers its output.
pub(super) fn evaluate(context: &mut Context, operation: &OperationIr) -> Result<(), Refusal> {
    let data = Evaluator::new(context, HashMap::new()).run(operation)?;
    let out = operation.outputs().next().ok_or("an operation without an output")?.clone();
    context.know_constant(&out, data);
    Ok(())
}

/// Computes single operations on constants, some of them replaced by other data.
pub(super) struct Evaluator<'a> {
    context: &'a Context,
    placement: Placement,
    replaced: HashMap<TensorId, TensorData>,
}

impl<'a> Evaluator<'a> {
    /// `replaced` holds data of the recorded shapes.
    pub(super) fn new(context: &'a Context, replaced: HashMap<TensorId, TensorData>) -> Self {
        Self { context, placement: context.placement.of_constants(), replaced }
    }

    /// The first output of an operation, masks and integers as floats.
    pub(super) fn run(&self, operation: &OperationIr) -> Result<TensorData, Refusal> {
        use OperationIr as Ir;
        let tensor = match operation {
            Ir::BaseFloat(operation) | Ir::BaseInt(operation) | Ir::BaseBool(operation) => {
                self.base(operation)
            }
            Ir::NumericFloat(_, operation) => self.numeric(operation),
            Ir::NumericInt(_, operation) if !divides(operation) => self.numeric(operation),
            Ir::Float(_, operation) => self.float(operation),
            Ir::Bool(operation) => self.bool(operation),
            Ir::Int(burn::backend::ir::IntOperationIr::IntoFloat(cast)) => self.get(&cast.input),
            Ir::Module(operation) => self.module(operation),
            _ => Err(refused()),
        }?;
        read(tensor)
    }

    fn data(&self, tensor: &TensorIr) -> Result<&TensorData, Refusal> {
        match self.replaced.get(&tensor.id) {
            Some(data) => Ok(data),
            None => self.context.constant(tensor),
        }
    }

    fn get(&self, tensor: &TensorIr) -> Result<DispatchTensor, Refusal> {
        Ok(self.put(self.data(tensor)?.clone()))
    }

    fn put(&self, data: TensorData) -> DispatchTensor {
        let data = data.convert_dtype(self.placement.precision().dtype());
        Backend::float_from_data(data, self.placement.device().as_dispatch())
    }

    /// The numbers of an operand, broadcast to the shape of another.
    fn numbers_like(&self, tensor: &TensorIr, like: &TensorData) -> Result<Vec<f64>, Refusal> {
        let data = self.data(tensor)?;
        if data.shape() == like.shape() {
            return Ok(data.iter().collect());
        }
        let expanded = Backend::float_expand(self.get(tensor)?, like.shape().clone());
        Ok(read(expanded)?.iter().collect())
    }

    /// Constant positions, as integers of the device.
    fn positions(&self, tensor: &TensorIr) -> Result<DispatchTensor, Refusal> {
        let device = self.placement.device();
        let dtype = Tensor::<1, Int>::zeros([1], device).dtype();
        let positions = self.data(tensor)?.clone().convert_dtype(dtype);
        Ok(<Backend as IntTensorOps<Backend>>::int_from_data(positions, device.as_dispatch()))
    }

    /// One where a condition holds of the numbers on both sides, else zero.
    fn compare(
        &self,
        [left, right]: [&TensorIr; 2],
        holds: fn(f64, f64) -> bool,
    ) -> Result<DispatchTensor, Refusal> {
        let data = self.data(left)?;
        let pairs = data.iter::<f64>().zip(self.numbers_like(right, data)?);
        Ok(self.mask(data, pairs.map(|(left, right)| holds(left, right))))
    }

    fn compare_to(
        &self,
        tensor: &TensorIr,
        number: f64,
        holds: fn(f64, f64) -> bool,
    ) -> Result<DispatchTensor, Refusal> {
        let data = self.data(tensor)?;
        Ok(self.mask(data, data.iter::<f64>().map(|value| holds(value, number))))
    }

    fn mask(&self, like: &TensorData, holds: impl Iterator<Item = bool>) -> DispatchTensor {
        let numbers = holds.map(f64::from).collect::<Vec<_>>();
        self.put(TensorData::new(numbers, like.shape().clone()))
    }

    fn full(&self, out: &TensorIr, value: f64) -> DispatchTensor {
        self.put(TensorData::full::<f64, _>(out.shape.clone(), value))
    }

    /// `chosen` where the mask is one, `tensor` where it is zero. Not by arithmetic, which would
    /// make infinity times zero of it.
    fn choose(
        &self,
        tensor: &TensorIr,
        mask: &TensorIr,
        chosen: impl Fn(usize) -> f64,
    ) -> Result<DispatchTensor, Refusal> {
        let data = self.data(tensor)?;
        let mask = self.numbers_like(mask, data)?;
        let pairs = data.iter::<f64>().zip(mask).enumerate();
        let numbers =
            pairs.map(|(index, (value, mask))| if mask != 0.0 { chosen(index) } else { value });
        Ok(self.put(TensorData::new(numbers.collect::<Vec<_>>(), data.shape().clone())))
    }

    fn base(&self, operation: &BaseOperationIr) -> Result<DispatchTensor, Refusal> {
        use BaseOperationIr as Ir;
        Ok(match operation {
            Ir::Reshape(op) => Backend::float_reshape(self.get(&op.input)?, op.out.shape.clone()),
            Ir::Expand(op) => Backend::float_expand(self.get(&op.input)?, op.out.shape.clone()),
            Ir::SwapDims(op) => Backend::float_swap_dims(self.get(&op.input)?, op.dim1, op.dim2),
            Ir::Permute(op) => Backend::float_permute(self.get(&op.input)?, &op.axes),
            Ir::Flip(op) => Backend::float_flip(self.get(&op.input)?, &op.axes),
            Ir::Slice(op) => Backend::float_slice(self.get(&op.tensor)?, &op.ranges),
            Ir::SliceAssign(op) => {
                Backend::float_slice_assign(self.get(&op.tensor)?, &op.ranges, self.get(&op.value)?)
            }
            Ir::Select(op) => {
                Backend::float_select(self.get(&op.tensor)?, op.dim, self.positions(&op.indices)?)
            }
            Ir::Gather(op) => {
                Backend::float_gather(op.dim, self.get(&op.tensor)?, self.positions(&op.indices)?)
            }
            Ir::Unfold(op) => Backend::float_unfold(self.get(&op.input)?, op.dim, op.size, op.step),
            Ir::RepeatDim(op) => Backend::float_repeat_dim(self.get(&op.tensor)?, op.dim, op.times),
            Ir::Cat(op) => {
                let tensors = op.tensors.iter().map(|tensor| self.get(tensor));
                Backend::float_cat(tensors.collect::<Result<_, _>>()?, op.dim)
            }
            Ir::Cast(op) => self.get(&op.input)?,
            Ir::Equal(op) => self.compare([&op.lhs, &op.rhs], |a, b| a == b)?,
            Ir::EqualElem(op) => self.compare_to(&op.lhs, op.rhs.elem(), |a, b| a == b)?,
            Ir::NotEqual(op) => self.compare([&op.lhs, &op.rhs], |a, b| a != b)?,
            Ir::NotEqualElem(op) => self.compare_to(&op.lhs, op.rhs.elem(), |a, b| a != b)?,
            Ir::MaskFill(op) => {
                let filler = op.value.elem();
                self.choose(&op.tensor, &op.mask, |_| filler)?
            }
            Ir::MaskWhere(op) => {
                let chosen = self.numbers_like(&op.value, self.data(&op.tensor)?)?;
                self.choose(&op.tensor, &op.mask, |index| chosen[index])?
            }
            Ir::Ones(op) => self.full(&op.out, 1.0),
            Ir::Zeros(op) => self.full(&op.out, 0.0),
            _ => return Err(refused()),
        })
    }

    fn numeric(&self, operation: &NumericOperationIr) -> Result<DispatchTensor, Refusal> {
        use NumericOperationIr as Ir;
        let get = |tensor| self.get(tensor);
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
            Ir::CumSum(op) => Backend::float_cumsum(get(&op.input)?, op.axis),
            Ir::Pad(op) => Backend::float_pad(get(&op.input)?, &op.padding, op.mode.into()),
            Ir::Full(op) => self.full(&op.out, op.value.elem()),
            Ir::Greater(op) => self.compare([&op.lhs, &op.rhs], |a, b| a > b)?,
            Ir::GreaterEqual(op) => self.compare([&op.lhs, &op.rhs], |a, b| a >= b)?,
            Ir::Lower(op) => self.compare([&op.lhs, &op.rhs], |a, b| a < b)?,
            Ir::LowerEqual(op) => self.compare([&op.lhs, &op.rhs], |a, b| a <= b)?,
            Ir::GreaterElem(op) => self.compare_to(&op.lhs, op.rhs.elem(), |a, b| a > b)?,
            Ir::GreaterEqualElem(op) => self.compare_to(&op.lhs, op.rhs.elem(), |a, b| a >= b)?,
            Ir::LowerElem(op) => self.compare_to(&op.lhs, op.rhs.elem(), |a, b| a < b)?,
            Ir::LowerEqualElem(op) => self.compare_to(&op.lhs, op.rhs.elem(), |a, b| a <= b)?,
            _ => return Err(refused()),
        })
    }

    fn float(&self, operation: &FloatOperationIr) -> Result<DispatchTensor, Refusal> {
        use FloatOperationIr as Ir;
        let get = |tensor| self.get(tensor);
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

    fn bool(&self, operation: &BoolOperationIr) -> Result<DispatchTensor, Refusal> {
        use BoolOperationIr as Ir;
        match operation {
            Ir::IntoFloat(op) | Ir::IntoInt(op) => self.get(&op.input),
            Ir::Not(op) => self.compare_to(&op.input, 0.0, |a, b| a == b),
            Ir::And(op) => self.compare([&op.lhs, &op.rhs], |a, b| a != 0.0 && b != 0.0),
            Ir::Or(op) => self.compare([&op.lhs, &op.rhs], |a, b| a != 0.0 || b != 0.0),
            Ir::Xor(op) => self.compare([&op.lhs, &op.rhs], |a, b| (a != 0.0) != (b != 0.0)),
        }
    }

    fn module(&self, operation: &ModuleOperationIr) -> Result<DispatchTensor, Refusal> {
        match operation {
            ModuleOperationIr::AvgPool1d(op) => Ok(Backend::avg_pool1d(
                self.get(&op.x)?,
                op.kernel_size,
                op.stride,
                op.padding,
                op.count_include_pad,
                op.ceil_mode,
            )),
            ModuleOperationIr::AvgPool2d(op) => Ok(Backend::avg_pool2d(
                self.get(&op.x)?,
                op.kernel_size,
                op.stride,
                op.padding,
                op.count_include_pad,
                op.ceil_mode,
            )),
            ModuleOperationIr::Unfold4d(op) => {
                let Unfold4dOptionsIr { stride, padding, dilation } = op.options;
                let options = UnfoldOptions::new(stride, padding, dilation);
                Ok(Backend::unfold4d(self.get(&op.x)?, op.kernel_size, options))
            }
            _ => Err(refused()),
        }
    }
}

fn read(tensor: DispatchTensor) -> Result<TensorData, Refusal> {
    let data = burn::tensor::read_sync(Backend::float_into_data(tensor));
    Ok(data.map_err(|error| error.to_string())?)
}

/// Whether integers would be divided, which floats do otherwise.
fn divides(operation: &NumericOperationIr) -> bool {
    use NumericOperationIr as Ir;
    matches!(operation, Ir::Div(_) | Ir::DivScalar(_) | Ir::MeanDim(_) | Ir::Mean(_))
}

fn refused() -> Refusal {
    "not supported on constants; compute the constant before the forward".into()
}
