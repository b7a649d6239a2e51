//! Tensors of any rank on a device: Burn's operations without the rank in the type, their operands
//! checked and broadcast as ONNX does.

use burn::backend::ops::{ActivationOps, BoolTensorOps, FloatTensorOps, IntTensorOps, ModuleOps};
use burn::backend::{Dispatch, DispatchTensor, TensorMetadata};
use burn::tensor::ops::PadMode;
use burn::tensor::{DType, Device, FloatDType, Scalar, Shape, Slice, TensorData};

use crate::constant::{HostTensor, NumberKind, elements};
use crate::error::OpError;

/// Where arrays are made, and in which format.
#[derive(Clone, Debug)]
pub(crate) struct ArrayOptions {
    pub(crate) device: Device,
    pub(crate) dtype: FloatDType,
}

/// A tensor on a device: floats, or truth values if a comparison made it.
#[derive(Clone, Debug)]
pub(crate) struct Array {
    tensor: DispatchTensor,
    /// What the numbers stand for: integers and truth values of constants are computed as floats.
    pub(crate) kind: NumberKind,
}

/// How two arrays are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ComparisonOp {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
}

impl Array {
    pub(crate) fn new(tensor: DispatchTensor, kind: NumberKind) -> Self {
        Self { tensor, kind }
    }

    fn float(tensor: DispatchTensor) -> Self {
        Self::new(tensor, NumberKind::Float)
    }

    /// A constant as floats.
    pub(crate) fn of(constant: &HostTensor, place: &ArrayOptions) -> Result<Self, OpError> {
        if constant.numbers.is_empty() {
            return Err(
                format!("an empty tensor of shape {:?} is not supported", constant.shape).into()
            );
        }
        let data = TensorData::new(constant.numbers.clone(), constant.shape.clone());
        let data = data.convert_dtype(place.dtype.into());
        let tensor = Dispatch::float_from_data(data, place.device.as_dispatch());
        Ok(Self::new(tensor, constant.kind))
    }

    /// The numbers, on the host.
    pub(crate) fn to_constant(&self) -> Result<HostTensor, OpError> {
        let data = if self.is_mask() {
            burn::tensor::read_sync(Dispatch::bool_into_data(self.tensor.clone()))
        } else {
            burn::tensor::read_sync(Dispatch::float_into_data(self.tensor.clone()))
        };
        let data = data.map_err(|error| error.to_string())?;
        let numbers: Vec<f64> = if self.is_mask() {
            data.iter::<bool>().map(f64::from).collect()
        } else {
            data.iter::<f64>().collect()
        };
        Ok(HostTensor::new(self.shape(), numbers, self.kind))
    }

    pub(crate) fn into_tensor(self) -> DispatchTensor {
        self.tensor
    }

    pub(crate) fn shape(&self) -> Vec<usize> {
        self.tensor.shape().to_vec()
    }

    pub(crate) fn rank(&self) -> usize {
        self.tensor.shape().num_dims()
    }

    /// Whether a comparison made it: Burn has another type for truth values.
    pub(crate) fn is_mask(&self) -> bool {
        matches!(self.tensor.dtype(), DType::Bool(_))
    }

    pub(crate) fn with_kind(self, kind: NumberKind) -> Self {
        Self { kind, ..self }
    }

    fn map(self, f: impl FnOnce(DispatchTensor) -> DispatchTensor) -> Self {
        Self { tensor: f(self.tensor), kind: self.kind }
    }

    // Rearrangements.

    pub(crate) fn reshape(self, shape: &[usize]) -> Result<Self, OpError> {
        let own = self.shape();
        if own == shape {
            return Ok(self);
        }
        if elements(&own) != elements(shape) {
            return Err(format!("shape {own:?} cannot become {shape:?}").into());
        }
        let shape = Shape::from(shape.to_vec());
        let is_mask = self.is_mask();
        Ok(self.map(|tensor| match is_mask {
            true => Dispatch::bool_reshape(tensor, shape),
            false => Dispatch::float_reshape(tensor, shape),
        }))
    }

    pub(crate) fn permute(self, axes: &[usize]) -> Result<Self, OpError> {
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if sorted != (0..self.rank()).collect::<Vec<_>>() {
            return Err(format!("axes {axes:?} are no order of the {} axes", self.rank()).into());
        }
        if axes.is_sorted() {
            return Ok(self);
        }
        let is_mask = self.is_mask();
        Ok(self.map(|tensor| match is_mask {
            true => Dispatch::bool_permute(tensor, axes),
            false => Dispatch::float_permute(tensor, axes),
        }))
    }

    /// Repeats axes of extent 1, and puts axes in front, to get a shape.
    pub(crate) fn expand(self, shape: &[usize]) -> Result<Self, OpError> {
        let own = self.shape();
        if own == shape {
            return Ok(self);
        }
        if broadcast(&own, shape)? != shape {
            return Err(format!("shape {own:?} cannot be expanded to {shape:?}").into());
        }
        let array = self.with_rank(shape.len())?;
        let shape = Shape::from(shape.to_vec());
        let is_mask = array.is_mask();
        Ok(array.map(|tensor| match is_mask {
            true => Dispatch::bool_expand(tensor, shape),
            false => Dispatch::float_expand(tensor, shape),
        }))
    }

    /// With axes of extent 1 in front.
    fn with_rank(self, rank: usize) -> Result<Self, OpError> {
        let own = self.shape();
        let shape = [vec![1; rank.saturating_sub(own.len())], own].concat();
        self.reshape(&shape)
    }

    /// `count` entries of an axis from `start` on, every `step`-th.
    pub(crate) fn slice(
        self,
        axis: usize,
        start: usize,
        count: usize,
        step: usize,
    ) -> Result<Self, OpError> {
        let shape = self.floats("a slice")?.shape();
        if start == 0 && step == 1 && count == shape[axis] {
            return Ok(self);
        }
        if count == 0 {
            return Err("a slice leaves nothing, which is not supported".into());
        }
        let end = start + (count - 1) * step + 1;
        if end > shape[axis] {
            return Err(format!("entries up to {end} of axis {axis} of {shape:?}").into());
        }
        let mut slices: Vec<Slice> = shape.iter().map(|&extent| Slice::from(0..extent)).collect();
        slices[axis] = Slice::new(start as isize, Some(end as isize), step as isize);
        Ok(self.map(|tensor| Dispatch::float_slice(tensor, &slices)))
    }

    /// The other way round along an axis.
    pub(crate) fn flip(self, axis: usize) -> Result<Self, OpError> {
        self.floats("a slice")?;
        Ok(self.map(|tensor| Dispatch::float_flip(tensor, &[axis])))
    }

    /// The entries of an axis at given positions.
    pub(crate) fn select(self, axis: usize, positions: &[usize]) -> Result<Self, OpError> {
        let extent = self.floats("a choice of entries")?.shape()[axis];
        if positions.iter().copied().eq(0..extent) {
            return Ok(self);
        }
        if positions.is_empty() || positions.iter().any(|&position| position >= extent) {
            return Err(format!("positions {positions:?} of an axis of {extent} entries").into());
        }
        let device = self.device();
        let positions: Vec<i64> = positions.iter().map(|&position| position as i64).collect();
        let count = positions.len();
        let data = TensorData::new(positions, [count]);
        let data = data.convert_dtype(device.settings().int_dtype.into());
        let positions = Dispatch::int_from_data(data, device.as_dispatch());
        Ok(self.map(|tensor| Dispatch::float_select(tensor, axis, positions)))
    }

    /// Copies along an axis.
    pub(crate) fn repeat(self, axis: usize, times: usize) -> Result<Self, OpError> {
        self.floats("a repetition")?;
        match times {
            0 => Err("a repetition leaves nothing, which is not supported".into()),
            1 => Ok(self),
            times => Ok(self.map(|tensor| Dispatch::float_repeat_dim(tensor, axis, times))),
        }
    }

    /// Entries of one number before and after those of every axis.
    pub(crate) fn pad(self, padding: &[(usize, usize)], number: f64) -> Result<Self, OpError> {
        self.floats("padding")?;
        if padding.iter().all(|&pair| pair == (0, 0)) {
            return Ok(self);
        }
        // Burn pads with an f32. A number that is none is padded as zero and put in by a shift.
        if f64::from(number as f32) != number && number.is_finite() {
            return self
                .add_number(-number)
                .pad(padding, 0.0)
                .map(|array| array.add_number(number));
        }
        let mode = PadMode::Constant(number as f32);
        Ok(self.map(|tensor| Dispatch::float_pad(tensor, padding, mode)))
    }

    /// Arrays one after the other along an axis.
    pub(crate) fn concat(arrays: Vec<Self>, axis: usize) -> Result<Self, OpError> {
        let first = arrays.first().ok_or("nothing to concatenate")?;
        let (shape, kind) = (first.floats("a concatenation")?.shape(), first.kind);
        let others = |shape: &[usize]| {
            let mut shape = shape.to_vec();
            (axis < shape.len()).then(|| shape.remove(axis)).map(|_| shape)
        };
        for array in &arrays {
            let other = array.floats("a concatenation")?.shape();
            if others(&other).is_none() || others(&other) != others(&shape) {
                let reason = format!("shapes {shape:?} and {other:?} differ beside axis {axis}");
                return Err(reason.into());
            }
        }
        let tensors = arrays.into_iter().map(Self::into_tensor).collect();
        Ok(Self::new(Dispatch::float_cat(tensors, axis), kind))
    }

    // Arithmetic.

    pub(crate) fn add(self, other: Self) -> Result<Self, OpError> {
        self.with(other, Dispatch::float_add)
    }

    pub(crate) fn sub(self, other: Self) -> Result<Self, OpError> {
        self.with(other, Dispatch::float_sub)
    }

    pub(crate) fn mul(self, other: Self) -> Result<Self, OpError> {
        self.with(other, Dispatch::float_mul)
    }

    pub(crate) fn div(self, other: Self) -> Result<Self, OpError> {
        self.with(other, Dispatch::float_div)
    }

    pub(crate) fn remainder(self, other: Self) -> Result<Self, OpError> {
        self.with(other, Dispatch::float_remainder)
    }

    pub(crate) fn pow(self, other: Self) -> Result<Self, OpError> {
        self.with(other, Dispatch::float_powf)
    }

    /// What a binary operation of Burn makes of both, broadcast.
    fn with(
        self,
        other: Self,
        operation: impl FnOnce(DispatchTensor, DispatchTensor) -> DispatchTensor,
    ) -> Result<Self, OpError> {
        let kind = if self.kind == other.kind { self.kind } else { NumberKind::Float };
        let (left, right) = self.with_ranks_of(other)?;
        Ok(Self::new(operation(left.tensor, right.tensor), kind))
    }

    /// Both with as many axes as the one that has more.
    fn with_ranks_of(self, other: Self) -> Result<(Self, Self), OpError> {
        self.floats("arithmetic")?;
        other.floats("arithmetic")?;
        let rank = broadcast(&self.shape(), &other.shape())?.len();
        Ok((self.with_rank(rank)?, other.with_rank(rank)?))
    }

    /// Both in the shape of both together.
    fn expanded_with(self, other: Self) -> Result<(Self, Self), OpError> {
        let shape = broadcast(&self.shape(), &other.shape())?;
        Ok((self.expand(&shape)?, other.expand(&shape)?))
    }

    pub(crate) fn add_number(self, number: f64) -> Self {
        self.map(|tensor| Dispatch::float_add_scalar(tensor, Scalar::from(number)))
    }

    pub(crate) fn mul_number(self, number: f64) -> Self {
        if number == 1.0 {
            return self;
        }
        self.map(|tensor| Dispatch::float_mul_scalar(tensor, Scalar::from(number)))
    }

    /// Raised to `floor`, then lowered to `ceiling`; infinite limits do nothing.
    pub(crate) fn clamp(self, floor: f64, ceiling: f64) -> Self {
        let (low, high) = (Scalar::from(floor), Scalar::from(ceiling));
        self.map(|tensor| match (floor > f64::NEG_INFINITY, ceiling < f64::INFINITY) {
            (true, true) if floor <= ceiling => Dispatch::float_clamp(tensor, low, high),
            (true, true) => Dispatch::float_clamp_max(Dispatch::float_clamp_min(tensor, low), high),
            (true, false) => Dispatch::float_clamp_min(tensor, low),
            (false, true) => Dispatch::float_clamp_max(tensor, high),
            (false, false) => tensor,
        })
    }

    pub(crate) fn relu(self) -> Self {
        self.map(Dispatch::relu)
    }

    pub(crate) fn leaky_relu(self, slope: f64) -> Self {
        self.map(|tensor| Dispatch::leaky_relu(tensor, Scalar::from(slope)))
    }

    pub(crate) fn prelu(self, slope: Self) -> Result<Self, OpError> {
        let shape = self.shape();
        if broadcast(&shape, &slope.shape())? != shape {
            return Err(format!("slopes {:?} do not fit {shape:?}", slope.shape()).into());
        }
        let slope = slope.with_rank(shape.len())?.into_tensor();
        Ok(self.map(|tensor| Dispatch::prelu(tensor, slope)))
    }

    pub(crate) fn hard_sigmoid(self, alpha: f64, beta: f64) -> Self {
        let (alpha, beta) = (Scalar::from(alpha), Scalar::from(beta));
        self.map(|tensor| Dispatch::hard_sigmoid(tensor, alpha, beta))
    }

    pub(crate) fn softmax(self, axis: usize) -> Self {
        self.map(|tensor| Dispatch::softmax(tensor, axis))
    }

    pub(crate) fn log_softmax(self, axis: usize) -> Self {
        self.map(|tensor| Dispatch::log_softmax(tensor, axis))
    }

    /// What a function of single numbers makes of every one.
    pub(crate) fn apply(self, function: fn(DispatchTensor) -> DispatchTensor) -> Self {
        self.map(function)
    }

    // Choices.

    pub(crate) fn compare(self, other: Self, comparison: ComparisonOp) -> Result<Self, OpError> {
        self.floats("a comparison")?;
        other.floats("a comparison")?;
        let (left, right) = self.expanded_with(other)?;
        let dtype = left.device().settings().bool_dtype;
        let compare = match comparison {
            ComparisonOp::Greater => Dispatch::float_greater,
            ComparisonOp::GreaterOrEqual => Dispatch::float_greater_equal,
            ComparisonOp::Less => Dispatch::float_lower,
            ComparisonOp::LessOrEqual => Dispatch::float_lower_equal,
            ComparisonOp::Equal => Dispatch::float_equal,
        };
        Ok(Self::new(compare(left.tensor, right.tensor, dtype), NumberKind::Bool))
    }

    /// Truth values, of which numbers are true unless they are zero.
    pub(crate) fn into_mask(self) -> Self {
        if self.is_mask() {
            return self;
        }
        let dtype = self.device().settings().bool_dtype;
        let tensor = Dispatch::float_not_equal_elem(self.tensor, Scalar::from(0.0), dtype);
        Self::new(tensor, NumberKind::Bool)
    }

    /// One where a truth value holds, else zero; numbers stay.
    pub(crate) fn into_floats(self, dtype: FloatDType) -> Self {
        if !self.is_mask() {
            return self;
        }
        self.map(|tensor| Dispatch::bool_into_float(tensor, dtype))
    }

    pub(crate) fn not(self) -> Self {
        self.into_mask().map(Dispatch::bool_not)
    }

    pub(crate) fn logic(
        self,
        other: Self,
        operation: fn(DispatchTensor, DispatchTensor) -> DispatchTensor,
    ) -> Result<Self, OpError> {
        let (left, right) = self.into_mask().expanded_with(other.into_mask())?;
        Ok(Self::new(operation(left.tensor, right.tensor), NumberKind::Bool))
    }

    /// `self` where a mask holds, else `other`.
    pub(crate) fn choose(self, mask: Self, other: Self) -> Result<Self, OpError> {
        self.floats("a choice")?;
        other.floats("a choice")?;
        let kind = if self.kind == other.kind { self.kind } else { NumberKind::Float };
        let shape = broadcast(&broadcast(&self.shape(), &other.shape())?, &mask.shape())?;
        let mask = mask.into_mask().expand(&shape)?.into_tensor();
        let (chosen, other) = (self.expand(&shape)?, other.expand(&shape)?);
        Ok(Self::new(Dispatch::float_mask_where(other.tensor, mask, chosen.tensor), kind))
    }

    pub(crate) fn maximum(self, other: Self) -> Result<Self, OpError> {
        let (left, right) = self.expanded_with(other)?;
        let mask = left.clone().compare(right.clone(), ComparisonOp::Less)?;
        right.choose(mask, left)
    }

    pub(crate) fn minimum(self, other: Self) -> Result<Self, OpError> {
        let (left, right) = self.expanded_with(other)?;
        let mask = right.clone().compare(left.clone(), ComparisonOp::Less)?;
        right.choose(mask, left)
    }

    // Reductions: the axis stays, with extent 1.

    pub(crate) fn sum(self, axis: usize) -> Result<Self, OpError> {
        self.floats("a sum")?;
        Ok(self.map(|tensor| Dispatch::float_sum_dim(tensor, axis)))
    }

    pub(crate) fn mean(self, axis: usize) -> Result<Self, OpError> {
        self.floats("a mean")?;
        Ok(self.map(|tensor| Dispatch::float_mean_dim(tensor, axis)))
    }

    pub(crate) fn largest(self, axis: usize) -> Result<Self, OpError> {
        self.floats("a maximum")?;
        Ok(self.map(|tensor| Dispatch::float_max_dim(tensor, axis)))
    }

    pub(crate) fn smallest(self, axis: usize) -> Result<Self, OpError> {
        self.floats("a minimum")?;
        Ok(self.map(|tensor| Dispatch::float_min_dim(tensor, axis)))
    }

    // Products.

    /// Matrix product over the last two axes, those before them broadcast.
    pub(crate) fn matmul(self, other: Self) -> Result<Self, OpError> {
        let (left, right) = (self.floats("a product")?.shape(), other.floats("a product")?.shape());
        let fit = || OpError(format!("matrices {left:?} and {right:?} do not fit together"));
        match (left.len(), right.len()) {
            (0, _) | (_, 0) => Err(fit()),
            (1, _) => {
                let row = [&[1], &left[..]].concat();
                let product = self.reshape(&row)?.matmul(other)?;
                let mut shape = product.shape();
                shape.remove(shape.len().saturating_sub(2));
                product.reshape(&shape)
            }
            (_, 1) => {
                let column = [&right[..], &[1]].concat();
                let product = self.matmul(other.reshape(&column)?)?;
                let shape = product.shape();
                product.reshape(&shape[..shape.len() - 1])
            }
            (axes, _) if left[axes - 1] != right[right.len() - 2] => Err(fit()),
            // One matrix for all rows: one product instead of many.
            (3.., 2) => {
                let (rows, inputs) = left.split_at(left.len() - 1);
                let flat = [rows.iter().product(), inputs[0]];
                let product = self.reshape(&flat)?.matmul(other)?;
                product.reshape(&[rows, &right[1..]].concat())
            }
            (axes, others) => {
                let leading = broadcast(&left[..axes - 2], &right[..others - 2])?;
                let rank = leading.len() + 2;
                let (left, right) = (self.with_rank(rank)?, other.with_rank(rank)?);
                Ok(Self::float(Dispatch::float_matmul(left.tensor, right.tensor)))
            }
        }
    }

    /// The entries of an axis mixed: `weights[output][input]`.
    pub(crate) fn mix(self, axis: usize, weights: &[Vec<f64>]) -> Result<Self, OpError> {
        let shape = self.shape();
        let (inputs, outputs) = (shape[axis], weights.len());
        if outputs == 0 || weights.iter().any(|row| row.len() != inputs) {
            return Err(format!("an axis of {inputs} entries cannot be resampled").into());
        }
        let place = self.place();
        let mut mixed = shape.clone();
        mixed[axis] = outputs;
        if axis + 1 == shape.len() && axis > 0 {
            let column = |input: usize| weights.iter().map(move |row| row[input]);
            let numbers = (0..inputs).flat_map(column).collect();
            let matrix = HostTensor::new(vec![inputs, outputs], numbers, NumberKind::Float);
            return self.matmul(Self::of(&matrix, &place)?);
        }
        let matrix = HostTensor::new(vec![outputs, inputs], weights.concat(), NumberKind::Float);
        let rest: usize = shape[axis + 1..].iter().product();
        let flat = [&shape[..axis], &[inputs, rest]].concat();
        Self::of(&matrix, &place)?.matmul(self.reshape(&flat)?)?.reshape(&mixed)
    }

    /// What an operation of a Burn module makes of it.
    pub(crate) fn through(
        self,
        operation: impl FnOnce(DispatchTensor) -> DispatchTensor,
    ) -> Result<Self, OpError> {
        self.floats("a layer")?;
        Ok(self.map(operation))
    }

    /// Normalised channel by channel: scale, shift, mean, variance.
    pub(crate) fn batch_norm(
        self,
        [scale, shift, mean, variance]: [Self; 4],
        epsilon: f64,
    ) -> Self {
        self.map(|tensor| {
            Dispatch::batch_norm(
                tensor,
                scale.tensor,
                shift.tensor,
                mean.tensor,
                variance.tensor,
                epsilon,
            )
        })
    }

    fn device(&self) -> Device {
        Device::new(self.tensor.device())
    }

    /// Where it is, and in which format.
    pub(crate) fn place(&self) -> ArrayOptions {
        let device = self.device();
        let dtype = match self.tensor.dtype() {
            dtype if dtype.is_float() => dtype.into(),
            _ => device.settings().float_dtype,
        };
        ArrayOptions { device, dtype }
    }

    fn floats(&self, what: &str) -> Result<&Self, OpError> {
        if self.is_mask() {
            return Err(format!(
                "{what} of truth values that depend on the input is not supported"
            )
            .into());
        }
        Ok(self)
    }
}

/// The shape of both shapes together.
pub(crate) fn broadcast(left: &[usize], right: &[usize]) -> Result<Vec<usize>, OpError> {
    let rank = left.len().max(right.len());
    let extent = |shape: &[usize], axis: usize| {
        (axis + shape.len()).checked_sub(rank).map_or(1, |axis| shape[axis])
    };
    (0..rank)
        .map(|axis| match (extent(left, axis), extent(right, axis)) {
            (left, right) if left == right || right == 1 => Ok(left),
            (1, right) => Ok(right),
            _ => Err(format!("shapes {left:?} and {right:?} do not fit together").into()),
        })
        .collect()
}
