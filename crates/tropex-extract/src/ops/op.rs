//! The list of operations.

use super::piecewise_linear::{PiecewiseLinear, Sealed};
use super::{
    Add, Batched, Concat, Conv2d, Conv3d, ElementwiseAffine, LeakyRelu, Linear, MaxPool2d,
    Rearrange, Separable,
};

macro_rules! ops {
    ($($op:ident),+ $(,)?) => {
        /// Any operation.
        #[derive(Clone, Debug)]
        #[allow(clippy::large_enum_variant)] // one per node
        #[non_exhaustive]
        pub enum Op {
            $(#[doc = concat!("See [`", stringify!($op), "`].")] $op($op),)+
        }

        $(impl Sealed for $op {}

        impl From<$op> for Op {
            fn from(op: $op) -> Self {
                Self::$op(op)
            }
        })+

        impl std::ops::Deref for Op {
            type Target = dyn PiecewiseLinear;

            fn deref(&self) -> &Self::Target {
                match self {
                    $(Self::$op(op) => op,)+
                }
            }
        }
    };
}

ops! {
    Add,
    Concat,
    Conv2d,
    Conv3d,
    ElementwiseAffine,
    Batched,
    LeakyRelu,
    Linear,
    MaxPool2d,
    Rearrange,
    Separable,
}
