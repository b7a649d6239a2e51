//! An open file of tensors.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use ::safetensors::Dtype;
use burn::tensor::{DType, TensorData};
use zip::ZipArchive;

use super::bytes::read_exactly;
use super::stored_tensor::{StorageLocation, StoredTensor, TensorStorage};
use crate::weights::WeightsError;

/// An open file of tensors.
pub(crate) struct TensorFile {
    pub(super) path: PathBuf,
    /// The tensors, in the order of the file.
    pub(crate) tensors: Vec<StoredTensor>,
    /// Whether this is the order of a state dict; the tensors of safetensors files are sorted by
    /// name.
    pub(crate) is_ordered: bool,
    /// Names of entries that are not tensors.
    pub(crate) others: Vec<String>,
    pub(super) reader: CheckpointReader,
}

pub(super) enum CheckpointReader {
    File(File),
    Archive(Box<ZipArchive<File>>),
}

impl TensorFile {
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

fn float_type(dtype: Dtype) -> Option<DType> {
    match dtype {
        Dtype::F16 => Some(DType::F16),
        Dtype::BF16 => Some(DType::BF16),
        Dtype::F32 => Some(DType::F32),
        Dtype::F64 => Some(DType::F64),
        _ => None,
    }
}
