//! Affine rows as kernels for GPUs read them.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;

use super::tensor::on_gpu;
use crate::data::AffineRows;

/// Affine rows in the memory of a GPU.
pub(super) struct GpuRows {
    /// `[groups * points, features]`
    pub(super) entries: CubeTensor,
    /// The pending shift, `[1, features]`. Any tensor if no shift is pending, because a kernel
    /// needs a tensor for every argument.
    pub(super) shift: CubeTensor,
    /// Index of the first entry that the shift is added to.
    pub(super) shifted: usize,
}

impl GpuRows {
    /// The rows, if they are in f32 in the memory of a GPU.
    pub(super) fn new(rows: &AffineRows) -> Option<Self> {
        let entries = into_contiguous(on_gpu(rows.tensor()?)?);
        let [count, features] = rows.tensor()?.dims();
        let (shift, shifted) = match &rows.shift {
            None => (entries.clone(), count * features),
            Some(shift) => (into_contiguous(on_gpu(shift)?), (count - rows.points()) * features),
        };
        Some(Self { entries, shift, shifted })
    }
}
