//! Tensors in files, before they are read.

use ::safetensors::Dtype;

/// A tensor in a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredTensor {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(super) strides: Vec<usize>,
    /// Index of the first element in the storage.
    pub(super) offset: usize,
    pub(super) storage: TensorStorage,
}

/// A range of bytes in a file, of which tensors are views.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TensorStorage {
    pub(super) place: StorageLocation,
    pub(super) bytes: u64,
}

/// Position of a storage.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StorageLocation {
    /// Offset in the file.
    At(u64),
    /// Index of an entry of a ZIP archive.
    Entry(usize),
}

impl StoredTensor {
    pub(super) fn contiguous(
        name: String,
        dtype: Dtype,
        shape: Vec<usize>,
        storage: TensorStorage,
    ) -> Self {
        let mut strides = vec![1_usize; shape.len()];
        for axis in (1..shape.len()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(shape[axis]);
        }
        Self { name, dtype, shape, strides, offset: 0, storage }
    }

    /// Number of elements; `None` if it overflows.
    pub(crate) fn elements(&self) -> Option<usize> {
        self.shape.iter().try_fold(1_usize, |product, &extent| product.checked_mul(extent))
    }

    /// Offset and length of the bytes from the first to the last element; `None` if the storage has
    /// fewer.
    pub(super) fn span(&self) -> Option<(u64, usize)> {
        let size = size_of(self.dtype);
        let start = self.offset.checked_mul(size)?;
        let extent = if self.shape.contains(&0) {
            0
        } else {
            let axes = self.shape.iter().zip(&self.strides);
            let last = axes.map(|(&extent, &stride)| (extent - 1).checked_mul(stride));
            last.sum::<Option<usize>>()?.checked_add(1)?.checked_mul(size)?
        };
        let end = start.checked_add(extent)?;
        (end as u64 <= self.storage.bytes).then_some((start as u64, extent))
    }

    /// The elements in row-major order, from the bytes of [`span`](Self::span).
    pub(super) fn gather(&self, bytes: Vec<u8>) -> Vec<u8> {
        let mut position = vec![0; self.shape.len()];
        let size = size_of(self.dtype);
        let count = self.elements().unwrap_or(0);
        if bytes.len() == count * size && self.is_contiguous() {
            return bytes;
        }
        let mut gathered = Vec::with_capacity(count * size);
        for _ in 0..count {
            let at: usize =
                position.iter().zip(&self.strides).map(|(at, stride)| at * stride).sum();
            gathered.extend_from_slice(&bytes[at * size..(at + 1) * size]);
            for axis in (0..position.len()).rev() {
                position[axis] += 1;
                if position[axis] < self.shape[axis] {
                    break;
                }
                position[axis] = 0;
            }
        }
        gathered
    }

    fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        self.shape.iter().zip(&self.strides).rev().all(|(&extent, &stride)| {
            let fits = extent == 1 || stride == expected;
            expected *= extent;
            fits
        })
    }
}

/// Bytes of an element; 0 for types of less than 8 bits, which weights do not have.
pub(super) fn size_of(dtype: Dtype) -> usize {
    dtype.bitsize() / 8
}
