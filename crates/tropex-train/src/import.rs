//! Trained weights from elsewhere.

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

/// What a file of weights does not say.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct ImportOptions {
    /// The state dict to take where a checkpoint holds several, or what the names begin with.
    pub entry: Option<String>,
    /// Layers or tensors of the file, and the layer `layers.<k>` of the network that each belongs
    /// to; an empty name leaves the layer of the file out.
    pub map: Vec<(String, String)>,
    /// What the network was trained to do with images first.
    pub normalisation: Option<Normalisation>,
    /// What its batch norms add to variances; without it, Burn's and PyTorch's 1e-5.
    pub batch_norm_epsilon: Option<f64>,
}

impl ImportOptions {
    /// Chooses one of several state dicts in a checkpoint.
    #[must_use]
    pub fn with_entry(self, entry: impl Into<String>) -> Self {
        Self { entry: Some(entry.into()), ..self }
    }

    /// Says that a layer or tensor of the file is a layer of the network; an empty name leaves the layer
    /// of the file out.
    #[must_use]
    pub fn with_mapped(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.map.push((from.into(), to.into()));
        self
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

    /// Compares them with the channels of images.
    ///
    /// # Errors
    /// Numbers that are too many, too few, or no means, deviations or variances.
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

/// Whether batch norms can add a number to variances in f32.
pub(crate) fn is_epsilon(value: f64) -> bool {
    (value as f32).is_normal() && value > 0.0
}

/// A network with weights from a file, and what was decided on the way.
#[derive(Debug)]
pub struct ImportedNetwork {
    /// The network.
    pub classifier: Classifier,
    /// Sentences for the user: which layers are which, what was put together or left out.
    pub notes: Vec<String>,
}

/// A network with weights from a file, for images `[channels, height, width]`.
///
/// Reads safetensors files and all files of PyTorch, recognised by their content. Layers are
/// recognised by number (`layers.0.weight`, or `net.features.3.weight` after a prefix that all
/// names share; gaps are closed), or else by their order in the file, their shapes, and the numbers
/// in their names, where these leave one way. A bias that is missing before a batch norm is 0.
/// Weight norm, spectral norm and pruning masks are folded into the weights. Names, shapes and
/// sizes are compared with the network before any numbers are read.
///
/// # Errors
/// Files that cannot be read, that hold no weights or several sets, that do not fit, or that leave
/// several ways to fit.
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
    let FileTensors { parts, mut notes } = parametrization::put_together(&mut file, weights)?;
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

/// Where the numbers of a tensor of the network come from.
enum TensorSource {
    Parametrized(Box<Parametrization>),
    /// All the same.
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

/// The source of every tensor, of the right shape.
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
        // Without one anywhere, or before a norm, which has its own, a layer was made without.
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
