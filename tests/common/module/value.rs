//! Values of any rank between layers.

use burn::tensor::{Device, Tensor, TensorData};

use crate::common::values;

/// A value with the axis of points and one to four more axes.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Two(Tensor<2>),
    Three(Tensor<3>),
    Four(Tensor<4>),
    Five(Tensor<5>),
}

macro_rules! from_tensor {
    ($($rank:ident $axes:literal)+) => {
        $(impl From<Tensor<$axes>> for Value {
            fn from(tensor: Tensor<$axes>) -> Self {
                Self::$rank(tensor)
            }
        }

        impl From<Value> for Tensor<$axes> {
            fn from(value: Value) -> Self {
                match value {
                    Value::$rank(tensor) => tensor,
                    other => panic!("plans put layers after values they fit, not {:?}", other.dims()),
                }
            }
        })+
    };
}

from_tensor!(Two 2 Three 3 Four 4 Five 5);

/// Evaluates an expression for the tensor of a value of any rank.
macro_rules! each_rank {
    ($value:expr, $tensor:ident => $body:expr) => {
        match $value {
            $crate::common::module::Value::Two($tensor) => $body,
            $crate::common::module::Value::Three($tensor) => $body,
            $crate::common::module::Value::Four($tensor) => $body,
            $crate::common::module::Value::Five($tensor) => $body,
        }
    };
}

/// Evaluates an expression for the tensors of two values with equal ranks.
macro_rules! both_ranks {
    ($left:expr, $right:expr, ($a:ident, $b:ident) => $body:expr) => {
        match ($left, $right) {
            (Value::Two($a), Value::Two($b)) => $body,
            (Value::Three($a), Value::Three($b)) => $body,
            (Value::Four($a), Value::Four($b)) => $body,
            (Value::Five($a), Value::Five($b)) => $body,
            _ => panic!("plans join branches of the same rank"),
        }
    };
}

pub(crate) use {both_ranks, each_rank};

impl Value {
    /// Numbers as points of a shape. The number of points follows from the number of numbers.
    pub(crate) fn points(numbers: &[f32], shape: &[usize], device: &Device) -> Self {
        let flat = TensorData::new(numbers.to_vec(), [numbers.len()]);
        let points = numbers.len() / shape.iter().product::<usize>();
        Self::shaped(Tensor::from_data(flat, device), points, shape)
    }

    /// A constant that is equal at every point.
    pub(crate) fn constant(numbers: Tensor<1>, shape: &[usize]) -> Self {
        Self::shaped(numbers, 1, shape)
    }

    fn shaped(numbers: Tensor<1>, points: usize, shape: &[usize]) -> Self {
        match *shape {
            [a] => numbers.reshape([points, a]).into(),
            [a, b] => numbers.reshape([points, a, b]).into(),
            [a, b, c] => numbers.reshape([points, a, b, c]).into(),
            [a, b, c, d] => numbers.reshape([points, a, b, c, d]).into(),
            _ => panic!("plans have shapes of one to four axes, not {shape:?}"),
        }
    }

    pub(crate) fn reshaped(self, to: &[usize]) -> Self {
        let points = self.dims()[0];
        each_rank!(self, x => match *to {
            [a] => x.reshape([points, a]).into(),
            [a, b] => x.reshape([points, a, b]).into(),
            [a, b, c] => x.reshape([points, a, b, c]).into(),
            [a, b, c, d] => x.reshape([points, a, b, c, d]).into(),
            _ => panic!("plans have shapes of one to four axes, not {to:?}"),
        })
    }

    pub(crate) fn dims(&self) -> Vec<usize> {
        each_rank!(self, x => x.dims().to_vec())
    }

    pub(crate) fn device(&self) -> Device {
        each_rank!(self, x => x.device())
    }

    pub(crate) fn require_grad(self) -> Self {
        each_rank!(self, x => x.require_grad().into())
    }

    /// The gradient of a sum, if it depends on the value.
    pub(crate) fn gradient(&self, sum: Tensor<1>) -> Option<Vec<f64>> {
        let gradients = sum.backward();
        each_rank!(self, x => x.grad(&gradients).map(values))
    }
}
