//! Rows times weights, and planes under convolutions.

use burn::tensor::Tensor;

use super::Stencil;
use crate::constant::Constant;

/// `rows . weight + bias`: rows `[groups * points, inputs]`, group by group, weights
/// `[inputs, outputs]`, and a bias `[1, outputs]`.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn multiply(
    rows: Tensor<2>,
    points: usize,
    weight: &Constant<2>,
    bias: Option<&Constant<2>>,
) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if is_ours(&rows) {
        return super::flex::product(&rows, points, weight.panels(), bias.map(Constant::tensor));
    }
    let product = rows.matmul(weight.tensor());
    match bias {
        None => product,
        Some(bias) => product + bias.tensor(),
    }
}

/// `rows . weight^T`: rows `[groups * points, outputs]`.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn multiply_transposed(
    rows: Tensor<2>,
    points: usize,
    weight: &Constant<2>,
) -> Tensor<2> {
    #[cfg(feature = "flex")]
    if is_ours(&rows) {
        return super::flex::product(&rows, points, weight.transposed_panels(), None);
    }
    rows.matmul(weight.tensor().transpose())
}

/// Rows that many others are multiplied with, `[outputs, inputs]`.
pub(crate) struct Factor {
    rows: Tensor<2>,
    #[cfg(feature = "flex")]
    panels: std::sync::OnceLock<super::Panels>,
}

impl Factor {
    pub(crate) fn new(rows: Tensor<2>) -> Self {
        Self {
            rows,
            #[cfg(feature = "flex")]
            panels: std::sync::OnceLock::new(),
        }
    }

    /// The products of every row of `rows`, `[count, inputs]`, with every one of these:
    /// `[count, outputs]`.
    pub(crate) fn products(&self, rows: &Tensor<2>) -> Tensor<2> {
        #[cfg(feature = "flex")]
        if is_ours(rows) && is_ours(&self.rows) {
            let panels = || super::Panels::of_transposed(self.rows.clone());
            let [count, _] = rows.dims();
            return super::flex::product(rows, count, super::kept(&self.panels, panels), None);
        }
        rows.clone().matmul(self.rows.clone().transpose())
    }
}

/// Whether values lie where kernels of ours can read them.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn is_ours(values: &Tensor<2>) -> bool {
    #[cfg(feature = "flex")]
    return super::flex::holds(values);
    #[cfg(not(feature = "flex"))]
    return false;
}

/// Planes `[groups * points, channels * cells]`, group by group, under a stencil, and a bias for every
/// channel of the output; none if that is the backend's matter.
#[cfg_attr(not(feature = "flex"), allow(unused_variables))]
pub(crate) fn correlate(
    planes: &Tensor<2>,
    points: usize,
    stencil: &Stencil,
    bias: Option<&Tensor<1>>,
) -> Option<Tensor<2>> {
    #[cfg(feature = "flex")]
    return super::flex::correlation(planes, points, stencil, bias);
    #[cfg(not(feature = "flex"))]
    return None;
}
