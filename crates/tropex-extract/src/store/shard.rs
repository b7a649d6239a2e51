//! Reading of shard files.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::Path;

use burn::tensor::TensorData;
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::content::ShardContent;
use super::header::TermsHeader;
use super::manifest::ShardEntry;
use super::tensor_reader::TensorReader;
use crate::terms::TermTable;
use crate::{Error, Precision};

pub(crate) fn format_of(precision: Precision) -> Dtype {
    match precision {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
    }
}

/// A shard file that matched its entry in the manifest when it was opened. Iteration returns it in
/// pieces; a file in memory is one piece.
pub(crate) struct ShardFile<'a> {
    pub(super) content: ShardContent,
    pub(super) metadata: Metadata,
    /// Position of the first tensor in the file, in bytes.
    pub(super) start: usize,
    terms: &'a TermsHeader,
    /// Position of the first point in the store.
    first: usize,
    /// Number of points in the file.
    pub(super) points: usize,
    /// Number of points that have been read.
    done: usize,
    /// Number of points per piece.
    piece: usize,
}

impl Iterator for ShardFile<'_> {
    type Item = Result<TermTable, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.done..self.points.min(self.done + self.piece);
        self.done = piece.end;
        (!piece.is_empty()).then(|| self.read(piece))
    }
}

impl<'a> ShardFile<'a> {
    pub(crate) fn open(
        folder: &Path,
        entry: &ShardEntry,
        terms: &'a TermsHeader,
        first: usize,
        in_memory: u64,
    ) -> Result<Self, Error> {
        let content = ShardContent::open(&folder.join(&entry.file), entry, in_memory)?;
        let (metadata, start) = header(&content, entry.bytes)?;
        let points = entry.points;
        let piece = match content.is_in_memory() {
            true => points,
            false => (in_memory / (entry.bytes / points as u64).max(1)).max(1) as usize,
        };
        Ok(Self { content, metadata, start, terms, first, points, done: 0, piece })
    }

    /// The terms of a range of points.
    fn read(&self, points: Range<usize>) -> Result<TermTable, Error> {
        let terms = self.terms;
        let (dtype, d) = (format_of(terms.precision), terms.features());
        let (coefficients, biases): (&[usize], &[usize]) = match terms.per_point() {
            1 => (&[d], &[]),
            classes => (&[classes, d], &[classes]),
        };
        let first = self.first + points.start;
        let dataset = terms.indices(first, points.len());
        let classes = i64::try_from(terms.class_count).unwrap_or(i64::MAX);
        let reader = TensorReader { file: self, points };
        Ok(TermTable {
            first,
            index: reader.integers("index", dataset)?,
            label: reader.integers("label", 0..i64::MAX)?,
            predicted: reader.integers("predicted", 0..classes)?,
            linear_coefficients: reader.numbers("linear.coefficients", dtype, coefficients)?,
            linear_bias: reader.numbers("linear.bias", dtype, biases)?,
            negative_coefficients: reader.numbers("negative.coefficients", dtype, &[d])?,
            negative_bias: reader.numbers("negative.bias", dtype, &[])?,
            zero: TensorData::zeros::<f32, _>([d]).convert_dtype(terms.precision.dtype()),
            classes: terms.classes,
        })
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
