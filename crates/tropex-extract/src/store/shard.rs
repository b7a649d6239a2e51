//! Reading of shard files.

use std::ops::Range;
use std::path::Path;
use std::slice;

use burn::tensor::{AllocationProperty, Bytes, Element, TensorData};
use bytemuck::Pod;
use safetensors::Dtype;
use safetensors::tensor::Metadata;

use super::content::ShardContent;
use super::manifest::{Manifest, ShardEntry, TermsHeader};
use crate::ops::extents;
use crate::terms::TermTable;
use crate::{Error, Precision};

pub(crate) fn format_of(precision: Precision) -> Dtype {
    match precision {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
    }
}

/// A type and a shape as text, for example `F32 of 64x784`.
fn described(dtype: Dtype, shape: &[usize]) -> String {
    format!("{dtype} of {}", extents(shape))
}

/// Reads the shards of a store one by one.
pub(crate) struct Shards<'a> {
    folder: &'a Path,
    terms: &'a TermsHeader,
    entries: slice::Iter<'a, ShardEntry>,
    /// Position of the first point of the next file.
    first: usize,
    /// The file in progress.
    file: Option<ShardFile<'a>>,
    in_memory: u64,
}

impl<'a> Shards<'a> {
    /// Files of more than `in_memory` bytes are read in pieces of about `in_memory` bytes.
    pub(crate) fn new(folder: &'a Path, manifest: &'a Manifest, in_memory: u64) -> Self {
        let (terms, entries) = (&manifest.terms, manifest.shards.iter());
        Self { folder, terms, entries, first: 0, file: None, in_memory }
    }
}

impl Iterator for Shards<'_> {
    type Item = Result<TermTable, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(piece) = self.file.as_mut().and_then(Iterator::next) {
                return Some(piece);
            }
            self.file = None;
            let entry = self.entries.next()?;
            let file = ShardFile::open(self.folder, entry, self.terms, self.first, self.in_memory);
            self.first += entry.points;
            match file {
                Ok(file) => self.file = Some(file),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A shard file that matched its entry in the manifest when it was opened. Iteration returns it in
/// pieces; a file in memory is one piece.
pub(crate) struct ShardFile<'a> {
    content: ShardContent,
    metadata: Metadata,
    /// Position of the first tensor in the file, in bytes.
    start: usize,
    terms: &'a TermsHeader,
    /// Position of the first point in the store.
    first: usize,
    /// Number of points in the file.
    points: usize,
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

/// Reads tensors of a range of points.
struct TensorReader<'a> {
    file: &'a ShardFile<'a>,
    points: Range<usize>,
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

    fn integers(&self, name: &str, range: Range<i64>) -> Result<Vec<i64>, Error> {
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

    fn numbers(&self, name: &str, dtype: Dtype, extents: &[usize]) -> Result<TensorData, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gauge::Gauge;
    use crate::store::layout::{NamedTensor, TensorFileLayout};
    use crate::terms::{Classes, SelfCheck};

    const POINTS: usize = 7;
    const FEATURES: usize = 3;

    fn header() -> TermsHeader {
        TermsHeader {
            network: String::new(),
            source: String::new(),
            subset: None,
            gauge: Gauge::WorstCase,
            shifts: None,
            precision: Precision::F64,
            classes: Classes::All,
            class_count: 2,
            input_shape: vec![FEATURES],
            points: POINTS,
            shard_points: POINTS,
        }
    }

    /// Numbers that count upwards, so that each value shows its position.
    fn numbers(first: usize, count: usize) -> Vec<u8> {
        (first..first + count).flat_map(|number| (number as f64).to_le_bytes()).collect()
    }

    fn integers(first: i64) -> Vec<u8> {
        (first..first + POINTS as i64).flat_map(i64::to_le_bytes).collect()
    }

    #[test]
    fn pieces_of_a_file_are_together_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let [index, label, predicted] = [integers(0), integers(5), vec![0; 8 * POINTS]];
        let [linear, linear_bias] = [numbers(100, POINTS * 2 * FEATURES), numbers(300, POINTS * 2)];
        let [negative, negative_bias] = [numbers(400, POINTS * FEATURES), numbers(600, POINTS)];
        let tensors: [NamedTensor<'_>; 7] = [
            ("index", Dtype::I64, vec![POINTS], &index),
            ("label", Dtype::I64, vec![POINTS], &label),
            ("predicted", Dtype::I64, vec![POINTS], &predicted),
            ("linear.coefficients", Dtype::F64, vec![POINTS, 2, FEATURES], &linear),
            ("linear.bias", Dtype::F64, vec![POINTS, 2], &linear_bias),
            ("negative.coefficients", Dtype::F64, vec![POINTS, FEATURES], &negative),
            ("negative.bias", Dtype::F64, vec![POINTS], &negative_bias),
        ];
        let layout = TensorFileLayout::of(tensors).unwrap();
        tropex_files::replace_with(&folder.path().join("file"), |file| layout.write(file)).unwrap();
        let (bytes, sha256) = (layout.bytes() as u64, layout.checksum());
        let check = SelfCheck::empty();
        let entry = ShardEntry { file: "file".into(), points: POINTS, bytes, sha256, check };
        let terms = header();
        for (in_memory, lengths) in [
            (bytes, vec![POINTS]),
            (bytes / 2, vec![3, 3, 1]),
            (bytes / 3, vec![2, 2, 2, 1]),
            (0, vec![1; POINTS]),
        ] {
            let file = ShardFile::open(folder.path(), &entry, &terms, 0, in_memory).unwrap();
            let pieces: Vec<_> = file.map(|piece| piece.unwrap()).collect();
            assert_eq!(pieces.iter().map(TermTable::len).collect::<Vec<_>>(), lengths);
            let mut first = 0;
            for piece in &pieces {
                assert_eq!((piece.first, piece.per_point()), (first, 2));
                for point in 0..piece.len() {
                    let all = first + point;
                    assert_eq!(
                        (piece.index[point], piece.label[point]),
                        (all as i64, all as i64 + 5)
                    );
                    let row = |start: usize| {
                        (0..FEATURES).map(|at| (start + at) as f64).collect::<Vec<_>>()
                    };
                    for class in 0..2 {
                        let row = row(100 + (2 * all + class) * FEATURES);
                        let bias = (300 + 2 * all + class) as f64;
                        assert_eq!(piece.linear_term(point, class), (row, bias));
                    }
                    let expected = (row(400 + all * FEATURES), (600 + all) as f64);
                    assert_eq!(piece.negative_term(point), expected);
                }
                first += piece.len();
            }
        }
    }
}
