//! A file of terms in the making.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, serialize};

use super::files::{shard_name, write_atomically};
use super::manifest::{ShardEntry, TermsHeader};
use super::shard::format_of;
use super::{checksum, source::PointSource};
use crate::terms::{SelfCheck, Terms};
use crate::{Error, Precision};

/// A shard that is being filled.
pub(super) struct ShardBuilder<'a> {
    terms: &'a TermsHeader,
    first: usize,
    label: Vec<i64>,
    predicted: Vec<i64>,
    linear: Vec<u8>,
    linear_bias: Vec<u8>,
    negative: Vec<u8>,
    negative_bias: Vec<u8>,
    check: SelfCheck,
}

impl<'a> ShardBuilder<'a> {
    pub(super) fn new(terms: &'a TermsHeader, first: usize, points: usize) -> Self {
        let row = terms.features() * terms.precision.bytes();
        Self {
            terms,
            first,
            label: Vec::with_capacity(points),
            predicted: Vec::with_capacity(points),
            linear: Vec::with_capacity(points * terms.per_point() * row),
            linear_bias: Vec::new(),
            negative: Vec::with_capacity(points * row),
            negative_bias: Vec::new(),
            check: SelfCheck::empty(),
        }
    }

    pub(super) fn points(&self) -> usize {
        self.label.len()
    }

    /// Appends the terms of the next points of a source, and the figures of their self-check.
    pub(super) fn append(&mut self, terms: &Terms, check: &SelfCheck, source: &dyn PointSource) {
        let start = self.first + self.points();
        self.label.extend((start..start + terms.len()).map(|point| source.label(point) as i64));
        self.predicted.extend(terms.predicted().iter().map(|&class| class as i64));
        self.check = self.check.merge(check);
        let (points, classes) = (terms.len(), terms.per_point());
        let row_bytes = self.terms.features() * self.terms.precision.bytes();
        let rows = terms.rows().as_bytes();
        let row = |index: usize| &rows[index * row_bytes..][..row_bytes];
        // The walk keeps classes apart, the file keeps points together.
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

    /// Writes the shard and gives its entry for the manifest.
    pub(super) fn write(self, folder: &Path, number: usize) -> Result<ShardEntry, Error> {
        let file = shard_name(number);
        let path = folder.join(&file);
        let points = self.points();
        let index: Vec<i64> = (self.first..self.first + points).map(|point| point as i64).collect();
        let (format, d) = (format_of(self.terms.precision), self.terms.features());
        let classes = self.terms.per_point();
        let (coefficients, biases) = match classes {
            1 => (vec![points, d], vec![points]),
            classes => (vec![points, classes, d], vec![points, classes]),
        };
        let tensors = [
            ("index", Dtype::I64, vec![points], bytemuck::cast_slice(&index)),
            ("label", Dtype::I64, vec![points], bytemuck::cast_slice(&self.label)),
            ("predicted", Dtype::I64, vec![points], bytemuck::cast_slice(&self.predicted)),
            ("linear.coefficients", format, coefficients, &self.linear),
            ("linear.bias", format, biases, &self.linear_bias),
            ("negative.coefficients", format, vec![points, d], &self.negative),
            ("negative.bias", format, vec![points], &self.negative_bias),
        ];
        let failed = |error: safetensors::SafeTensorError| {
            Error::io("write", &path)(std::io::Error::other(error.to_string()))
        };
        let mut views = HashMap::new();
        for (name, dtype, shape, bytes) in tensors {
            views.insert(name, TensorView::new(dtype, shape, bytes).map_err(failed)?);
        }
        let content = serialize(views, None).map_err(failed)?;
        write_atomically(&path, &content)?;
        Ok(ShardEntry {
            file,
            points,
            bytes: content.len() as u64,
            sha256: checksum(&content),
            check: self.check,
        })
    }
}

fn push(bytes: &mut Vec<u8>, value: f64, precision: Precision) {
    match precision {
        Precision::F32 => bytes.extend_from_slice(&(value as f32).to_le_bytes()),
        Precision::F64 => bytes.extend_from_slice(&value.to_le_bytes()),
    }
}
