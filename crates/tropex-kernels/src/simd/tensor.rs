//! Tensors of Burn's `flex` backend, and their numbers in memory.

use std::ops::{Add, AddAssign, Div, Mul, Sub};

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Device, Element, Int, Shape, Tensor, TensorData};
use bytemuck::Pod;

/// The backend on the CPU that computes constants.
pub type HostBackend = Flex;

/// The device of the backend.
pub(crate) fn device() -> Option<Device> {
    Some(Device::flex())
}

/// A floating-point type of the `flex` implementations.
pub(crate) trait Float:
    Element
    + Pod
    + Send
    + Sync
    + PartialOrd
    + AddAssign
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    const ZERO: Self;
    fn of(number: f64) -> Self;
    /// The square root.
    fn root(self) -> Self;
}

macro_rules! float {
    ($($float:ty),+) => {
        $(impl Float for $float {
            const ZERO: Self = 0.0;

            fn of(number: f64) -> Self {
                number as $float
            }

            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }
        })+
    };
}

float!(f32, f64);

/// Calls a function for the float type of a tensor: networks compute in f32 or f64.
macro_rules! for_float {
    ($dtype:expr, $function:ident($($argument:expr),*)) => {
        match $dtype {
            burn::tensor::DType::F64 => $function::<f64>($($argument),*),
            _ => $function::<f32>($($argument),*),
        }
    };
}
pub(crate) use for_float;

/// Whether `flex` holds the tensor, contiguous and without unused memory around it.
pub(crate) fn holds<const D: usize>(tensor: &Tensor<D>) -> bool {
    tensor.clone().try_into_primitive::<Flex>().is_ok_and(|tensor| {
        let entries = tensor.layout().num_elements();
        let whole = tensor.bytes().len() == entries * tensor.dtype().size();
        whole && tensor.layout().contiguous_offsets() == Some((0, entries))
    })
}

/// A tensor of zeros. Unlike [`FlexTensor::zeros`], it does not copy them to aligned memory.
pub(crate) fn zeros<E: Element>(shape: impl Into<Shape>) -> FlexTensor {
    let shape = shape.into();
    let zeros = vec![E::from_elem(0); shape.num_elements()];
    FlexTensor::from_data(TensorData::new(zeros, shape))
}

/// The tensor as a primitive of `flex`. The caller must have checked [`holds`].
pub(crate) fn held<const D: usize>(tensor: Tensor<D>) -> FlexTensor {
    tensor.try_into_primitive::<Flex>().expect("callers check `holds`")
}

/// Positions as unsigned integers, from either integer type of the backend.
pub(crate) fn positions(winner: &Tensor<3, Int>) -> Vec<u32> {
    let data = winner.to_data();
    match (data.as_slice::<i32>(), data.as_slice::<i64>()) {
        (Ok(cells), _) => cells.iter().map(|&cell| cell as u32).collect(),
        (_, Ok(cells)) => cells.iter().map(|&cell| cell as u32).collect(),
        _ => data.iter::<i64>().map(|cell| cell as u32).collect(),
    }
}

/// Number of threads that divide one operation. Inside the thread pool it is one, because the other
/// threads have their own chunks of points.
pub(crate) fn threads() -> usize {
    match rayon::current_thread_index() {
        Some(_) => 1,
        None => rayon::current_num_threads(),
    }
}
