//! Columns of a matrix by number.

use std::sync::Arc;

use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};

use crate::Placement;

/// Stands for no column.
pub(super) const NONE: u32 = u32::MAX;

/// A column number, or none, for every column of a result.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    numbers: Arc<[u32]>,
    /// The numbers on the device, 0 for none.
    tensor: Tensor<1, Int>,
    /// `[1, columns]` with 0 for none and 1 for the others, if any is none.
    present: Option<Tensor<2>>,
}

impl Columns {
    pub(crate) fn new(columns: &[Option<usize>], placement: &Placement) -> Self {
        let numbers = columns.iter().map(|column| column.map_or(NONE, |column| column as u32));
        Self::placed(numbers.collect(), placement)
    }

    fn placed(numbers: Arc<[u32]>, placement: &Placement) -> Self {
        let device = placement.device();
        let entry = |&number: &u32| if number == NONE { 0 } else { number as i32 };
        let entries: Vec<i32> = numbers.iter().map(entry).collect();
        let columns = numbers.len();
        let tensor = Tensor::from_data(TensorData::new(entries, [columns]), device);
        let present = numbers.contains(&NONE).then(|| {
            let present = numbers.iter().map(|&number| if number == NONE { 0.0 } else { 1.0 });
            placement.tensor(TensorData::new(present.collect::<Vec<f64>>(), [1, columns]))
        });
        Self { numbers, tensor, present }
    }

    /// The same columns on another device.
    pub(crate) fn place(&self, placement: &Placement) -> Self {
        Self::placed(self.numbers.clone(), placement)
    }

    /// Bytes that are equal for equal columns.
    pub(crate) fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.numbers)
    }

    #[cfg(feature = "flex")]
    pub(super) fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// Zeros where there is no column.
    fn blank(&self, values: Tensor<2>) -> Tensor<2> {
        match &self.present {
            None => values,
            Some(present) => values * present.clone(),
        }
    }
}

/// Column `j` of the result is column `columns[j]` of `values`, or zero.
pub(crate) fn gather(values: Tensor<2>, columns: &Columns) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if super::flex::holds(&values) {
        return super::flex::gather(values, columns.numbers());
    }
    gather_anywhere(values, columns)
}

pub(super) fn gather_anywhere(values: Tensor<2>, columns: &Columns) -> Tensor<2> {
    columns.blank(values.select(1, columns.tensor.clone()))
}

/// The transpose of [`gather`]: column `columns[j]` of the result, which has `width` columns, is
/// the sum of all such columns `j` of `values`.
pub(crate) fn scatter_add(values: Tensor<2>, columns: &Columns, width: usize) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if super::flex::holds(&values) {
        return super::flex::scatter_add(values, columns.numbers(), width);
    }
    scatter_add_anywhere(values, columns, width)
}

pub(super) fn scatter_add_anywhere(
    values: Tensor<2>,
    columns: &Columns,
    width: usize,
) -> Tensor<2> {
    let zeros = Tensor::zeros([values.dims()[0], width], (&values.device(), values.dtype()));
    let values = columns.blank(values);
    zeros.select_assign(1, columns.tensor.clone(), values, IndexingUpdateOp::Add)
}
