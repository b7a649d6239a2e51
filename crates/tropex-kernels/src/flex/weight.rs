//! Rows times a packed weight.

use burn::backend::Flex;
use burn::tensor::Tensor;

use super::gemm;
use super::masked_gemm::{self, AlternativeProduct, LinearMap};
use crate::data::{AffineRows, PackedWeight, RowsAndOffset};
use crate::simd::{PackedMatrix, WeightLayouts, held, holds};
use crate::sparsity::SparsityPattern;

/// [`PackedWeight::product`], if `flex` holds the rows.
pub(crate) fn product(
    weight: &PackedWeight,
    rows: &Tensor<2>,
    points: usize,
    bias: Option<&Tensor<2>>,
) -> Option<Tensor<2>> {
    holds(rows).then(|| multiply(rows, points, layouts(weight).packed(weight.matrix()), bias))
}

/// [`PackedWeight::transposed_product`], if `flex` holds the rows.
pub(crate) fn transposed_product(
    weight: &PackedWeight,
    rows: &Tensor<2>,
    points: usize,
) -> Option<Tensor<2>> {
    holds(rows)
        .then(|| multiply(rows, points, layouts(weight).packed_transpose(weight.matrix()), None))
}

fn layouts(weight: &PackedWeight) -> &WeightLayouts {
    weight.as_ref()
}

/// `rows * weight + bias`.
pub(super) fn multiply(
    rows: &Tensor<2>,
    points: usize,
    weight: &PackedMatrix,
    bias: Option<&Tensor<2>>,
) -> Tensor<2> {
    let (rows, bias) = (held(rows.clone()), bias.cloned().map(held));
    Tensor::from_primitive::<Flex>(gemm::product(&rows, points, weight, bias.as_ref()))
}

/// [`PackedWeight::pullback`], masked by the rows' active mask or from interleaved rows. `None` if
/// the dense product of rows in a tensor costs less.
pub(crate) fn pullback(
    weight: &PackedWeight,
    rows: &AffineRows,
    bias: Option<&Tensor<2>>,
) -> Option<RowsAndOffset> {
    pullback_masked(weight, rows, bias).or_else(|| pullback_interleaved(weight, rows, bias))
}

fn pullback_masked(
    weight: &PackedWeight,
    rows: &AffineRows,
    bias: Option<&Tensor<2>>,
) -> Option<RowsAndOffset> {
    let [inputs, outputs] = weight.matrix().dims();
    let pattern = SparsityPattern::single();
    let map = || LinearMap {
        pattern: &pattern,
        channels: [outputs, inputs],
        weights: held(weight.matrix().clone()),
    };
    let dense = AlternativeProduct { cost: |density| density, reads_interleaved: true };
    masked_gemm::pullback(rows, map, dense, bias.cloned())
}

fn pullback_interleaved(
    weight: &PackedWeight,
    rows: &AffineRows,
    bias: Option<&Tensor<2>>,
) -> Option<RowsAndOffset> {
    let interleaved = rows.interleaved()?;
    let offset = bias.map(|bias| interleaved.offset(&held(bias.clone())));
    let product = gemm::product_of_interleaved(
        interleaved,
        layouts(weight).packed_transpose(weight.matrix()),
    );
    let product = Tensor::from_primitive::<Flex>(product);
    Some((AffineRows::new(product, rows.points()), offset))
}
