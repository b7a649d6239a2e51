//! Parametrized weights: weight norm, spectral norm, pruning masks, and folded batch norms.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::TensorData;
use safetensors::Dtype;

use super::ImportError;
use crate::weights::{StoredTensor, TensorFile, WeightsError};

/// A tensor of a layer.
pub(super) struct FileTensor {
    /// Name in the file, or name of the weight that is computed.
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) read: Parametrization,
}

/// How the numbers of a tensor are computed from stored tensors.
pub(super) enum Parametrization {
    Whole(StoredTensor),
    /// `values * mask`
    Masked {
        values: StoredTensor,
        mask: StoredTensor,
    },
    /// `direction * length / |direction|`, with a norm for every element of `length`.
    WeightNorm {
        length: StoredTensor,
        direction: StoredTensor,
    },
    /// `values / (left . values right)`
    SpectralNorm {
        values: StoredTensor,
        left: StoredTensor,
        right: StoredTensor,
    },
    /// A kernel times the factors of the following batch norm.
    NormedKernel {
        kernel: Box<Self>,
        norm: Box<StoredBatchNorm>,
    },
    /// The offsets of a batch norm that follows a convolution without bias.
    NormOffset(Box<StoredBatchNorm>),
}

/// The tensors of a batch norm.
pub(super) struct StoredBatchNorm {
    /// Scale, offset, mean and variance.
    pub(super) tensors: [StoredTensor; 4],
    pub(super) epsilon: f64,
}

/// The tensors of a file.
pub(super) struct FileTensors {
    pub(super) parts: Vec<FileTensor>,
    /// Notes on combined and left-out tensors.
    pub(super) notes: Vec<String>,
}

/// Takes the tensors of a file and combines those of one weight, without reading them.
pub(super) fn combine(file: &mut TensorFile, path: &Path) -> Result<FileTensors, ImportError> {
    let tensors = std::mem::take(&mut file.tensors);
    let (counters, tensors): (Vec<_>, Vec<_>) = tensors.into_iter().partition(is_counter);
    let mut left_out: Vec<&str> = counters.iter().map(|tensor| last_part(&tensor.name)).collect();
    left_out.extend(file.others.iter().map(|name| last_part(name)));
    let mut notes = Vec::new();
    if !left_out.is_empty() {
        notes.push(format!("left out, as no layer uses them: {}", counted(&left_out)));
    }
    let (mut parts, mut folded) = (Vec::new(), Vec::new());
    for (target, roles) in by_target(tensors) {
        let is_whole = roles.contains_key(WHOLE);
        match combined(&target, roles) {
            Ok(part) => {
                parts.push(part);
                if !is_whole {
                    folded.push(target);
                }
            }
            Err(UnknownParametrization) => {
                let (layer, parameter) = target.rsplit_once('.').unwrap_or(("", &target));
                let (layer, parameter) = (layer.to_owned(), parameter.to_owned());
                return Err(ImportError::Parametrization { path: path.into(), layer, parameter });
            }
        }
    }
    if !folded.is_empty() {
        notes.push(format!("normed or masked weights folded: {}", folded.join(", ")));
    }
    Ok(FileTensors { parts, notes })
}

/// Whether a tensor is an integer that counts batches or averaged models.
fn is_counter(tensor: &StoredTensor) -> bool {
    let is_integer = matches!(
        tensor.dtype,
        Dtype::I8 | Dtype::I16 | Dtype::I32 | Dtype::I64 | Dtype::U8 | Dtype::U32 | Dtype::U64
    );
    is_integer && tensor.elements() == Some(1)
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// `n_averaged, 8 num_batches_tracked`
fn counted(names: &[&str]) -> String {
    let mut counts = BTreeMap::new();
    names.iter().for_each(|name| *counts.entry(*name).or_insert(0_usize) += 1);
    let texts = counts.iter().map(|(name, count)| match count {
        1 => (*name).to_owned(),
        _ => format!("{count} {name}"),
    });
    texts.collect::<Vec<_>>().join(", ")
}

/// Role of a tensor that is a weight by itself.
const WHOLE: &str = "";

type Roles = BTreeMap<String, StoredTensor>;

/// The tensors by the weight that they belong to, in the order of the file.
fn by_target(tensors: Vec<StoredTensor>) -> Vec<(String, Roles)> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut targets: Vec<(String, Roles)> = Vec::new();
    for tensor in tensors {
        let (target, role) = target_of(&tensor.name);
        let place = *places.entry(target.clone()).or_insert(targets.len());
        if place == targets.len() {
            targets.push((target, Roles::new()));
        }
        targets[place].1.insert(role, tensor);
    }
    targets
}

/// Weight and role of a tensor: `0.weight_mask` is the `mask` of `0.weight`, and
/// `0.parametrizations.weight.original` is its `original`.
fn target_of(name: &str) -> (String, String) {
    const PARAMETRIZATIONS: &str = "parametrizations.";
    let at = match name.strip_prefix(PARAMETRIZATIONS) {
        Some(_) => Some(0),
        None => name.find(&format!(".{PARAMETRIZATIONS}")).map(|at| at + 1),
    };
    if let Some(at) = at {
        let (layer, rest) = (&name[..at], &name[at + PARAMETRIZATIONS.len()..]);
        if let Some((parameter, role)) = rest.split_once('.') {
            return (format!("{layer}{parameter}"), role.to_owned());
        }
    }
    let leaf = last_part(name);
    let is_part = |role: &&&str| {
        let parameter = leaf.strip_suffix(**role).and_then(|leaf| leaf.strip_suffix('_'));
        parameter.is_some_and(|parameter| ["weight", "bias"].contains(&parameter))
    };
    match ["orig", "mask", "g", "v", "u"].iter().find(is_part) {
        Some(role) => (name[..name.len() - role.len() - 1].to_owned(), (*role).to_owned()),
        None => (name.to_owned(), WHOLE.to_owned()),
    }
}

/// An unknown parametrization.
struct UnknownParametrization;

fn combined(target: &str, mut roles: Roles) -> Result<FileTensor, UnknownParametrization> {
    let names: Vec<String> = roles.keys().cloned().collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut take = |role: &str| roles.remove(role).ok_or(UnknownParametrization);
    let read = match names.as_slice() {
        [WHOLE] => Parametrization::Whole(take(WHOLE)?),
        ["mask", "orig"] => Parametrization::Masked { values: take("orig")?, mask: take("mask")? },
        ["g", "v"] => Parametrization::WeightNorm { length: take("g")?, direction: take("v")? },
        ["original0", "original1"] => Parametrization::WeightNorm {
            length: take("original0")?,
            direction: take("original1")?,
        },
        ["orig", "u", "v"] => Parametrization::SpectralNorm {
            values: take("orig")?,
            left: take("u")?,
            right: take("v")?,
        },
        ["0._u", "0._v", "original"] => Parametrization::SpectralNorm {
            values: take("original")?,
            left: take("0._u")?,
            right: take("0._v")?,
        },
        _ => return Err(UnknownParametrization),
    };
    if !read.fits() {
        return Err(UnknownParametrization);
    }
    let shape = read.shape().to_vec();
    Ok(FileTensor { name: target.to_owned(), shape, read })
}

impl FileTensor {
    pub(super) fn require_shape(
        &self,
        expected: &[usize],
        path: &Path,
    ) -> Result<(), WeightsError> {
        if self.shape == expected {
            return Ok(());
        }
        let (key, found, expected) = (self.name.clone(), self.shape.clone(), expected.to_vec());
        Err(WeightsError::Shape { path: path.into(), key, expected, found })
    }
}

impl Parametrization {
    /// Shape of the computed tensor.
    fn shape(&self) -> &[usize] {
        match self {
            Self::Whole(tensor) => &tensor.shape,
            Self::Masked { values, .. } | Self::SpectralNorm { values, .. } => &values.shape,
            Self::WeightNorm { direction, .. } => &direction.shape,
            Self::NormedKernel { kernel, .. } => kernel.shape(),
            Self::NormOffset(norm) => &norm.tensors[1].shape,
        }
    }

    /// Whether the shapes of the stored tensors fit together.
    fn fits(&self) -> bool {
        match self {
            Self::Masked { values, mask } => values.shape == mask.shape,
            Self::WeightNorm { length, direction } => {
                let is_whole = length.elements() == Some(1);
                let mut axes = length.shape.iter().zip(&direction.shape);
                is_whole
                    || length.shape.len() == direction.shape.len()
                        && axes.all(|(length, direction)| *length == 1 || length == direction)
            }
            Self::SpectralNorm { values, left, right } => {
                let columns = values.elements().zip(values.shape.first().copied());
                let columns = columns.and_then(|(all, rows)| all.checked_div(rows));
                left.shape[..] == values.shape[..values.shape.len().min(1)]
                    && right.shape.len() == 1
                    && right.elements() == columns
            }
            _ => true,
        }
    }

    pub(super) fn read(&self, file: &mut TensorFile) -> Result<TensorData, WeightsError> {
        let numbers = match self {
            Self::Whole(tensor) => return file.read(tensor),
            Self::Masked { values, mask } => {
                let (values, mask) = (wide(file, values)?, wide(file, mask)?);
                values.iter().zip(mask).map(|(value, mask)| value * mask).collect()
            }
            Self::WeightNorm { length, direction } => {
                let (lengths, numbers) = (wide(file, length)?, wide(file, direction)?);
                weight_normed(&lengths, &length.shape, numbers, &direction.shape)
            }
            Self::SpectralNorm { values, left, right } => {
                let (left, right) = (wide(file, left)?, wide(file, right)?);
                spectrally_normed(wide(file, values)?, &left, &right)
            }
            Self::NormedKernel { kernel, norm } => {
                let (factors, _) = norm.read(file)?;
                let kernel: Vec<f64> = numbers_of(&kernel.read(file)?);
                let filter = (kernel.len() / factors.len().max(1)).max(1);
                let products = kernel.iter().enumerate().map(|(at, w)| w * factors[at / filter]);
                products.collect()
            }
            Self::NormOffset(norm) => norm.read(file)?.1,
        };
        let numbers = numbers.into_iter().map(|number| number as f32).collect();
        Ok(TensorData::new(numbers, self.shape().to_vec()))
    }
}

impl StoredBatchNorm {
    /// Factor and offset of each channel.
    fn read(&self, file: &mut TensorFile) -> Result<(Vec<f64>, Vec<f64>), WeightsError> {
        let [scale, offset, mean, variance] = &self.tensors;
        let (scale, offset) = (wide(file, scale)?, wide(file, offset)?);
        let (mean, variance) = (wide(file, mean)?, wide(file, variance)?);
        let root = |variance: &f64| (variance + self.epsilon).sqrt();
        let factors: Vec<f64> =
            scale.iter().zip(&variance).map(|(scale, variance)| scale / root(variance)).collect();
        let means = mean.iter().zip(&factors).map(|(mean, factor)| mean * factor);
        let offsets = offset.iter().zip(means).map(|(offset, mean)| offset - mean).collect();
        Ok((factors, offsets))
    }
}

fn wide(file: &mut TensorFile, tensor: &StoredTensor) -> Result<Vec<f64>, WeightsError> {
    Ok(numbers_of(&file.read(tensor)?))
}

fn numbers_of(data: &TensorData) -> Vec<f64> {
    data.iter::<f32>().map(f64::from).collect()
}

/// Weight norm: numbers are grouped by the element of `lengths` that they belong to, and each group
/// is scaled to that length.
fn weight_normed(
    lengths: &[f64],
    length_shape: &[usize],
    mut numbers: Vec<f64>,
    shape: &[usize],
) -> Vec<f64> {
    let place = |index: usize| {
        let (mut rest, mut place, mut step) = (index, 0, 1);
        for (axis, &extent) in shape.iter().enumerate().rev() {
            let kept = length_shape.get(axis).copied().unwrap_or(1);
            if kept > 1 {
                place += rest % extent * step;
            }
            step *= kept;
            rest /= extent;
        }
        place
    };
    let mut squares = vec![0.0; lengths.len()];
    for (index, number) in numbers.iter().enumerate() {
        squares[place(index)] += number * number;
    }
    for (index, number) in numbers.iter_mut().enumerate() {
        *number *= lengths[place(index)] / squares[place(index)].sqrt();
    }
    numbers
}

fn spectrally_normed(mut numbers: Vec<f64>, left: &[f64], right: &[f64]) -> Vec<f64> {
    let product = |row: &[f64]| row.iter().zip(right).map(|(w, x)| w * x).sum::<f64>();
    let rows = numbers.chunks(right.len().max(1));
    let norm: f64 = rows.zip(left).map(|(row, left)| left * product(row)).sum();
    numbers.iter_mut().for_each(|number| *number /= norm);
    numbers
}
