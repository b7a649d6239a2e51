//! Import of trained weights.

mod error;
mod layers;
mod matching;
mod parametrization;

use std::path::Path;

use burn::tensor::{Device, TensorData};

use self::layers::{FileLayer, NetworkLayer, group};
use self::matching::{MatchedLayers, assign};
use self::parametrization::{FileTensors, Parametrization};
use crate::weights::{TensorFile, TensorSpec, Weights, WeightsError, tensor_specs};
use crate::zoo::{Architecture, Classifier, DEFAULT_EPSILON, Normalisation};

pub use error::ImportError;

/// Information that a file of weights lacks.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// Key of the state dict in a checkpoint with several, or prefix of the names.
    pub entry: Option<String>,
    /// Layers or tensors of the file, each with its layer `layers.<k>` of the network. An empty
    /// name leaves the layer of the file out.
    pub map: Vec<(String, String)>,
    /// Normalisation of the images before the first layer.
    pub normalisation: Option<Normalisation>,
    /// Number that batch norms add to variances; `None` for 1e-5, the default of Burn and PyTorch.
    pub batch_norm_epsilon: Option<f64>,
}

impl ImportOptions {
    /// Chooses one of several state dicts in a checkpoint.
    #[must_use]
    pub fn with_entry(self, entry: impl Into<Option<String>>) -> Self {
        Self { entry: entry.into(), ..self }
    }

    /// Says which layers or tensors of the file are which layers of the network; an empty name
    /// leaves a layer of the file out.
    #[must_use]
    pub fn with_map(self, map: Vec<(String, String)>) -> Self {
        Self { map, ..self }
    }

    /// Normalises images before the first layer.
    #[must_use]
    pub fn with_normalisation(self, normalisation: Normalisation) -> Self {
        Self { normalisation: Some(normalisation), ..self }
    }

    /// Sets the number that batch norms add to variances.
    #[must_use]
    pub fn with_batch_norm_epsilon(self, epsilon: f64) -> Self {
        Self { batch_norm_epsilon: Some(epsilon), ..self }
    }

    /// Checks the options for images with `channels` channels.
    ///
    /// # Errors
    /// Wrong numbers of means or standard deviations, or values out of range.
    pub fn check(&self, channels: usize) -> Result<(), ImportError> {
        if let Some(normalisation) = &self.normalisation {
            normalisation.check(channels)?;
        }
        match self.batch_norm_epsilon {
            Some(value) if !is_epsilon(value) => Err(ImportError::Epsilon { value }),
            _ => Ok(()),
        }
    }
}

/// Whether a number is valid as the epsilon of batch norms in f32.
pub(crate) fn is_epsilon(value: f64) -> bool {
    (value as f32).is_normal() && value > 0.0
}

/// A network with weights from a file, and notes on the import.
#[derive(Debug)]
pub struct ImportedNetwork {
    /// The network.
    pub classifier: Classifier,
    /// Notes for the user: how layers were matched, what was combined or left out.
    pub notes: Vec<String>,
}

/// Builds an architecture for images `[channels, height, width]` with weights from a file.
///
/// Reads safetensors files and all formats of PyTorch, recognised by content. Layers are matched by
/// number (`layers.0.weight`, or `net.features.3.weight` with a prefix that all names share;
/// numbers can be missing). Otherwise they are matched by order in the file, shapes, and numbers in
/// names, if these leave one possibility. A missing bias before a batch norm is 0. Weight norm,
/// spectral norm and pruning masks are folded into the weights. Names, shapes and sizes are checked
/// before numbers are read.
///
/// # Errors
/// The file cannot be read, has no weights or several sets of weights, or does not fit the network
/// in exactly one way.
pub fn import(
    architecture: &Architecture,
    weights: &Path,
    options: &ImportOptions,
    shape: [usize; 3],
    classes: usize,
    device: &Device,
) -> Result<ImportedNetwork, ImportError> {
    options.check(shape[0])?;
    let skeleton = architecture.skeleton(shape, classes, device)?;
    let mut file = TensorFile::open(weights, options.entry.as_deref())?;
    let tensor_specs = tensor_specs(&skeleton);
    let slot_layers = NetworkLayer::all(&tensor_specs);
    let FileTensors { parts, mut notes } = parametrization::combine(&mut file, weights)?;
    let grouped = group(parts, &options.map, &slot_layers, weights)?;
    let MatchedLayers { layers, notes: matched } =
        assign(grouped, &slot_layers, file.is_ordered, weights)?;
    notes.extend(matched);
    let epsilon = options.batch_norm_epsilon.unwrap_or(DEFAULT_EPSILON);
    let sources = sources(&slot_layers, layers, epsilon, weights, &mut notes)?;
    let mut read = Weights::default();
    for (spec, source) in sources {
        read.insert(spec.key.clone(), source.read(&mut file, &spec.shape)?);
    }
    let classifier = read.apply(skeleton, weights)?;
    let classifier = classifier
        .with_normalisation(options.normalisation.clone())
        .with_batch_norm_epsilon(options.batch_norm_epsilon);
    Ok(ImportedNetwork { classifier, notes })
}

/// The source of a tensor of the network.
enum TensorSource {
    Parametrized(Box<Parametrization>),
    /// One value for all elements.
    Constant(f32),
}

impl TensorSource {
    fn read(&self, file: &mut TensorFile, shape: &[usize]) -> Result<TensorData, WeightsError> {
        match self {
            Self::Parametrized(tensor) => tensor.read(file),
            Self::Constant(value) => {
                let count = shape.iter().product();
                Ok(TensorData::new(vec![*value; count], shape.to_vec()))
            }
        }
    }
}

/// The source of every tensor, with the right shape.
fn sources<'a>(
    tensor_specs: &[NetworkLayer<'a>],
    layers: Vec<FileLayer>,
    epsilon: f64,
    path: &Path,
    notes: &mut Vec<String>,
) -> Result<Vec<(&'a TensorSpec, TensorSource)>, WeightsError> {
    let mut sources = Vec::new();
    let mut without_bias = Vec::new();
    let has_bias: Vec<_> =
        layers.iter().filter(|layer| layer.has("bias")).map(FileLayer::kind).collect();
    for (index, (spec, mut layer)) in tensor_specs.iter().zip(layers).enumerate() {
        let kind = layer.kind();
        // A layer has no bias in its network if no layer of its kind in the file has one, or if a
        // norm follows.
        let needs_no_bias = tensor_specs.get(index + 1).is_some_and(NetworkLayer::is_norm)
            || !has_bias.contains(&kind)
            || spec.is_norm() && !layer.has("weight");
        layer.fold_norm(epsilon);
        for &tensor in &spec.tensors {
            let leaf = tensor.role.leaf();
            let source = match layer.take(leaf) {
                Some(part) => {
                    part.require_shape(&tensor.shape, path)?;
                    TensorSource::Parametrized(Box::new(part.read))
                }
                None if leaf == "bias" && needs_no_bias => {
                    without_bias.push(layer.name.clone());
                    TensorSource::Constant(0.0)
                }
                None if leaf == "weight" && spec.is_norm() && !layer.has("bias") => {
                    TensorSource::Constant(1.0)
                }
                None => {
                    let key = layer.key(leaf);
                    let (path, shape) = (path.into(), tensor.shape.clone());
                    return Err(WeightsError::Missing { path, key, shape });
                }
            };
            sources.push((tensor, source));
        }
        if let Some(key) = layer.first_key() {
            return Err(WeightsError::Unknown { path: path.into(), key });
        }
    }
    if let [first, .., last] | [first @ last] = without_bias.as_slice() {
        notes.push(match without_bias.len() {
            1 => format!("bias 0 for `{first}`, which has none in the file"),
            count => format!(
                "bias 0 for {count} layers, `{first}` to `{last}`, which have none in the file"
            ),
        });
    }
    Ok(sources)
}

#[cfg(test)]
mod tests;
