//! One file of terms.

use std::ops::Range;
use std::path::Path;

use burn::tensor::{AllocationProperty, Bytes, Element, TensorData};
use bytemuck::Pod;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::checksum;
use super::manifest::{ShardEntry, TermsHeader};
use super::mapping::map;
use crate::network::extents;
use crate::terms::{Classes, Terms};
use crate::{Error, Precision};

/// The terms of consecutive points. Their numbers stay in the file, which is mapped into memory.
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
    /// The linear part of negative terms: zeros `[features]`.
    pub(super) zero: TensorData,
    /// The classes that the linear terms stand for.
    pub(super) classes: Classes,
}

impl Shard {
    /// Number of points.
    #[allow(clippy::len_without_is_empty)] // the manifest refuses empty shards
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Positions of its points in the store.
    pub(crate) fn positions(&self) -> Range<usize> {
        self.first..self.first + self.len()
    }

    /// Maps a shard into memory and checks it against its entry in the manifest.
    pub(super) fn read(
        path: &Path,
        entry: &ShardEntry,
        terms: &TermsHeader,
        first: usize,
    ) -> Result<Self, Error> {
        let content = map(path)?;
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
        let reader = Reader { content: &content, tensors, path, points: entry.points };
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
            zero: TensorData::zeros::<f32, _>([d]).convert_dtype(terms.precision.dtype()),
            classes: terms.classes,
        })
    }
}

impl Shard {
    /// The terms of a batch whose first point has a position in the store. Labels are not known.
    pub(crate) fn of(terms: &Terms, first: usize, classes: Classes) -> Self {
        let (points, per_point) = (terms.len(), terms.per_point());
        // The walk keeps classes apart, a shard keeps points together.
        let linear: Vec<usize> = (0..points)
            .flat_map(|point| (0..per_point).map(move |class| class * points + point))
            .collect();
        let negative: Vec<usize> = (per_point * points..(per_point + 1) * points).collect();
        let predicted = terms.predicted().iter().map(|&class| class as i64).collect();
        Self::in_memory(first, classes, predicted, terms.gather(&linear), terms.gather(&negative))
    }

    /// A shard in memory, with numbers in the precision of `linear` and `negative`: coefficients
    /// and bias of every row.
    pub(crate) fn in_memory(
        first: usize,
        classes: Classes,
        predicted: Vec<i64>,
        linear: [TensorData; 2],
        negative: [TensorData; 2],
    ) -> Self {
        let points = first as i64..(first + predicted.len()) as i64;
        let [linear_coefficients, linear_bias] = linear;
        let [negative_coefficients, negative_bias] = negative;
        let features = negative_coefficients.num_elements() / predicted.len();
        let dtype = negative_bias.dtype();
        Self {
            first,
            index: points.collect(),
            label: vec![0; predicted.len()],
            predicted,
            linear_coefficients,
            linear_bias,
            negative_coefficients,
            negative_bias,
            zero: TensorData::zeros::<f32, _>([features]).convert_dtype(dtype),
            classes,
        }
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

    /// Coefficients and bias of the linear term of a point, given by its position in the shard.
    /// `class` matters where there are terms of all classes.
    pub fn linear_term(&self, point: usize, class: usize) -> (Vec<f64>, f64) {
        let slot = if self.classes == Classes::All { class } else { 0 };
        let row = point * self.per_point() + slot;
        let coefficients = row_of(&self.linear_coefficients, row, self.features());
        (coefficients, row_of(&self.linear_bias, row, 1)[0])
    }

    /// Coefficients and bias of the negative term of a point, given by its position in the shard.
    pub fn negative_term(&self, point: usize) -> (Vec<f64>, f64) {
        let coefficients = row_of(&self.negative_coefficients, point, self.features());
        (coefficients, row_of(&self.negative_bias, point, 1)[0])
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
}

/// A row of numbers in either format.
fn row_of(data: &TensorData, row: usize, width: usize) -> Vec<f64> {
    let span = row * width..(row + 1) * width;
    match data.as_slice::<f32>() {
        Ok(numbers) => numbers[span].iter().map(|&number| number.into()).collect(),
        Err(_) => {
            data.as_slice::<f64>().map_or(vec![f64::NAN; width], |numbers| numbers[span].to_vec())
        }
    }
}

pub(super) fn format_of(precision: Precision) -> Dtype {
    match precision {
        Precision::F32 => Dtype::F32,
        Precision::F64 => Dtype::F64,
    }
}

/// `F32 of 64x784`
fn described(dtype: Dtype, shape: &[usize]) -> String {
    format!("{dtype} of {}", extents(shape))
}

struct Reader<'a> {
    content: &'a bytes::Bytes,
    tensors: SafeTensors<'a>,
    path: &'a Path,
    points: usize,
}

impl Reader<'_> {
    /// A tensor `[points, extents..]`.
    fn tensor(&self, name: &str, dtype: Dtype, extents: &[usize]) -> Result<TensorView<'_>, Error> {
        let shape = [&[self.points], extents].concat();
        let refused = |found: String| {
            let expected = described(dtype, &shape);
            let reason = format!("tensor `{name}`: found {found}, expected {expected}");
            Error::store(self.path, reason)
        };
        let tensor = self.tensors.tensor(name).map_err(|_| refused("none".into()))?;
        if tensor.dtype() == dtype && tensor.shape() == shape {
            return Ok(tensor);
        }
        Err(refused(described(tensor.dtype(), tensor.shape())))
    }

    fn integers(&self, name: &str, range: Range<i64>) -> Result<Vec<i64>, Error> {
        let tensor = self.tensor(name, Dtype::I64, &[])?;
        let values: Vec<i64> = bytemuck::pod_collect_to_vec(tensor.data());
        match values.iter().find(|value| !range.contains(value)) {
            None => Ok(values),
            Some(value) => {
                let (first, last) = (range.start, range.end - 1);
                let reason = format!("tensor `{name}` holds {value}, expected {first} to {last}");
                Err(Error::store(self.path, reason))
            }
        }
    }

    /// Numbers as they lie in the file.
    fn numbers(&self, name: &str, dtype: Dtype, extents: &[usize]) -> Result<TensorData, Error> {
        let tensor = self.tensor(name, dtype, extents)?;
        let (shape, bytes) = (tensor.shape().to_vec(), tensor.data());
        let data = match dtype {
            Dtype::F64 => self.data::<f64>(bytes, shape),
            _ => self.data::<f32>(bytes, shape),
        };
        data.ok_or_else(|| {
            let reason = format!("tensor `{name}` holds infinite numbers or none; extract again");
            Error::store(self.path, reason)
        })
    }

    /// Numbers that lie in the file, unless there are some that are not finite.
    fn data<F: Element + Pod + Into<f64>>(
        &self,
        bytes: &[u8],
        shape: Vec<usize>,
    ) -> Option<TensorData> {
        let are_finite = |numbers: &[F]| {
            // Without a way out of the loop, several numbers are looked at in one step.
            numbers.iter().fold(true, |all, &number| all & number.into().is_finite())
        };
        // Other programs may write files in which numbers do not lie at multiples of their size.
        let Ok(numbers) = bytemuck::try_cast_slice::<u8, F>(bytes) else {
            let numbers: Vec<F> = bytemuck::pod_collect_to_vec(bytes);
            return are_finite(&numbers).then(|| TensorData::new(numbers, shape));
        };
        let shared = Bytes::from_shared(self.content.slice_ref(bytes), AllocationProperty::File);
        are_finite(numbers).then(|| TensorData::from_bytes(shared, shape, F::dtype()))
    }
}
