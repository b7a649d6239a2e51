//! The memory layouts that the `flex` bodies compute on, and SIMD vectors.

mod interleaved;
mod layouts;
mod packed;
mod scratch;
mod storage;
mod tensor;
mod vector;

pub(crate) use interleaved::{Entries, Interleaved, Units, starts, width};
pub(crate) use layouts::{PackedStencil, WeightLayouts};
pub(crate) use packed::{PANEL, PackedMatrix, Panel};
pub(crate) use scratch::with_scratch;
pub(crate) use storage::Storage;
pub use tensor::HostBackend;
pub(crate) use tensor::{Float, device, for_float, held, holds, positions, threads, zeros};
pub(crate) use vector::{
    Block, MAX_ROWS, SimdFloat, add_product, add_products, lanes, row_blocks, with_rows, with_simd,
    zero_block,
};
