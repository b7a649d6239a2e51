//! Trained weights from elsewhere.

use std::path::Path;

use burn::tensor::Device;
use thiserror::Error;

use crate::weights::{Weights, WeightsError, slots};
use crate::zoo::{Architecture, ArchitectureError, Classifier};

/// Why weights cannot be imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The architecture cannot be built for these images.
    #[error(transparent)]
    Architecture(#[from] ArchitectureError),
    /// The weights cannot be read or do not fit.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// A network with weights from a file, for images `[channels, height, width]`.
///
/// Reads `.safetensors` files and state dicts in `.pt` or `.pth`. Layers are recognised by number:
/// `layers.0.weight`, `0.weight` or `net.features.3.weight` after a prefix that all keys share.
/// Gaps, as an `nn.Sequential` with activations leaves them, are closed.
pub fn import(
    architecture: &Architecture,
    weights: &Path,
    shape: [usize; 3],
    classes: usize,
    device: &Device,
) -> Result<Classifier, ImportError> {
    let classifier = architecture.skeleton(shape, classes, device)?;
    let read = Weights::read(weights)?;
    let numbered = number_layers(read, layer_count(&classifier), weights)?;
    Ok(numbered.apply(classifier, weights)?)
}

fn layer_count(classifier: &Classifier) -> usize {
    let mut layers: Vec<String> =
        slots(classifier).iter().map(|slot| split_leaf(&slot.key).0.to_owned()).collect();
    layers.dedup();
    layers.len()
}

/// `layers.3.weight` is the leaf `weight` of the layer `layers.3`.
fn split_leaf(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

/// Renames layers to `layers.0`, `layers.1`, ... in the order of their numbers.
fn number_layers(weights: Weights, expected: usize, path: &Path) -> Result<Weights, WeightsError> {
    let mut layers: Vec<String> =
        weights.iter().map(|(key, _)| split_leaf(key).0.to_owned()).collect();
    layers.sort();
    layers.dedup();
    let prefix = shared_prefix(&layers);
    let mut ordered = Vec::new();
    for layer in layers {
        match numbers(&layer, prefix) {
            Some(numbers) => ordered.push((numbers, layer)),
            None => return Err(WeightsError::LayerName { path: path.into(), key: layer }),
        }
    }
    ordered.sort();
    if ordered.len() != expected {
        let names: Vec<&str> = ordered.iter().map(|(_, layer)| layer.as_str()).collect();
        let (found, names) = (ordered.len(), names.join(", "));
        return Err(WeightsError::LayerCount { path: path.into(), expected, found, names });
    }
    Ok(weights.renamed(|key| {
        let (layer, leaf) = split_leaf(key);
        let position = ordered.iter().position(|(_, name)| name == layer);
        position.map_or(key.to_owned(), |k| format!("layers.{k}.{leaf}"))
    }))
}

/// How many leading parts of the names are words, and the same word everywhere.
fn shared_prefix(layers: &[String]) -> usize {
    let is_word = |part: &&str| part.parse::<usize>().is_err();
    let Some(first) = layers.first() else { return 0 };
    let words = first.split('.').take_while(is_word);
    let shared = words.enumerate().take_while(|(index, word)| {
        layers.iter().all(|layer| layer.split('.').nth(*index) == Some(word))
    });
    shared.count()
}

/// The numbers that make up a name after its prefix; at least one, and nothing but numbers.
fn numbers(layer: &str, prefix: usize) -> Option<Vec<usize>> {
    let numbers: Option<Vec<usize>> =
        layer.split('.').skip(prefix).map(|part| part.parse().ok()).collect();
    numbers.filter(|numbers| !numbers.is_empty())
}

#[cfg(test)]
mod tests;
