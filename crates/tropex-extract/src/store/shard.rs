//! One file of terms.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use burn::tensor::TensorData;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use super::files::{shard_name, write_atomically};
use super::manifest::{ShardEntry, TermsHeader};
use super::{checksum, source::PointSource};
use crate::terms::{SelfCheck, Terms};
use crate::{Error, Precision};

/// The terms of consecutive points, read into memory.
#[derive(Clone, Debug)]
pub struct Shard {
    /// Position of the first point in the store.
    pub first: usize,
    /// Index of every point in the dataset.
    pub index: Vec<i64>,
    /// True class of every point.
    pub label: Vec<i64>,
    /// Class that the network predicts at every point.
    pub predicted: Vec<i64>,
    /// Linear coefficients `[points, features]`, with all classes `[points, classes, features]`.
    pub linear_coefficients: TensorData,
    /// Linear biases `[points]`, with all classes `[points, classes]`.
    pub linear_bias: TensorData,
    /// Negative coefficients `[points, features]`.
    pub negative_coefficients: TensorData,
    /// Negative biases `[points]`.
    pub negative_bias: TensorData,
}

impl Shard {
    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // the manifest refuses empty shards
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Reads a shard and checks it against its entry in the manifest.
    pub(super) fn read(
        path: &Path,
        entry: &ShardEntry,
        terms: &TermsHeader,
        first: usize,
    ) -> Result<Self, Error> {
        let content = fs::read(path).map_err(Error::io("read", path))?;
        if checksum(&content) != entry.sha256 {
            let reason =
                "its content does not match its checksum; delete the file and extract again";
            return Err(Error::store(path, reason));
        }
        let damaged = |error: safetensors::SafeTensorError| Error::store(path, error.to_string());
        let tensors = SafeTensors::deserialize(&content).map_err(damaged)?;
        let reader = Reader { tensors, path, points: entry.points };
        let (dtype, d) = (format_of(terms.precision), terms.features());
        let (coefficients, biases): (&[usize], &[usize]) = match terms.per_point() {
            1 => (&[d], &[]),
            classes => (&[classes, d], &[classes]),
        };
        let end = i64::try_from(first + entry.points).unwrap_or(i64::MAX);
        let classes = i64::try_from(terms.class_count).unwrap_or(i64::MAX);
        Ok(Self {
            first,
            index: reader.integers("index", first as i64..end)?,
            label: reader.integers("label", 0..i64::MAX)?,
            predicted: reader.integers("predicted", 0..classes)?,
            linear_coefficients: reader.numbers("linear.coefficients", dtype, coefficients)?,
            linear_bias: reader.numbers("linear.bias", dtype, biases)?,
            negative_coefficients: reader.numbers("negative.coefficients", dtype, &[d])?,
            negative_bias: reader.numbers("negative.bias", dtype, &[])?,
        })
    }
}

/// An affine function of points, read from a shard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Term<'a> {
    /// Coefficients that add up to the term's own.
    coefficients: [Option<Numbers<'a>>; 2],
    bias: f64,
}

/// Numbers in the format of their shard.
#[derive(Clone, Copy, Debug)]
enum Numbers<'a> {
    Singles(&'a [f32]),
    Doubles(&'a [f64]),
}

/// The value of a term at a point.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TermValue {
    pub(crate) value: f64,
    /// What was added up, in absolute values: rounding is judged against it.
    pub(crate) size: f64,
}

impl<'a> Numbers<'a> {
    fn of(data: &'a TensorData, span: Range<usize>) -> Self {
        match data.as_slice::<f32>() {
            Ok(numbers) => Self::Singles(&numbers[span]),
            Err(_) => Self::Doubles(data.as_slice::<f64>().map_or(&[], |numbers| &numbers[span])),
        }
    }

    /// Value and size of `coefficients . point`, in f64.
    fn dot(self, point: &[f32]) -> TermValue {
        fn sum<F: Copy + Into<f64>>(numbers: &[F], point: &[f32]) -> TermValue {
            let products =
                numbers.iter().zip(point).map(|(&number, &x)| number.into() * f64::from(x));
            products.fold(TermValue::default(), |sum, product| TermValue {
                value: sum.value + product,
                size: sum.size + product.abs(),
            })
        }
        match self {
            Self::Singles(numbers) => sum(numbers, point),
            Self::Doubles(numbers) => sum(numbers, point),
        }
    }
}

impl Term<'_> {
    /// The term's value at a point, computed in f64.
    pub(crate) fn at(&self, point: &[f32]) -> TermValue {
        let bias = TermValue { value: self.bias, size: self.bias.abs() };
        self.coefficients.iter().flatten().map(|numbers| numbers.dot(point)).fold(
            bias,
            |sum, part| TermValue { value: sum.value + part.value, size: sum.size + part.size },
        )
    }
}

impl Shard {
    /// Linear terms per point.
    pub fn per_point(&self) -> usize {
        self.linear_bias.num_elements() / self.len()
    }

    /// Values of one point.
    pub fn features(&self) -> usize {
        self.negative_coefficients.num_elements() / self.len()
    }

    /// The slot among a point's linear terms that holds the predicted class.
    pub(crate) fn predicted_slot(&self, term: usize) -> usize {
        if self.per_point() == 1 { 0 } else { self.predicted[term] as usize }
    }

    /// The class that a slot among a point's linear terms stands for.
    pub(crate) fn class_of(&self, term: usize, slot: usize) -> usize {
        if self.per_point() == 1 { self.predicted[term] as usize } else { slot }
    }

    /// A positive term, the sum of linear and negative term.
    pub(crate) fn positive(&self, term: usize, slot: usize) -> Term<'_> {
        let row = term * self.per_point() + slot;
        let linear = self.row(&self.linear_coefficients, row);
        let negative = self.row(&self.negative_coefficients, term);
        let bias = number(&self.linear_bias, row) + number(&self.negative_bias, term);
        Term { coefficients: [Some(linear), Some(negative)], bias }
    }

    /// A negative term.
    pub(crate) fn negative(&self, term: usize) -> Term<'_> {
        let negative = self.row(&self.negative_coefficients, term);
        Term { coefficients: [Some(negative), None], bias: number(&self.negative_bias, term) }
    }

    fn row<'a>(&self, data: &'a TensorData, row: usize) -> Numbers<'a> {
        let features = self.features();
        Numbers::of(data, row * features..(row + 1) * features)
    }
}

fn number(data: &TensorData, index: usize) -> f64 {
    match data.as_slice::<f32>() {
        Ok(numbers) => numbers[index].into(),
        Err(_) => data.as_slice::<f64>().map_or(f64::NAN, |numbers| numbers[index]),
    }
}

fn format_of(precision: Precision) -> Dtype {
    match precision {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
    }
}

struct Reader<'a> {
    tensors: SafeTensors<'a>,
    path: &'a Path,
    points: usize,
}

impl Reader<'_> {
    /// A tensor `[points, extents..]`.
    fn tensor(&self, name: &str, dtype: Dtype, extents: &[usize]) -> Result<TensorView<'_>, Error> {
        let shape = [&[self.points], extents].concat();
        let refused = |found: String| {
            let reason = format!("tensor `{name}`: found {found}, expected {dtype:?} {shape:?}");
            Error::store(self.path, reason)
        };
        let tensor = self.tensors.tensor(name).map_err(|_| refused("none".into()))?;
        if tensor.dtype() == dtype && tensor.shape() == shape {
            return Ok(tensor);
        }
        Err(refused(format!("{:?} {:?}", tensor.dtype(), tensor.shape())))
    }

    fn integers(&self, name: &str, range: Range<i64>) -> Result<Vec<i64>, Error> {
        let tensor = self.tensor(name, Dtype::I64, &[])?;
        let values: Vec<i64> = bytemuck::pod_collect_to_vec(tensor.data());
        match values.iter().find(|value| !range.contains(value)) {
            None => Ok(values),
            Some(value) => {
                let reason = format!("tensor `{name}` holds {value}, expected {range:?}");
                Err(Error::store(self.path, reason))
            }
        }
    }

    fn numbers(&self, name: &str, dtype: Dtype, extents: &[usize]) -> Result<TensorData, Error> {
        let tensor = self.tensor(name, dtype, extents)?;
        let (shape, bytes) = (tensor.shape().to_vec(), tensor.data());
        Ok(match dtype {
            Dtype::F64 => TensorData::new::<f64, _>(bytemuck::pod_collect_to_vec(bytes), shape),
            _ => TensorData::new::<f32, _>(bytemuck::pod_collect_to_vec(bytes), shape),
        })
    }
}

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

    fn points(&self) -> usize {
        self.label.len()
    }

    /// Appends the terms of the next points of a source; `values` are the points themselves.
    pub(super) fn append(&mut self, terms: &Terms, values: &[f32], source: &dyn PointSource) {
        let start = self.first + self.points();
        self.label.extend((start..start + terms.len()).map(|point| source.label(point) as i64));
        self.predicted.extend(terms.predicted().iter().map(|&class| class as i64));
        self.check = self.check.merge(&SelfCheck::of(terms, values));
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
