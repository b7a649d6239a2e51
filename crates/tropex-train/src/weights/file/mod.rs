//! Files of tensors, recognised by their content and read tensor by tensor.
//!
//! Opening a file reads names, types, shapes and positions. The caller checks them before it reads
//! a tensor, so that a damaged file does not allocate memory.

mod bytes;
mod pickle;
mod pytorch;
mod safetensors;
mod state_dict;
mod stored_tensor;
mod tensor_file;

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use super::WeightsError;
use bytes::START;

pub(crate) use self::safetensors::{Safetensors, write as write_safetensors};
pub(crate) use stored_tensor::StoredTensor;
pub(crate) use tensor_file::TensorFile;

impl TensorFile {
    /// Opens a file of any kind.
    ///
    /// `entry` is the key of one of several state dicts in a checkpoint, or the prefix of the names
    /// in a safetensors file.
    pub(crate) fn open(path: &Path, entry: Option<&str>) -> Result<Self, WeightsError> {
        let unreadable = |source| WeightsError::Read { path: path.into(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        let mut start = Vec::new();
        file.by_ref().take(START as u64).read_to_end(&mut start).map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        match FileKind::of(&start) {
            FileKind::Pointer(text) => Err(WeightsError::Pointer { path: path.into(), text }),
            FileKind::Foreign(found) => Err(WeightsError::Kind { path: path.into(), found }),
            FileKind::Safetensors => Safetensors::open(path)?.selected(entry),
            FileKind::Zip => pytorch::open_zip(path, file, entry),
            FileKind::Pickle => pytorch::open_legacy(path, file, entry),
            FileKind::Tar => pytorch::open_tar(path, file, entry),
        }
    }
}

/// The kind of a file.
enum FileKind {
    Safetensors,
    Zip,
    /// A pickle, or the format of PyTorch before 1.6: several pickles, then the numbers.
    Pickle,
    /// The format of PyTorch before 0.1.10.
    Tar,
    /// A pointer of Git LFS, with an explanation.
    Pointer(&'static str),
    /// Another kind of file, with a description.
    Foreign(&'static str),
}

impl FileKind {
    fn of(start: &[u8]) -> Self {
        if let Some(text) = tropex_files::lfs_pointer(start) {
            return Self::Pointer(text);
        }
        match start {
            [] => Self::Foreign("is empty"),
            // A TAR archive starts with a file name, which can be anything.
            _ if start.get(257..262) == Some(b"ustar") => Self::Tar,
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Zip,
            [0x89, b'H', b'D', b'F', ..] => Self::Foreign("is an HDF5 file, as Keras writes"),
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Self::Foreign("is an array of NumPy"),
            [0x1f, 0x8b, ..] => {
                Self::Foreign("is compressed by gzip, and has to be unpacked first")
            }
            [_, _, _, _, _, _, _, 0, b'{', ..] => Self::Safetensors,
            [0x80, 0..=5, ..] | [b'(' | b'}' | b'c', ..] => Self::Pickle,
            _ => Self::Foreign("is not a known kind of file, or is damaged"),
        }
    }
}
