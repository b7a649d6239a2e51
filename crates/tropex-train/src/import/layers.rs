//! Layers with parameters, in a file and in a network.

use std::collections::BTreeMap;
use std::path::Path;

use super::ImportError;
use super::parametrization::{FileTensor, Parametrization, StoredBatchNorm};
use crate::weights::{Role, TensorSpec};

/// The kind of a layer, derived from its tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LayerKind {
    Conv,
    Norm,
    Dense,
    Other,
}

/// Kind and shape, which are equal for matching layers.
pub(super) type Signature = (LayerKind, Vec<usize>);

/// A layer of the network.
pub(super) struct NetworkLayer<'a> {
    pub(super) name: &'a str,
    pub(super) tensors: Vec<&'a TensorSpec>,
}

impl<'a> NetworkLayer<'a> {
    /// The layers of a network, in order.
    pub(super) fn all(tensor_specs: &'a [TensorSpec]) -> Vec<Self> {
        let mut layers: Vec<Self> = Vec::new();
        for spec in tensor_specs {
            let (name, _) = split_leaf(&spec.key);
            match layers.last_mut() {
                Some(layer) if layer.name == name => layer.tensors.push(spec),
                _ => layers.push(Self { name, tensors: vec![spec] }),
            }
        }
        layers
    }

    pub(super) fn is_norm(&self) -> bool {
        self.tensors.iter().any(|spec| spec.role == Role::RunningMean)
    }

    pub(super) fn is_projection(&self) -> bool {
        self.tensors.iter().any(|spec| spec.is_projection)
    }

    pub(super) fn signature(&self) -> Signature {
        let shape = self.tensors.first().map(|spec| spec.shape.clone()).unwrap_or_default();
        let kind = match shape.len() {
            _ if self.is_norm() => LayerKind::Norm,
            4 => LayerKind::Conv,
            _ => LayerKind::Dense,
        };
        (kind, shape)
    }

    pub(super) fn described(&self) -> String {
        format!("{} {:?}", self.name, self.signature().1)
    }
}

/// A layer of the file.
pub(super) struct FileLayer {
    pub(super) name: String,
    /// Tensors by the last part of their names.
    parts: BTreeMap<String, FileTensor>,
    /// A following batch norm that the network does not have as a layer.
    pub(super) norm: Option<Box<FileLayer>>,
}

impl FileLayer {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), parts: BTreeMap::new(), norm: None }
    }

    pub(super) fn has(&self, leaf: &str) -> bool {
        self.parts.contains_key(leaf)
    }

    pub(super) fn take(&mut self, leaf: &str) -> Option<FileTensor> {
        self.parts.remove(leaf)
    }

    /// The name of a tensor of this layer.
    pub(super) fn key(&self, leaf: &str) -> String {
        match self.name.is_empty() {
            true => leaf.to_owned(),
            false => format!("{}.{leaf}", self.name),
        }
    }

    pub(super) fn first_key(&self) -> Option<String> {
        self.parts.values().next().map(|part| part.name.clone())
    }

    pub(super) fn kind(&self) -> LayerKind {
        self.signature().0
    }

    pub(super) fn signature(&self) -> Signature {
        let norm = ["running_mean", "running_var"].iter().find_map(|leaf| self.parts.get(*leaf));
        let part = norm.or_else(|| self.parts.get("weight"));
        let shape = part.map(|part| part.shape.clone()).unwrap_or_default();
        let kind = match shape.len() {
            _ if norm.is_some() => LayerKind::Norm,
            4 => LayerKind::Conv,
            2 => LayerKind::Dense,
            1 => LayerKind::Norm,
            _ => LayerKind::Other,
        };
        (kind, shape)
    }

    pub(super) fn described(&self) -> String {
        let (_, shape) = self.signature();
        match shape.is_empty() {
            true => format!("{} ({})", self.name, self.leaves()),
            false => format!("{} {shape:?}", self.name),
        }
    }

    fn leaves(&self) -> String {
        self.parts.keys().cloned().collect::<Vec<_>>().join(", ")
    }

    /// Whether it is a 1x1 convolution without bias.
    pub(super) fn is_plain_projection(&self) -> bool {
        let (kind, shape) = self.signature();
        kind == LayerKind::Conv && shape[2..] == [1, 1] && !self.has("bias")
    }

    /// Folds the following batch norm into weights and bias.
    pub(super) fn fold_norm(&mut self, epsilon: f64) {
        let Some(mut norm) = self.norm.take() else { return };
        let names = ["weight", "bias", "running_mean", "running_var"];
        let tensors = names.map(|name| match norm.take(name) {
            Some(FileTensor { read: Parametrization::Whole(tensor), .. }) => Some(tensor),
            _ => None,
        });
        let [Some(scale), Some(offset), Some(mean), Some(variance)] = tensors else { return };
        let norm = || {
            let tensors = [&scale, &offset, &mean, &variance].map(Clone::clone);
            Box::new(StoredBatchNorm { tensors, epsilon })
        };
        let Some(kernel) = self.take("weight") else { return };
        let (name, shape) = (self.key("bias"), scale.shape.clone());
        let bias = FileTensor { name, shape, read: Parametrization::NormOffset(norm()) };
        let read = Parametrization::NormedKernel { kernel: Box::new(kernel.read), norm: norm() };
        self.parts.insert("weight".into(), FileTensor { read, ..kernel });
        self.parts.insert("bias".into(), bias);
    }

    /// Whether this is a batch norm with all of its tensors, for a number of channels.
    pub(super) fn is_whole_norm(&self, channels: usize) -> bool {
        let leaves = ["bias", "running_mean", "running_var", "weight"];
        self.parts.keys().eq(leaves)
            && self.parts.values().all(|part| {
                part.shape == [channels] && matches!(part.read, Parametrization::Whole(_))
            })
    }
}

/// Splits `layers.3.weight` into layer `layers.3` and leaf `weight`.
pub(super) fn split_leaf(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

/// The layers of a file.
pub(super) struct GroupedLayers {
    /// Mapped by the user, by the index of their layer in the network.
    pub(super) mapped: BTreeMap<usize, FileLayer>,
    /// Other layers, in the order of the file.
    pub(super) others: Vec<FileLayer>,
}

/// Groups tensors by layer.
pub(super) fn group(
    parts: Vec<FileTensor>,
    map: &[(String, String)],
    tensor_specs: &[NetworkLayer<'_>],
    path: &Path,
) -> Result<GroupedLayers, ImportError> {
    check_map(&parts, map, path)?;
    let mut grouped = GroupedLayers { mapped: BTreeMap::new(), others: Vec::new() };
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for part in parts {
        match map.iter().find_map(|(from, to)| Some((to, renamed(&part.name, from, to)?))) {
            Some((to, _)) if to.is_empty() => {}
            Some((_, name)) => {
                let (layer, leaf) = split_leaf(&name);
                let place = tensor_specs.iter().position(|spec| spec.name == layer);
                let place = place.ok_or_else(|| ImportError::MapTarget {
                    name: layer.to_owned(),
                    last: tensor_specs.len().saturating_sub(1),
                })?;
                let layer = grouped
                    .mapped
                    .entry(place)
                    .or_insert_with(|| FileLayer::new(split_leaf(&part.name).0));
                layer.parts.insert(leaf.to_owned(), part);
            }
            None => {
                let (layer, leaf) = split_leaf(&part.name);
                let place = *places.entry(layer.to_owned()).or_insert(grouped.others.len());
                if place == grouped.others.len() {
                    grouped.others.push(FileLayer::new(layer));
                }
                grouped.others[place].parts.insert(leaf.to_owned(), part);
            }
        }
    }
    Ok(grouped)
}

fn check_map(
    parts: &[FileTensor],
    map: &[(String, String)],
    path: &Path,
) -> Result<(), ImportError> {
    for (from, to) in map {
        if !parts.iter().any(|part| renamed(&part.name, from, to).is_some()) {
            let mut names: Vec<String> =
                parts.iter().map(|part| split_leaf(&part.name).0.to_owned()).collect();
            names.dedup();
            return Err(ImportError::MapSource { path: path.into(), name: from.clone(), names });
        }
    }
    Ok(())
}

/// The new name of the tensor `from`, or of a tensor of the layer `from`.
fn renamed(name: &str, from: &str, to: &str) -> Option<String> {
    let rest = name.strip_prefix(from)?;
    (rest.is_empty() || rest.starts_with('.')).then(|| format!("{to}{rest}"))
}
