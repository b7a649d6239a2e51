//! Writing of shard files.

use std::io;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use super::files::shard_name;
use super::header::TermsHeader;
use super::layout::{NamedTensor, TensorFileLayout};
use super::manifest::ShardEntry;
use super::shard::format_of;
use super::shard_tensors::{INTEGERS, NUMBERS, number_shapes};
use crate::terms::{SelfCheck, Terms};
use crate::{Error, PointSource, Precision};

/// A shard that is being filled.
pub(crate) struct ShardWriter<'a> {
    terms: &'a TermsHeader,
    first: usize,
    index: Vec<i64>,
    label: Vec<i64>,
    predicted: Vec<i64>,
    linear: Vec<u8>,
    linear_bias: Vec<u8>,
    negative: Vec<u8>,
    negative_bias: Vec<u8>,
    check: SelfCheck,
}

impl<'a> ShardWriter<'a> {
    /// An empty shard with capacity for `points` points.
    pub(crate) fn new(terms: &'a TermsHeader, points: usize) -> Self {
        let row = terms.features() * terms.precision.bytes();
        Self {
            terms,
            first: 0,
            index: Vec::with_capacity(points),
            label: Vec::with_capacity(points),
            predicted: Vec::with_capacity(points),
            linear: Vec::with_capacity(points * terms.per_point() * row),
            linear_bias: Vec::new(),
            negative: Vec::with_capacity(points * row),
            negative_bias: Vec::new(),
            check: SelfCheck::empty(),
        }
    }

    pub(crate) fn points(&self) -> usize {
        self.label.len()
    }

    /// Appends the terms of the next points of a source and merges their self-check.
    pub(crate) fn append(&mut self, terms: &Terms, check: &SelfCheck, source: &dyn PointSource) {
        let start = self.first + self.points();
        let points = start..start + terms.len();
        self.index.extend(points.map(|point| source.index(point) as i64));
        self.label.extend((start..start + terms.len()).map(|point| source.label(point) as i64));
        self.predicted.extend(terms.predicted().iter().map(|&class| class as i64));
        self.check = self.check.merge(check);
        let (points, classes) = (terms.len(), terms.per_point());
        let row_bytes = self.terms.features() * self.terms.precision.bytes();
        let rows = terms.rows().as_bytes();
        let row = |index: usize| &rows[index * row_bytes..][..row_bytes];
        // The rows of a batch are ordered by class, the rows of a file by point.
        for point in 0..points {
            for class in 0..classes {
                self.linear.extend_from_slice(row(class * points + point));
                let bias = terms.biases()[class * points + point];
                push(&mut self.linear_bias, bias, self.terms.precision);
            }
            push(
                &mut self.negative_bias,
                terms.biases()[classes * points + point],
                self.terms.precision,
            );
        }
        self.negative.extend_from_slice(&rows[classes * points * row_bytes..]);
    }

    /// Appends the points of the content of a shard file, and merges their self-check. Returns
    /// `false` if the content is not that of a shard of these terms.
    pub(crate) fn append_shard(&mut self, content: &[u8], check: &SelfCheck) -> bool {
        let Ok(tensors) = SafeTensors::deserialize(content) else { return false };
        let bytes = |name: &str| tensors.tensor(name).ok().map(|tensor| tensor.data());
        let integers = [&mut self.index, &mut self.label, &mut self.predicted];
        let numbers =
            [&mut self.linear, &mut self.linear_bias, &mut self.negative, &mut self.negative_bias];
        for (name, values) in INTEGERS.into_iter().zip(integers) {
            let Some(bytes) = bytes(name) else { return false };
            values.extend(bytemuck::pod_collect_to_vec::<u8, i64>(bytes));
        }
        for (name, values) in NUMBERS.into_iter().zip(numbers) {
            let Some(bytes) = bytes(name) else { return false };
            values.extend_from_slice(bytes);
        }
        self.check = self.check.merge(check);
        true
    }

    /// Writes the shard with a number and returns its entry for the manifest.
    pub(crate) fn write(&self, folder: &Path, number: usize) -> Result<ShardEntry, Error> {
        self.write_as(folder, |_| shard_name(number))
    }

    /// Writes the shard to a file whose name follows from its checksum, and returns its entry.
    pub(crate) fn write_as(
        &self,
        folder: &Path,
        name: impl FnOnce(&str) -> String,
    ) -> Result<ShardEntry, Error> {
        let points = self.points();
        let format = format_of(self.terms.precision);
        let integers = [&self.index, &self.label, &self.predicted].into_iter();
        let integers = integers.zip(INTEGERS).map(|(values, name)| -> NamedTensor<'_> {
            (name, Dtype::I64, vec![points], bytemuck::cast_slice(values))
        });
        let numbers = [&self.linear, &self.linear_bias, &self.negative, &self.negative_bias];
        let numbers = numbers.into_iter().zip(NUMBERS).zip(number_shapes(self.terms));
        let numbers = numbers.map(|((bytes, name), shape)| -> NamedTensor<'_> {
            (name, format, [&[points], &shape[..]].concat(), bytes)
        });
        let layout = TensorFileLayout::of(integers.chain(numbers))
            .map_err(|error| Error::io("write a shard in", folder)(io::Error::other(error)))?;
        let sha256 = layout.checksum();
        let file = name(&sha256);
        let path = folder.join(&file);
        tropex_files::replace_with(&path, |file| layout.write(file))
            .map_err(Error::io("write", &path))?;
        Ok(ShardEntry {
            file,
            points,
            bytes: layout.bytes() as u64,
            sha256,
            check: self.check.clone(),
        })
    }

    /// Starts a shard whose first point has the position `first`, and reuses the memory of the last
    /// shard.
    pub(crate) fn begin(&mut self, first: usize) {
        self.first = first;
        self.check = SelfCheck::empty();
        self.index.clear();
        self.label.clear();
        self.predicted.clear();
        for bytes in
            [&mut self.linear, &mut self.linear_bias, &mut self.negative, &mut self.negative_bias]
        {
            bytes.clear();
        }
    }
}

fn push(bytes: &mut Vec<u8>, value: f64, precision: Precision) {
    match precision {
        Precision::F32 => bytes.extend_from_slice(&(value as f32).to_le_bytes()),
        Precision::F64 => bytes.extend_from_slice(&value.to_le_bytes()),
    }
}
