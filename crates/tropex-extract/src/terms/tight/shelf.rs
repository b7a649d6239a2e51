//! Numbers put aside: in memory as long as they fit a budget, else in a file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use burn::tensor::{DType, Shape, TensorData};
use bytemuck::Pod;

use super::regions::Regions;
use crate::Error;

/// A place for tensors, each of which is taken back once, from whatever thread.
///
/// The file has no name, so that nothing is left of it, however the program ends.
pub(crate) struct Shelf(Mutex<Room>);

struct Room {
    /// Bytes that memory may still take.
    memory: usize,
    disk: Option<Disk>,
}

/// A tensor on a shelf.
pub(super) enum Shelved {
    InMemory(TensorData),
    OnDisk { start: u64, shape: Shape, dtype: DType },
}

impl Shelf {
    /// A shelf that keeps everything in memory.
    pub(super) fn in_memory() -> Self {
        Self(Mutex::new(Room { memory: usize::MAX, disk: None }))
    }

    /// A shelf that keeps so many bytes in memory, and the rest in a folder.
    pub(crate) fn new(memory: usize, folder: &Path) -> Self {
        let folder = folder.to_owned();
        let disk = Disk { folder, file: None, regions: Regions::default() };
        Self(Mutex::new(Room { memory, disk: Some(disk) }))
    }

    pub(super) fn put(&self, data: TensorData) -> Result<Shelved, Error> {
        self.room().put(data)
    }

    pub(super) fn take(&self, shelved: Shelved) -> Result<TensorData, Error> {
        self.room().take(shelved)
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    fn put(&mut self, data: TensorData) -> Result<Shelved, Error> {
        let length = data.as_bytes().len();
        match &mut self.disk {
            Some(disk) if length > self.memory => {
                let start = disk.put(data.as_bytes())?;
                Ok(Shelved::OnDisk { start, shape: data.shape().clone(), dtype: data.dtype() })
            }
            _ => {
                self.memory = self.memory.saturating_sub(length);
                Ok(Shelved::InMemory(data))
            }
        }
    }

    fn take(&mut self, shelved: Shelved) -> Result<TensorData, Error> {
        let (start, shape, dtype) = match shelved {
            Shelved::OnDisk { start, shape, dtype } => (start, shape, dtype),
            Shelved::InMemory(data) => {
                self.memory = self.memory.saturating_add(data.as_bytes().len());
                return Ok(data);
            }
        };
        let disk = self.disk.as_mut().expect("what is on disk was put there");
        let count = shape.num_elements();
        Ok(match dtype {
            DType::F64 => TensorData::new(disk.take::<f64>(start, count)?, shape),
            DType::F32 => TensorData::new(disk.take::<f32>(start, count)?, shape),
            _ => TensorData::new(disk.take::<u8>(start, count)?, shape),
        })
    }
}

/// A file without a name in a folder, made when it is first needed.
struct Disk {
    folder: PathBuf,
    file: Option<File>,
    regions: Regions,
}

impl Disk {
    /// Writes bytes somewhere, and says where.
    fn put(&mut self, bytes: &[u8]) -> Result<u64, Error> {
        let start = self.regions.allocate(bytes.len() as u64);
        let written = self.write(start, bytes);
        written.map_err(Error::io("put rows aside in", &self.folder))?;
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

    /// Reads so many numbers, whose place is free from then on.
    fn take<E: Pod>(&mut self, start: u64, count: usize) -> Result<Vec<E>, Error> {
        let mut numbers = vec![E::zeroed(); count];
        let bytes = bytemuck::cast_slice_mut(&mut numbers);
        self.regions.release(start, bytes.len() as u64);
        self.read(start, bytes).map_err(Error::io("read rows put aside in", &self.folder))?;
        Ok(numbers)
    }

    fn read(&mut self, start: u64, bytes: &mut [u8]) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(bytes)
    }
}
