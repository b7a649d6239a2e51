//! Safetensors files: an eight-byte length, a JSON header, and the numbers.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::bytes::{BLOCK, START, read_exactly};
use super::stored_tensor::{StorageLocation, StoredTensor, TensorStorage};
use super::tensor_file::{CheckpointReader, TensorFile};
use crate::weights::{Weights, WeightsError};

/// Header entry with the SHA-256 of the file, computed with zeros in place of its own digits.
const CHECKSUM: &str = "tropex.sha256";
/// Digits of a checksum.
const DIGITS: usize = 64;
/// Bytes of the number at the start, the length of the header.
const LENGTH: usize = 8;
/// Largest number of bytes of a header, by the definition of the format.
const MAX_HEADER: u64 = 100_000_000;

/// The metadata of a header.
pub(crate) type Header = BTreeMap<String, String>;

/// An open safetensors file.
pub(crate) struct Safetensors {
    pub(crate) file: TensorFile,
    pub(crate) header: Header,
}

impl Safetensors {
    /// Opens a file, and verifies its checksum if it has one.
    pub(crate) fn open(path: &Path) -> Result<Self, WeightsError> {
        let unreadable = |source| WeightsError::Read { path: path.into(), source };
        let damaged = |reason: String| WeightsError::Format { path: path.into(), reason };
        let mut file = File::open(path).map_err(unreadable)?;
        let mut start = Vec::new();
        file.by_ref().take(START as u64).read_to_end(&mut start).map_err(unreadable)?;
        if let Some(text) = tropex_files::lfs_pointer(&start) {
            return Err(WeightsError::Pointer { path: path.into(), text });
        }
        let bytes = file.seek(SeekFrom::End(0)).map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        let text = read_header(&mut file, bytes).map_err(damaged)?;
        let metadata: Metadata =
            serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        let numbers = (LENGTH + text.len()) as u64;
        if numbers + metadata.data_len() as u64 != bytes {
            return Err(damaged(format!("its {bytes} bytes are not those of its tensors")));
        }
        let header: Header = metadata.metadata().clone().unwrap_or_default().into_iter().collect();
        if let Some(checksum) = header.get(CHECKSUM) {
            let found = checksum_of(&text, checksum, &mut file).map_err(unreadable)?;
            if found.as_ref() != Some(checksum) {
                return Err(WeightsError::Checksum { path: path.into() });
            }
        }
        let tensors = stored(&metadata, numbers);
        let (reader, others) = (CheckpointReader::File(file), Vec::new());
        let file = TensorFile { path: path.into(), tensors, is_ordered: false, others, reader };
        Ok(Self { file, header })
    }

    /// Opens a file of this program.
    ///
    /// Metadata other than `expected` and the checksum is damage, because the damage could have
    /// changed the name of the checksum.
    pub(crate) fn open_own(path: &Path, expected: &[&str]) -> Result<Self, WeightsError> {
        let opened = Self::open(path)?;
        let is_known = |name: &String| name == CHECKSUM || expected.contains(&name.as_str());
        if opened.header.contains_key(CHECKSUM) || opened.header.keys().all(is_known) {
            return Ok(opened);
        }
        Err(WeightsError::Checksum { path: path.into() })
    }

    /// The tensors whose names begin with `entry` and a dot, without this prefix; all tensors for
    /// `None`.
    pub(super) fn selected(self, entry: Option<&str>) -> Result<TensorFile, WeightsError> {
        let mut file = self.file;
        let Some(entry) = entry else { return Ok(file) };
        let prefix = format!("{entry}.");
        let found = file.tensors.iter().map(|tensor| tensor.name.clone()).collect::<Vec<_>>();
        file.tensors.retain_mut(|tensor| match tensor.name.strip_prefix(&prefix) {
            Some(rest) => {
                tensor.name = rest.to_owned();
                true
            }
            None => false,
        });
        if file.tensors.is_empty() {
            return Err(WeightsError::no_entry(&file.path, entry, first_parts(&found)));
        }
        Ok(file)
    }

    /// Reads all tensors.
    pub(crate) fn read_all(mut self) -> Result<Weights, WeightsError> {
        let mut weights = Weights::default();
        for tensor in std::mem::take(&mut self.file.tensors) {
            let data = self.file.read(&tensor)?;
            weights.insert(tensor.name, data);
        }
        Ok(weights)
    }
}

/// The parts of names before the first dot, each once.
fn first_parts(names: &[String]) -> Vec<String> {
    let mut parts: Vec<String> =
        names.iter().filter_map(|name| Some(name.split_once('.')?.0.to_owned())).collect();
    parts.sort();
    parts.dedup();
    parts
}

fn read_header(file: &mut File, bytes: u64) -> Result<Vec<u8>, String> {
    let mut length = [0; LENGTH];
    file.read_exact(&mut length).map_err(|_| format!("it has only {bytes} bytes"))?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER.min(bytes - LENGTH as u64) {
        return Err(format!("its header claims {length} bytes, the file has {bytes}"));
    }
    read_exactly(file, length as usize).map_err(|error| error.to_string())
}

fn stored(metadata: &Metadata, numbers: u64) -> Vec<StoredTensor> {
    let names = metadata.offset_keys().into_iter();
    let tensors = names.filter_map(|name| {
        let info = metadata.info(&name)?;
        let (start, end) = info.data_offsets;
        let place = StorageLocation::At(numbers + start as u64);
        let storage = TensorStorage { place, bytes: (end - start) as u64 };
        Some(StoredTensor::contiguous(name, info.dtype, info.shape.clone(), storage))
    });
    tensors.collect()
}

/// Computes the checksum of a file whose header was read; `None` if the header lacks the entry.
fn checksum_of(header: &[u8], checksum: &str, numbers: &mut File) -> io::Result<Option<String>> {
    let Some(at) = position(header, checksum) else { return Ok(None) };
    let mut blank = header.to_vec();
    blank[at..at + checksum.len()].fill(b'0');
    let mut digest = Sha256::new();
    digest.update((header.len() as u64).to_le_bytes());
    digest.update(blank);
    let mut block = vec![0; BLOCK as usize];
    loop {
        match numbers.read(&mut block)? {
            0 => return Ok(Some(tropex_files::hex(&digest.finalize()))),
            read => digest.update(&block[..read]),
        }
    }
}

fn position(header: &[u8], checksum: &str) -> Option<usize> {
    let is_whole = checksum.len() == DIGITS;
    is_whole.then(|| header.windows(DIGITS).position(|part| part == checksum.as_bytes()))?
}

/// Writes weights and metadata with a checksum, and replaces `path` atomically.
pub(crate) fn write(
    path: &Path,
    weights: &Weights,
    header: &[(&str, &str)],
) -> Result<(), WeightsError> {
    tropex_files::replace(path, &serialize(weights, header))
        .map_err(|source| WeightsError::Write { path: path.into(), source })
}

/// The bytes of a file; equal for equal weights and metadata.
fn serialize(weights: &Weights, header: &[(&str, &str)]) -> Vec<u8> {
    let zeros = "0".repeat(DIGITS);
    let free: BTreeMap<&str, &str> =
        header.iter().copied().chain([(CHECKSUM, zeros.as_str())]).collect();
    let mut entries = BTreeMap::from([("__metadata__", json!(free))]);
    let mut end = 0;
    for (key, data) in weights.iter() {
        let start = end;
        end += data.as_bytes().len();
        let shape = data.shape().as_slice().to_vec();
        let entry = json!({ "dtype": Dtype::F32, "shape": shape, "data_offsets": [start, end] });
        entries.insert(key, entry);
    }
    let mut text = json!(entries).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(LENGTH), b' ');
    let mut bytes = Vec::with_capacity(LENGTH + text.len() + end);
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(&text);
    weights.iter().for_each(|(_, data)| bytes.extend(data.as_bytes()));
    if let Some(at) = position(&text, &zeros) {
        let checksum = tropex_files::sha256(&bytes);
        bytes[LENGTH + at..][..DIGITS].copy_from_slice(checksum.as_bytes());
    }
    bytes
}
