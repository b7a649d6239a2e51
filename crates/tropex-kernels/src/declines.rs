//! Functions that leave the work to other implementations, for builds without `flex` or without the
//! backends of GPUs.

use burn::tensor::{Int, Tensor};

use crate::attempt::Attempt;
use crate::data::{AffineRows, Slope};

pub(crate) fn mask(rows: AffineRows, _: &Tensor<2>, _: &Slope) -> Attempt<AffineRows> {
    Attempt::Continue(rows)
}

pub(crate) fn scatter(
    rows: AffineRows,
    _: &Tensor<3, Int>,
    _: usize,
    _: bool,
) -> Attempt<AffineRows> {
    Attempt::Continue(rows)
}

pub(crate) fn pick(values: Tensor<2>, _: &Tensor<3, Int>, _: usize) -> Attempt<Tensor<2>> {
    Attempt::Continue(values)
}
