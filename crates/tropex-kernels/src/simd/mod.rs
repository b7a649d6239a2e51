//! SIMD vectors, and the memory layouts that the `flex` implementations read and write.

mod buffer;
mod interleaved;
mod layouts;
mod packed;
mod storage;
mod tensor;
mod vector;

pub(crate) use buffer::with_scratch;
pub(crate) use interleaved::{ActiveUnits, Interleaved, PointEntries, starts, width};
pub(crate) use layouts::{PackedStencil, WeightLayouts};
pub(crate) use packed::{PANEL_VECTORS, PackedMatrix, WeightPanel};
pub(crate) use storage::RowStorage;
pub use tensor::HostBackend;
pub(crate) use tensor::{Float, device, for_float, held, holds, positions, threads, zeros};
pub(crate) use vector::{
    MAX_ROWS, RegisterTile, SimdFloat, add_product, add_products, lanes, row_blocks, with_rows,
    with_simd, zero_tile,
};
