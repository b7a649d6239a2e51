//! Reading of tensors from a shard file.

use std::ops::Range;

use burn::tensor::{AllocationProperty, Bytes, Element, TensorData};
use bytemuck::Pod;
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::content::ShardContent;
use super::manifest::ShardEntry;
use crate::Error;
use crate::ops::extents;

/// A type and a shape as text, for example `F32 of 64x784`.
fn described(dtype: Dtype, shape: &[usize]) -> String {
    format!("{dtype} of {}", extents(shape))
}

/// The tensors of a shard file.
pub(super) struct ShardTensors {
    content: ShardContent,
    metadata: Metadata,
    /// Position of the first tensor in the file, in bytes.
    start: usize,
    /// Number of points in the file.
    pub(super) points: usize,
}

impl ShardTensors {
    /// Reads the header of the file.
    pub(super) fn new(content: ShardContent, entry: &ShardEntry) -> Result<Self, Error> {
        let (metadata, start) = header(&content, entry.bytes)?;
        Ok(Self { content, metadata, start, points: entry.points })
    }
}

/// Reads the header of a file: the entries of the tensors and the position of the first one.
fn header(content: &ShardContent, bytes: u64) -> Result<(Metadata, usize), Error> {
    let damaged = |what: &dyn std::fmt::Display| {
        let reason = format!("not a shard of terms ({what}); delete the file and extract again");
        Error::store(content.path(), reason)
    };
    let bytes = usize::try_from(bytes).map_err(|error| damaged(&error))?;
    let incomplete = || damaged(&"its header is not complete");
    let length = match bytes {
        0..8 => return Err(incomplete()),
        _ => {
            content.read(0..8)?.iter().rev().fold(0, |length, &byte| length << 8 | u64::from(byte))
        }
    };
    let start = usize::try_from(length).ok().and_then(|length| length.checked_add(8));
    let start = start.filter(|&start| start <= bytes).ok_or_else(incomplete)?;
    let text = content.read(8..start)?;
    let metadata: Metadata = serde_json::from_slice(&text).map_err(|error| damaged(&error))?;
    match start.checked_add(metadata.data_len()) {
        Some(end) if end == bytes => Ok((metadata, start)),
        _ => Err(damaged(&"its tensors do not fill it")),
    }
}

/// Reads tensors of a range of points.
pub(super) struct TensorReader<'a> {
    pub(super) file: &'a ShardTensors,
    pub(super) points: Range<usize>,
}

impl TensorReader<'_> {
    fn refused(&self, name: &str, what: &str) -> Error {
        Error::store(self.file.content.path(), format!("tensor `{name}` {what}"))
    }

    /// Shape and bytes of a range of rows of a tensor `[all points, extents..]`.
    fn rows(
        &self,
        name: &str,
        dtype: Dtype,
        extents: &[usize],
    ) -> Result<(Vec<usize>, bytes::Bytes), Error> {
        let shape = [&[self.file.points], extents].concat();
        let refused = |found: String| {
            let expected = described(dtype, &shape);
            let what = format!("tensor `{name}`: found {found}, expected {expected}");
            Error::store(self.file.content.path(), what)
        };
        let info = self.file.metadata.info(name).ok_or_else(|| refused("none".into()))?;
        if info.dtype != dtype || info.shape != shape {
            return Err(refused(described(info.dtype, &info.shape)));
        }
        let (start, end) = info.data_offsets;
        let row = (end - start) / self.file.points;
        let start = self.file.start + start;
        let range = start + row * self.points.start..start + row * self.points.end;
        Ok(([&[self.points.len()], extents].concat(), self.file.content.read(range)?))
    }

    pub(super) fn integers(&self, name: &str, range: Range<i64>) -> Result<Vec<i64>, Error> {
        let (_, bytes) = self.rows(name, Dtype::I64, &[])?;
        let values: Vec<i64> = bytemuck::pod_collect_to_vec(&bytes);
        match values.iter().find(|value| !range.contains(value)) {
            None => Ok(values),
            Some(value) => {
                let (first, last) = (range.start, range.end - 1);
                Err(self.refused(name, &format!("holds {value}, expected {first} to {last}")))
            }
        }
    }

    pub(super) fn numbers(
        &self,
        name: &str,
        dtype: Dtype,
        extents: &[usize],
    ) -> Result<TensorData, Error> {
        let (shape, bytes) = self.rows(name, dtype, extents)?;
        let data = match dtype {
            Dtype::F64 => finite::<f64>(bytes, shape),
            _ => finite::<f32>(bytes, shape),
        };
        data.ok_or_else(|| self.refused(name, "holds infinite numbers or none; extract again"))
    }
}

/// The numbers without a copy if they are aligned; `None` if a number is not finite.
fn finite<F: Element + Pod + Into<f64>>(
    bytes: bytes::Bytes,
    shape: Vec<usize>,
) -> Option<TensorData> {
    let are_finite = |numbers: &[F]| {
        // Without an early exit, the loop vectorises.
        numbers.iter().fold(true, |all, &number| all & number.into().is_finite())
    };
    // Other programs may write tensors at positions that are not aligned.
    let Ok(numbers) = bytemuck::try_cast_slice::<u8, F>(&bytes) else {
        let numbers: Vec<F> = bytemuck::pod_collect_to_vec(&bytes);
        return are_finite(&numbers).then(|| TensorData::new(numbers, shape));
    };
    are_finite(numbers).then(|| {
        let shared = Bytes::from_shared(bytes.clone(), AllocationProperty::Other);
        TensorData::from_bytes(shared, shape, F::dtype())
    })
}
