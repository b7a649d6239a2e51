//! Rows times a weight matrix.

use burn::tensor::Tensor;

use super::matmul::matmul;
use crate::data::{AffineRows, PackedWeight, RowsAndOffset};
use crate::flex;

impl PackedWeight {
    /// `rows * weight + bias`.
    ///
    /// # Shapes
    /// - rows: `[groups * points, inputs]`, group by group
    /// - bias: `[1, outputs]`
    /// - output: `[groups * points, outputs]`
    pub fn product(&self, rows: Tensor<2>, points: usize, bias: Option<Tensor<2>>) -> Tensor<2> {
        if let Some(product) = flex::product(self, &rows, points, bias.as_ref()) {
            return product;
        }
        let product = matmul(rows, self.matrix().clone());
        match bias {
            None => product,
            Some(bias) => product + bias,
        }
    }

    /// `rows * weight^T`.
    ///
    /// # Shapes
    /// - rows: `[groups * points, outputs]`, group by group
    /// - output: `[groups * points, inputs]`
    pub fn transposed_product(&self, rows: Tensor<2>, points: usize) -> Tensor<2> {
        flex::transposed_product(self, &rows, points)
            .unwrap_or_else(|| matmul(rows, self.matrix().clone().transpose()))
    }

    /// Pulls rows back through `x * weight + bias`: returns the
    /// [transposed product](Self::transposed_product), and the sum of every row times the bias.
    ///
    /// # Shapes
    /// - rows: `[groups * points, outputs]`
    /// - bias: `[1, outputs]`
    /// - output: `[groups * points, inputs]` and `[groups * points, 1]`
    pub fn pullback(&self, rows: AffineRows, bias: Option<Tensor<2>>) -> RowsAndOffset {
        if let Some(pulled) = flex::pullback(self, &rows, bias.as_ref()) {
            return pulled;
        }
        let (points, rows) = (rows.points(), rows.into_tensor());
        let offset = bias.map(|bias| matmul(rows.clone(), bias.transpose()));
        (AffineRows::new(self.transposed_product(rows, points), points), offset)
    }
}
