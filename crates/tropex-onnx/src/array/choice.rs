//! Comparisons, masks, and choices between two arrays.

use burn::backend::ops::{BoolTensorOps, FloatTensorOps};
use burn::backend::{Dispatch, DispatchTensor};
use burn::tensor::{FloatDType, Scalar};

use super::{Array, broadcast};
use crate::constant::NumberKind;
use crate::error::OpError;

/// The comparison of two arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ComparisonOp {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
}

impl Array {
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

    /// The array as truth values. A number is true unless it is zero.
    pub(crate) fn into_mask(self) -> Self {
        if self.is_mask() {
            return self;
        }
        let dtype = self.device().settings().bool_dtype;
        let tensor = Dispatch::float_not_equal_elem(self.tensor, Scalar::from(0.0), dtype);
        Self::new(tensor, NumberKind::Bool)
    }

    /// The array as numbers. A truth value becomes 1 or 0.
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

    /// `self` where a mask is true, and `other` elsewhere.
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
}
