//! Reading of shard files.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::Path;

use burn::tensor::TensorData;
use safetensors::Dtype;

use super::content::ShardContent;
use super::header::TermsHeader;
use super::manifest::ShardEntry;
use super::shard_tensors::{INTEGERS, NUMBERS, number_shapes};
use super::tensor_reader::{ShardTensors, TensorReader};
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
    tensors: ShardTensors,
    terms: &'a TermsHeader,
    /// Position of the first point in the store.
    first: usize,
    /// Number of points that have been read.
    done: usize,
    /// Number of points per piece.
    piece: usize,
}

impl Iterator for ShardFile<'_> {
    type Item = Result<TermTable, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = self.done..self.tensors.points.min(self.done + self.piece);
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
        let points = entry.points;
        let piece = match content.is_in_memory() {
            true => points,
            false => (in_memory / (entry.bytes / points as u64).max(1)).max(1) as usize,
        };
        let tensors = ShardTensors::new(content, entry)?;
        Ok(Self { tensors, terms, first, done: 0, piece })
    }

    /// The terms of a range of points.
    fn read(&self, points: Range<usize>) -> Result<TermTable, Error> {
        let terms = self.terms;
        let (dtype, shapes) = (format_of(terms.precision), number_shapes(terms));
        let first = self.first + points.start;
        let dataset = terms.indices(first, points.len());
        let classes = i64::try_from(terms.class_count).unwrap_or(i64::MAX);
        let reader = TensorReader { file: &self.tensors, points };
        let [index, label, predicted] = INTEGERS;
        let numbers = |place: usize| reader.numbers(NUMBERS[place], dtype, &shapes[place]);
        Ok(TermTable {
            first,
            index: reader.integers(index, dataset)?,
            label: reader.integers(label, 0..i64::MAX)?,
            predicted: reader.integers(predicted, 0..classes)?,
            linear_coefficients: numbers(0)?,
            linear_bias: numbers(1)?,
            negative_coefficients: numbers(2)?,
            negative_bias: numbers(3)?,
            zero: TensorData::zeros::<f32, _>([terms.features()])
                .convert_dtype(terms.precision.dtype()),
            classes: terms.classes,
        })
    }
}
