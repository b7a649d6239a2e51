//! Sums, products and activations, entry by entry.

use burn::backend::ops::{ActivationOps, FloatTensorOps};
use burn::backend::{Dispatch, DispatchTensor};
use burn::tensor::Scalar;

use super::{Array, broadcast};
use crate::constant::NumberKind;
use crate::error::OpError;

impl Array {
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

    /// Applies a binary operation of Burn to both arrays, broadcast to a common shape.
    fn with(
        self,
        other: Self,
        operation: impl FnOnce(DispatchTensor, DispatchTensor) -> DispatchTensor,
    ) -> Result<Self, OpError> {
        let kind = if self.kind == other.kind { self.kind } else { NumberKind::Float };
        let (left, right) = self.with_ranks_of(other)?;
        Ok(Self::new(operation(left.tensor, right.tensor), kind))
    }

    /// Both arrays with equal numbers of axes: the larger number of the two.
    fn with_ranks_of(self, other: Self) -> Result<(Self, Self), OpError> {
        self.floats("arithmetic")?;
        other.floats("arithmetic")?;
        let rank = broadcast(&self.shape(), &other.shape())?.len();
        Ok((self.with_rank(rank)?, other.with_rank(rank)?))
    }

    /// Both arrays, expanded to their common shape.
    pub(super) fn expanded_with(self, other: Self) -> Result<(Self, Self), OpError> {
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

    /// The entries, raised to at least `floor` and then lowered to at most `ceiling`. An infinite
    /// limit has no effect.
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

    /// Applies a function of single numbers to every entry.
    pub(crate) fn apply(self, function: fn(DispatchTensor) -> DispatchTensor) -> Self {
        self.map(function)
    }
}
