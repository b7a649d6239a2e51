//! Named tensors.

use std::collections::BTreeMap;

use burn::tensor::{DType, TensorData};

/// Named tensors of type f32 in PyTorch's layout.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Weights {
    pub(super) tensors: BTreeMap<String, TensorData>,
}

impl Weights {
    /// Keys and data, sorted by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &TensorData)> {
        self.tensors.iter()
    }

    /// Adds a tensor of floats in any precision.
    pub(crate) fn insert(&mut self, key: String, data: TensorData) {
        self.tensors.insert(key, data.convert_dtype(DType::F32));
    }

    /// Removes a tensor and returns it.
    pub(crate) fn remove(&mut self, key: &str) -> Option<TensorData> {
        self.tensors.remove(key)
    }

    /// The tensors under new names.
    pub(crate) fn renamed(self, name: impl Fn(&str) -> String) -> Self {
        let tensors = self.tensors.into_iter().map(|(key, data)| (name(&key), data)).collect();
        Self { tensors }
    }

    /// Removes the tensors whose keys begin with `prefix`, and returns them with keys without the
    /// prefix.
    pub(crate) fn split_off(&mut self, prefix: &str) -> Self {
        let (split, rest) = std::mem::take(&mut self.tensors)
            .into_iter()
            .partition(|(key, _)| key.starts_with(prefix));
        self.tensors = rest;
        Self { tensors: split }.renamed(|key| key[prefix.len()..].to_owned())
    }

    /// The tensors of both.
    pub(crate) fn merged(mut self, other: Self) -> Self {
        self.tensors.extend(other.tensors);
        self
    }
}
