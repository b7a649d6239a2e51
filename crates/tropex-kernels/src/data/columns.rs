//! Columns of a matrix by number.

use std::sync::Arc;

use burn::tensor::{Int, Tensor, TensorData};

use crate::target::ComputeTarget;

/// For every column of a result the number of its source column. A column without a source is zero.
#[derive(Clone, Debug)]
pub struct Columns {
    numbers: Arc<[u32]>,
    /// The numbers on the device, 0 for a column without a source.
    tensor: Tensor<1, Int>,
    /// `[1, columns]`: 1 for a column with a source, else 0. `None` if all have one.
    present: Option<Tensor<2>>,
}

impl Columns {
    /// The number of a column without a source.
    pub const NONE: u32 = u32::MAX;

    /// The source columns, on the device of a target.
    pub fn new(columns: &[Option<usize>], target: &ComputeTarget) -> Self {
        let numbers =
            columns.iter().map(|column| column.map_or(Self::NONE, |column| column as u32));
        Self::on_target(numbers.collect(), target)
    }

    fn on_target(numbers: Arc<[u32]>, target: &ComputeTarget) -> Self {
        let entry = |&number: &u32| if number == Self::NONE { 0 } else { number as i32 };
        let entries: Vec<i32> = numbers.iter().map(entry).collect();
        let columns = numbers.len();
        let tensor = Tensor::from_data(TensorData::new(entries, [columns]), target.device());
        let present = numbers.contains(&Self::NONE).then(|| {
            let present =
                numbers.iter().map(|&number| if number == Self::NONE { 0.0 } else { 1.0 });
            target.tensor(TensorData::new(present.collect::<Vec<f64>>(), [1, columns]))
        });
        Self { numbers, tensor, present }
    }

    /// The columns on another device.
    pub fn to_target(&self, target: &ComputeTarget) -> Self {
        Self::on_target(self.numbers.clone(), target)
    }

    /// The numbers of the source columns, [`Columns::NONE`] for a column without a source.
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }

    /// The numbers of the source columns as bytes.
    pub fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.numbers)
    }

    /// The numbers on the device, 0 for a column without a source.
    pub(crate) fn tensor(&self) -> Tensor<1, Int> {
        self.tensor.clone()
    }

    /// Sets the columns without a source to zero.
    pub(crate) fn blank(&self, values: Tensor<2>) -> Tensor<2> {
        match &self.present {
            None => values,
            Some(present) => values * present.clone(),
        }
    }
}
