//! One file of terms.

use std::fs;
use std::ops::Range;
use std::path::Path;

use burn::tensor::TensorData;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::checksum;
use super::manifest::{ShardEntry, TermsHeader};
use crate::terms::Classes;
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
    /// The classes that the linear terms stand for.
    classes: Classes,
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
        let damaged = |error: safetensors::SafeTensorError| {
            let reason =
                format!("not a shard of terms ({error}); delete the file and extract again");
            Error::store(path, reason)
        };
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
            classes: terms.classes,
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

    /// The slot among a point's linear terms that its own prediction is judged by.
    pub(crate) fn predicted_slot(&self, term: usize) -> usize {
        if self.classes == Classes::All { self.predicted[term] as usize } else { 0 }
    }

    /// The class that a slot among a point's linear terms stands for.
    pub(crate) fn class_of(&self, term: usize, slot: usize) -> usize {
        match self.classes {
            Classes::All => slot,
            Classes::Predicted => self.predicted[term] as usize,
            Classes::One(class) => class,
        }
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

pub(super) fn format_of(precision: Precision) -> Dtype {
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
