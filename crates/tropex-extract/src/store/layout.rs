//! The layout of a tensor file, written without copying the tensors.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Write};

use safetensors::{Dtype, SafeTensorError, View, serialize};
use sha2::{Digest, Sha256};
use tropex_files::hex;

/// The parts of a tensor file in their order: the header, then the tensors.
pub(crate) struct TensorFileLayout<'a> {
    header: Vec<u8>,
    tensors: Vec<&'a [u8]>,
}

/// A tensor: name, type, shape and bytes.
pub(crate) type NamedTensor<'a> = (&'static str, Dtype, Vec<usize>, &'a [u8]);

impl<'a> TensorFileLayout<'a> {
    /// The layout of a file. The number of bytes of each tensor must fit its type and shape.
    pub(crate) fn of(
        tensors: impl IntoIterator<Item = NamedTensor<'a>>,
    ) -> Result<Self, SafeTensorError> {
        let order = RefCell::new(Vec::new());
        let tensors = tensors.into_iter().map(|(name, dtype, shape, bytes)| {
            (name, OrderedView { dtype, shape, bytes, order: &order })
        });
        let header = serialize(tensors, None)?;
        Ok(Self { header, tensors: order.into_inner() })
    }

    pub(crate) fn write(&self, file: &mut impl Write) -> io::Result<()> {
        self.parts().try_for_each(|part| file.write_all(part))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.parts().map(<[u8]>::len).sum()
    }

    /// SHA-256 of the file.
    pub(crate) fn checksum(&self) -> String {
        let mut hash = Sha256::new();
        self.parts().for_each(|part| hash.update(part));
        hex(&hash.finalize())
    }

    fn parts(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(&self.header[..]).chain(self.tensors.iter().copied())
    }
}

/// A tensor that records in `order` when the serializer asks for its bytes.
struct OrderedView<'a, 'o> {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: &'a [u8],
    order: &'o RefCell<Vec<&'a [u8]>>,
}

impl View for OrderedView<'_, '_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.order.borrow_mut().push(self.bytes);
        Cow::Borrowed(&[])
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use safetensors::tensor::TensorView;

    use super::*;

    #[test]
    fn a_file_equals_the_file_of_the_safetensors_library() {
        let numbers: Vec<u8> = (0..48).collect();
        let tensors = || {
            [
                ("b", Dtype::F32, vec![2, 3], &numbers[..24]),
                ("a", Dtype::F64, vec![1, 1], &numbers[24..32]),
                ("c", Dtype::I64, vec![2], &numbers[32..]),
                ("none", Dtype::F32, vec![0, 3], &[][..]),
            ]
        };
        let views = tensors().map(|(name, dtype, shape, bytes)| {
            (name, TensorView::new(dtype, shape, bytes).unwrap())
        });
        let expected = serialize(views, None).unwrap();
        let layout = TensorFileLayout::of(tensors()).unwrap();
        let mut written = Vec::new();
        layout.write(&mut written).unwrap();
        assert_eq!(written, expected);
        assert_eq!(layout.bytes(), expected.len());
        assert_eq!(layout.checksum(), tropex_files::sha256(&expected));
    }
}
