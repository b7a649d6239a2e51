//! Files of tensors, recognised by their content and read tensor by tensor.
//!
//! Opening a file reads names, types, shapes and positions. The caller checks them before it reads
//! a tensor, so that a damaged file does not allocate memory.

mod pickle;
mod pytorch;
mod safetensors;
mod state_dict;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ::safetensors::Dtype;
use burn::tensor::{DType, TensorData};
use zip::ZipArchive;

use super::WeightsError;

pub(crate) use self::safetensors::{Safetensors, write as write_safetensors};

/// Bytes at the start of a file that identify its kind.
const START: usize = 512;

/// Bytes of a block in copies.
const BLOCK: u64 = 1 << 16;

/// A tensor in a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct StoredTensor {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    strides: Vec<usize>,
    /// Index of the first element in the storage.
    offset: usize,
    storage: TensorStorage,
}

/// A range of bytes in a file, of which tensors are views.
#[derive(Debug, Clone, PartialEq)]
struct TensorStorage {
    place: StorageLocation,
    bytes: u64,
}

/// Position of a storage.
#[derive(Debug, Clone, PartialEq)]
enum StorageLocation {
    /// Offset in the file.
    At(u64),
    /// Index of an entry of a ZIP archive.
    Entry(usize),
}

impl StoredTensor {
    fn contiguous(name: String, dtype: Dtype, shape: Vec<usize>, storage: TensorStorage) -> Self {
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
    fn span(&self) -> Option<(u64, usize)> {
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
    fn gather(&self, bytes: Vec<u8>) -> Vec<u8> {
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

/// An open file of tensors.
pub(crate) struct TensorFile {
    path: PathBuf,
    /// The tensors, in the order of the file.
    pub(crate) tensors: Vec<StoredTensor>,
    /// Whether this is the order of a state dict; the tensors of safetensors files are sorted by
    /// name.
    pub(crate) is_ordered: bool,
    /// Names of entries that are not tensors.
    pub(crate) others: Vec<String>,
    reader: CheckpointReader,
}

enum CheckpointReader {
    File(File),
    Archive(Box<ZipArchive<File>>),
}

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

    /// Reads a tensor of floating-point numbers as f32.
    pub(crate) fn read(&mut self, tensor: &StoredTensor) -> Result<TensorData, WeightsError> {
        let dtype = float_type(tensor.dtype).ok_or_else(|| WeightsError::Type {
            path: self.path.clone(),
            key: tensor.name.clone(),
            found: tensor.dtype.to_string(),
        })?;
        let failed = |reason: String| WeightsError::Format { path: self.path.clone(), reason };
        let (start, extent) = tensor.span().ok_or_else(|| {
            failed(format!("tensor `{}` has more numbers than the file", tensor.name))
        })?;
        let bytes = match &mut self.reader {
            CheckpointReader::File(file) => read_range(file, &tensor.storage, start, extent),
            CheckpointReader::Archive(archive) => {
                read_entry(archive, &tensor.storage, start, extent)
            }
        };
        let bytes = bytes.map_err(|error| failed(format!("tensor `{}`: {error}", tensor.name)))?;
        let data = TensorData::from_bytes_vec(tensor.gather(bytes), tensor.shape.clone(), dtype);
        Ok(data.convert_dtype(DType::F32))
    }
}

fn read_range(
    file: &mut File,
    storage: &TensorStorage,
    start: u64,
    bytes: usize,
) -> io::Result<Vec<u8>> {
    let StorageLocation::At(begin) = storage.place else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    file.seek(SeekFrom::Start(begin + start))?;
    read_exactly(file, bytes)
}

/// Reads a part of an entry, and then the rest, which verifies the checksum.
fn read_entry(
    archive: &mut ZipArchive<File>,
    storage: &TensorStorage,
    start: u64,
    bytes: usize,
) -> io::Result<Vec<u8>> {
    let StorageLocation::Entry(index) = storage.place else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let mut entry = archive.by_index(index)?;
    io::copy(&mut entry.by_ref().take(start), &mut io::sink())?;
    let part = read_exactly(&mut entry, bytes)?;
    io::copy(&mut entry, &mut io::sink())?;
    Ok(part)
}

/// Reads a number of bytes. Memory grows with the bytes that arrive.
fn read_exactly(reader: &mut impl Read, bytes: usize) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    read.try_reserve_exact(bytes.min(BLOCK as usize))?;
    while read.len() < bytes {
        let wanted = (bytes - read.len()).min(read.len().max(BLOCK as usize));
        read.try_reserve_exact(wanted)?;
        if reader.by_ref().take(wanted as u64).read_to_end(&mut read)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(read)
}

/// Bytes of an element; 0 for types of less than 8 bits, which weights do not have.
fn size_of(dtype: Dtype) -> usize {
    dtype.bitsize() / 8
}

fn float_type(dtype: Dtype) -> Option<DType> {
    match dtype {
        Dtype::F16 => Some(DType::F16),
        Dtype::BF16 => Some(DType::BF16),
        Dtype::F32 => Some(DType::F32),
        Dtype::F64 => Some(DType::F64),
        _ => None,
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
