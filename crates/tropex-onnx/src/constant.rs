//! Tensors on the host, which do not depend on the input.

use crate::error::OpError;

/// The kind of the numbers of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NumberKind {
    Float,
    Int,
    Bool,
}

/// A tensor on the host.
///
/// Integers are stored as `f64`. Integers in ONNX graphs are extents and positions far below 2^53,
/// and `i64::MAX`, which means "to the end", stays larger than any extent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct HostTensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) numbers: Vec<f64>,
    pub(crate) kind: NumberKind,
}

impl HostTensor {
    pub(crate) fn new(shape: Vec<usize>, numbers: Vec<f64>, kind: NumberKind) -> Self {
        debug_assert_eq!(shape.iter().product::<usize>(), numbers.len());
        Self { shape, numbers, kind }
    }

    pub(crate) fn scalar(number: f64, kind: NumberKind) -> Self {
        Self::new(Vec::new(), vec![number], kind)
    }

    /// A list of integers.
    pub(crate) fn integers(integers: impl IntoIterator<Item = i64>) -> Self {
        let numbers: Vec<f64> = integers.into_iter().map(|integer| integer as f64).collect();
        Self::new(vec![numbers.len()], numbers, NumberKind::Int)
    }

    /// The only number.
    pub(crate) fn number(&self) -> Result<f64, OpError> {
        match self.numbers[..] {
            [number] => Ok(number),
            _ => Err(format!("one number is expected, not shape {:?}", self.shape).into()),
        }
    }

    pub(crate) fn to_integers(&self) -> Vec<i64> {
        self.numbers.iter().map(|&number| number as i64).collect()
    }
}

/// Number of elements of a shape; `None` if it overflows.
pub(crate) fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent))
}
