//! Storage for tensors between two stages: in memory up to a budget, then in a file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::{DType, Shape, TensorData};
use bytemuck::Pod;

use super::free_list::FreeList;
use crate::Error;

/// Tensors that any thread stores and takes out once.
///
/// The file has no name, so the operating system deletes it when the program ends.
pub(crate) struct SpillBuffer(Mutex<SpillStorage>);

struct SpillStorage {
    /// Bytes that may still be stored in memory.
    memory: usize,
    disk: Option<Disk>,
}

/// A handle to a tensor in the buffer.
pub(super) enum Spilled {
    InMemory(TensorData),
    OnDisk { start: u64, shape: Shape, dtype: DType },
}

impl SpillBuffer {
    /// A buffer in memory without a limit.
    pub(crate) fn in_memory() -> Self {
        Self(Mutex::new(SpillStorage { memory: usize::MAX, disk: None }))
    }

    /// A buffer that holds up to `memory` bytes in memory and the rest in a file in `folder`.
    pub(crate) fn new(memory: usize, folder: &Path) -> Self {
        let folder = folder.to_owned();
        let disk = Disk { folder, file: None, free: FreeList::default() };
        Self(Mutex::new(SpillStorage { memory, disk: Some(disk) }))
    }

    pub(super) fn put(&self, data: TensorData) -> Result<Spilled, Error> {
        self.storage().put(data)
    }

    pub(super) fn take(&self, spilled: Spilled) -> Result<TensorData, Error> {
        self.storage().take(spilled)
    }

    fn storage(&self) -> MutexGuard<'_, SpillStorage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpillStorage {
    fn put(&mut self, data: TensorData) -> Result<Spilled, Error> {
        let length = data.as_bytes().len();
        match &mut self.disk {
            Some(disk) if length > self.memory => {
                let start = disk.put(data.as_bytes())?;
                Ok(Spilled::OnDisk { start, shape: data.shape().clone(), dtype: data.dtype() })
            }
            _ => {
                self.memory = self.memory.saturating_sub(length);
                Ok(Spilled::InMemory(data))
            }
        }
    }

    fn take(&mut self, spilled: Spilled) -> Result<TensorData, Error> {
        let (start, shape, dtype) = match spilled {
            Spilled::OnDisk { start, shape, dtype } => (start, shape, dtype),
            Spilled::InMemory(data) => {
                self.memory = self.memory.saturating_add(data.as_bytes().len());
                return Ok(data);
            }
        };
        let disk = self.disk.as_mut().expect("a spilled tensor was written to the disk");
        let count = shape.num_elements();
        Ok(match dtype {
            DType::F64 => TensorData::new(disk.take::<f64>(start, count)?, shape),
            DType::F32 => TensorData::new(disk.take::<f32>(start, count)?, shape),
            _ => TensorData::new(disk.take::<u8>(start, count)?, shape),
        })
    }
}

/// An unnamed file in a folder, created on the first write.
struct Disk {
    folder: PathBuf,
    file: Option<File>,
    free: FreeList,
}

impl Disk {
    /// Writes bytes and returns their position.
    fn put(&mut self, bytes: &[u8]) -> Result<u64, Error> {
        let start = self.free.allocate(bytes.len() as u64);
        let written = self.write(start, bytes);
        written.map_err(Error::io("write rows to a file in", &self.folder))?;
        Ok(start)
    }

    fn write(&mut self, start: u64, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.folder)?),
        };
        file.seek(SeekFrom::Start(start))?;
        file.write_all(bytes)
    }

    /// Reads numbers and frees their region.
    fn take<E: Pod>(&mut self, start: u64, count: usize) -> Result<Vec<E>, Error> {
        let mut numbers = vec![E::zeroed(); count];
        let bytes = bytemuck::cast_slice_mut(&mut numbers);
        self.free.release(start, bytes.len() as u64);
        self.read(start, bytes).map_err(Error::io("read rows from a file in", &self.folder))?;
        Ok(numbers)
    }

    fn read(&mut self, start: u64, bytes: &mut [u8]) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(bytes)
    }
}
