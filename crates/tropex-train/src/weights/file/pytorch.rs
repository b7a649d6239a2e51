//! The three file formats of PyTorch, and plain pickles.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use super::bytes::read_exactly;
use super::pickle::{Pickle, PickleError, PickleValue};
use super::state_dict::{PickledCheckpoint, StorageUse};
use super::stored_tensor::{StorageLocation, StoredTensor, TensorStorage, size_of};
use super::tensor_file::{CheckpointReader, TensorFile};
use crate::weights::WeightsError;

/// Largest number of bytes of a pickle, which has names, shapes and the records of a training.
const MAX_PICKLE: u64 = 64 << 20;
/// Bytes of the first attempt to read a pickle of unknown length.
const FIRST_READ: u64 = 1 << 16;

/// First pickle of a file from before PyTorch 1.6, after its two bytes of protocol: a magic number.
const LEGACY_MAGIC: [u8; 13] =
    [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.'];

/// Opens a ZIP archive, the format since PyTorch 1.6: `NAME/data.pkl` and `NAME/data/KEY`.
pub(super) fn open_zip(
    path: &Path,
    file: File,
    entry: Option<&str>,
) -> Result<TensorFile, WeightsError> {
    let damaged = |reason: String| WeightsError::Format { path: path.into(), reason };
    let foreign = |found| WeightsError::Kind { path: path.into(), found };
    let mut archive = ZipArchive::new(file).map_err(|error| damaged(error.to_string()))?;
    let names: Vec<String> =
        archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let Some(root) = names.iter().find_map(|name| name.strip_suffix("data.pkl")) else {
        let is_numpy = names.iter().any(|name| name.ends_with(".npy"));
        return Err(foreign(match is_numpy {
            true => "is an archive of NumPy arrays",
            false => "is a ZIP archive without the pickle of a state dict",
        }));
    };
    if names.iter().any(|name| name.strip_prefix(root) == Some("constants.pkl")) {
        return Err(foreign("is a TorchScript archive"));
    }
    let read = |archive: &mut ZipArchive<File>, name: &str| {
        let index = archive.index_for_name(&format!("{root}{name}"));
        index.map(|index| read_small(archive, index).map_err(&damaged)).transpose()
    };
    if read(&mut archive, "byteorder")?.as_deref() == Some(b"big") {
        return Err(foreign("has big-endian numbers"));
    }
    let pickle = read(&mut archive, "data.pkl")?.unwrap_or_default();
    let pickle = Pickle::read(&pickle).map_err(|problem| damaged(problem.into()))?;
    let mut storages = HashMap::new();
    for name in &names {
        if let Some(key) = name.strip_prefix(root).and_then(|name| name.strip_prefix("data/")) {
            let index = archive.index_for_name(name).unwrap_or(usize::MAX);
            let size = archive.by_index_raw(index).map(|entry| entry.size());
            let bytes = size.map_err(|error| damaged(error.to_string()))?;
            storages.insert(
                key.to_owned(),
                TensorStorage { place: StorageLocation::Entry(index), bytes },
            );
        }
    }
    let checkpoint = PickledCheckpoint { pickle: &pickle, storages, tensors: HashMap::new() };
    checkpoint.state_dict(path, entry, CheckpointReader::Archive(Box::new(archive)))
}

fn read_small(archive: &mut ZipArchive<File>, index: usize) -> Result<Vec<u8>, String> {
    let entry = archive.by_index(index).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    entry.take(MAX_PICKLE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    match bytes.len() as u64 > MAX_PICKLE {
        true => Err(format!("its pickle has more than {MAX_PICKLE} bytes")),
        false => Ok(bytes),
    }
}

/// Opens several pickles followed by numbers, the format before PyTorch 1.6, or a single pickle.
pub(super) fn open_legacy(
    path: &Path,
    mut file: File,
    entry: Option<&str>,
) -> Result<TensorFile, WeightsError> {
    let damaged = |reason: String| WeightsError::Format { path: path.into(), reason };
    let mut start = [0; 2 + LEGACY_MAGIC.len()];
    let is_legacy = file.read_exact(&mut start).is_ok() && start[2..] == LEGACY_MAGIC;
    let (pickle, storages) = if is_legacy {
        legacy_parts(&mut file, start.len() as u64).map_err(damaged)?
    } else {
        (pickle_at(&mut file, &mut 0).map_err(damaged)?, HashMap::new())
    };
    let checkpoint = PickledCheckpoint { pickle: &pickle, storages, tensors: HashMap::new() };
    checkpoint.state_dict(path, entry, CheckpointReader::File(file))
}

/// Reads the pickle of the content and the positions of its storages.
fn legacy_parts(
    file: &mut File,
    mut at: u64,
) -> Result<(Pickle, HashMap<String, TensorStorage>), String> {
    let _protocol = pickle_at(file, &mut at)?;
    let _system = pickle_at(file, &mut at)?;
    let content = pickle_at(file, &mut at)?;
    let keys = pickle_at(file, &mut at)?;
    let uses: HashMap<String, StorageUse> = content
        .values()
        .filter_map(|value| match value {
            PickleValue::Persistent(id) => StorageUse::of(&content, *id),
            _ => None,
        })
        .map(|found| (found.key.clone(), found))
        .collect();
    let keys = keys.sequence(keys.root()).ok_or("it has no list of storages")?.iter().map(|&key| {
        let key = keys.key_text(key).ok_or("a storage has no name")?;
        let found = uses.get(&key).ok_or(format!("storage {key} is of no known type"))?;
        Ok((key, size_of(found.dtype) as u64))
    });
    let keys: Vec<(String, u64)> = keys.collect::<Result<_, String>>()?;
    let mut storages = HashMap::new();
    for (key, size) in keys {
        storages.insert(key, storage_at(file, &mut at, size)?);
    }
    Ok((content, storages))
}

/// Opens a TAR archive, the format before PyTorch 0.1.10: `storages`, `tensors`, `pickle`.
pub(super) fn open_tar(
    path: &Path,
    file: File,
    entry: Option<&str>,
) -> Result<TensorFile, WeightsError> {
    let damaged = |reason: String| WeightsError::Format { path: path.into(), reason };
    let mut parts = HashMap::new();
    let mut archive = tar::Archive::new(file);
    let entries = archive.entries().map_err(|error| damaged(error.to_string()))?;
    for part in entries {
        let part = part.map_err(|error| damaged(error.to_string()))?;
        let name = String::from_utf8_lossy(&part.path_bytes()).into_owned();
        parts.insert(name, part.raw_file_position());
    }
    let mut file = archive.into_inner();
    let start = |name: &str| parts.get(name).copied();
    let starts = [start("storages"), start("tensors"), start("pickle")];
    let [Some(storages), Some(tensors), Some(pickle)] = starts else {
        let found = "is a TAR archive without a state dict";
        return Err(WeightsError::Kind { path: path.into(), found });
    };
    let storages = tar_storages(&mut file, storages).map_err(damaged)?;
    let tensors = tar_tensors(&mut file, tensors, &storages).map_err(damaged)?;
    let pickle = pickle_at(&mut file, &mut { pickle }).map_err(damaged)?;
    let checkpoint = PickledCheckpoint { pickle: &pickle, storages: HashMap::new(), tensors };
    checkpoint.state_dict(path, entry, CheckpointReader::File(file))
}

type TarStorages = HashMap<String, (safetensors::Dtype, TensorStorage)>;

/// Reads `storages`: a count, then for each storage a pickle `(key, location, type)` and the
/// numbers.
fn tar_storages(file: &mut File, mut at: u64) -> Result<TarStorages, String> {
    let mut storages = HashMap::new();
    for _ in 0..count_at(file, &mut at)? {
        let pickle = pickle_at(file, &mut at)?;
        let Some(&[key, _, kind]) = pickle.sequence(pickle.root()) else {
            return Err("a storage has no description".into());
        };
        let key = pickle.key_text(key).ok_or("a storage has no name")?;
        let dtype = pickle.global(kind).and_then(StorageUse::dtype_of);
        let dtype = dtype.ok_or(format!("storage {key} is of no known type"))?;
        storages.insert(key, (dtype, storage_at(file, &mut at, size_of(dtype) as u64)?));
    }
    Ok(storages)
}

/// Reads `tensors`: a count, then for each tensor a pickle `(key, storage, type)`, the number of
/// axes, shape, strides and offset.
fn tar_tensors(
    file: &mut File,
    mut at: u64,
    storages: &TarStorages,
) -> Result<HashMap<String, StoredTensor>, String> {
    /// Largest number of axes of a tensor of PyTorch.
    const MAX_AXES: u64 = 64;
    let mut tensors = HashMap::new();
    for _ in 0..count_at(file, &mut at)? {
        let pickle = pickle_at(file, &mut at)?;
        let Some(&[key, storage, _]) = pickle.sequence(pickle.root()) else {
            return Err("a tensor has no description".into());
        };
        let key = pickle.key_text(key).ok_or("a tensor has no name")?;
        let storage = pickle.key_text(storage).and_then(|storage| storages.get(&storage));
        let (dtype, storage) = storage.ok_or(format!("tensor {key} has no storage"))?.clone();
        // The number of axes is in the lower four of eight bytes.
        let axes = numbers_at(file, &mut at, 1)?[0] & u64::from(u32::MAX);
        if axes > MAX_AXES {
            return Err(format!("tensor {key} has {axes} axes"));
        }
        let axes = axes as usize;
        let numbers = numbers_at(file, &mut at, 2 * axes + 1)?;
        let numbers: Result<Vec<usize>, _> = numbers.into_iter().map(usize::try_from).collect();
        let numbers = numbers.map_err(|_| format!("tensor {key} has no shape"))?;
        let (shape, strides) = (numbers[..axes].to_vec(), numbers[axes..2 * axes].to_vec());
        let (name, offset) = (String::new(), numbers[2 * axes]);
        tensors.insert(key, StoredTensor { name, dtype, shape, strides, offset, storage });
    }
    Ok(tensors)
}

/// Reads the pickle at a position, and moves the position behind it.
fn pickle_at(file: &mut File, at: &mut u64) -> Result<Pickle, String> {
    let mut wanted = FIRST_READ;
    loop {
        let mut bytes = Vec::new();
        let read = file.seek(SeekFrom::Start(*at));
        read.and_then(|_| file.by_ref().take(wanted).read_to_end(&mut bytes))
            .map_err(|error| error.to_string())?;
        let is_all = (bytes.len() as u64) < wanted;
        match Pickle::read(&bytes) {
            Ok(pickle) => {
                *at += pickle.length as u64;
                return Ok(pickle);
            }
            Err(PickleError::Cut) if !is_all && wanted < MAX_PICKLE => wanted *= 8,
            Err(problem) => return Err(problem.into()),
        }
    }
}

fn count_at(file: &mut File, at: &mut u64) -> Result<usize, String> {
    let pickle = pickle_at(file, at)?;
    pickle.size(pickle.root()).ok_or("it has no count".into())
}

/// Reads little-endian numbers of eight bytes, and moves the position behind them.
fn numbers_at(file: &mut File, at: &mut u64, count: usize) -> Result<Vec<u64>, String> {
    let read = file.seek(SeekFrom::Start(*at)).and_then(|_| read_exactly(file, 8 * count));
    let bytes = read.map_err(|error: io::Error| error.to_string())?;
    *at += bytes.len() as u64;
    Ok(bytes.as_chunks().0.iter().map(|&bytes| u64::from_le_bytes(bytes)).collect())
}

/// Finds the storage at a position, a count and its numbers, and moves the position behind it.
fn storage_at(file: &mut File, at: &mut u64, size: u64) -> Result<TensorStorage, String> {
    let count = numbers_at(file, at, 1)?[0];
    let end = file.seek(SeekFrom::End(0)).map_err(|error| error.to_string())?;
    let bytes = count.checked_mul(size).filter(|bytes| *bytes <= end.saturating_sub(*at));
    let bytes = bytes.ok_or("a storage has more numbers than the file")?;
    let storage = TensorStorage { place: StorageLocation::At(*at), bytes };
    *at += bytes;
    Ok(storage)
}
