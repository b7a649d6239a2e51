//! Weights of networks in files, with PyTorch's names and layout.
//!
//! Keys are `layers.<k>.{weight,bias,running_mean,running_var}`, where k counts the layers with
//! parameters (a batch norm is a layer). The order in a residual block is: first convolution, its
//! norm, second convolution, its norm, projection. Dense weights are `[outputs, inputs]`, kernels
//! `[filters, channels, height, width]`.

mod error;
mod file;
mod named_tensors;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use crate::naming::{Naming, follow_path};
use crate::zoo::Classifier;

pub use crate::naming::{Role, TensorSpec, tensor_specs};
pub use error::WeightsError;
pub(crate) use file::{Safetensors, StoredTensor, TensorFile, write_safetensors};
pub use named_tensors::Weights;

/// Header entry by which PyTorch recognises its layout.
const FORMAT: (&str, &str) = ("format", "pt");

impl Weights {
    /// The weights of a network.
    pub fn of(classifier: &Classifier) -> Self {
        let mut export = WeightsVisitor { naming: Naming::default(), weights: Self::default() };
        // In training mode, the statistics of batch norms would lag one batch behind.
        classifier.valid().visit(&mut export);
        export.weights
    }

    /// Reads a file that [`write`](Self::write) made, and verifies its checksum.
    ///
    /// Half and double precision are converted to f32.
    pub fn read(path: &Path) -> Result<Self, WeightsError> {
        Safetensors::open_own(path, &[FORMAT.0])?.read_all()
    }

    /// The network with the weights of a file that [`write`](Self::write) made.
    ///
    /// Names and shapes are checked before numbers are read.
    pub(crate) fn load(path: &Path, classifier: Classifier) -> Result<Classifier, WeightsError> {
        let opened = Safetensors::open_own(path, &[FORMAT.0])?;
        let shapes = opened.file.tensors.iter().map(|tensor| (&tensor.name, &tensor.shape[..]));
        compare(&tensor_specs(&classifier), shapes, path)?;
        opened.read_all()?.apply(classifier, path)
    }

    /// Writes a safetensors file that PyTorch can read, and replaces `path` atomically.
    pub fn write(&self, path: &Path) -> Result<(), WeightsError> {
        write_safetensors(path, self, &[FORMAT])
    }

    /// The network with these weights.
    ///
    /// The weights must have exactly the tensors of the network, with their shapes and finite
    /// values. Errors name `path` as the origin of the weights.
    pub fn apply(self, classifier: Classifier, path: &Path) -> Result<Classifier, WeightsError> {
        let shapes = self.tensors.iter().map(|(key, data)| (key, data.shape().as_slice()));
        compare(&tensor_specs(&classifier), shapes, path)?;
        self.require_finite(path)?;
        let device = classifier.devices().into_iter().next();
        let naming = Naming::default();
        Ok(match device {
            Some(device) => classifier.map(&mut WeightsMapper { naming, weights: self, device }),
            None => classifier,
        })
    }

    fn require_finite(&self, path: &Path) -> Result<(), WeightsError> {
        for (key, data) in &self.tensors {
            let mut values = data.iter::<f32>().enumerate();
            if let Some((index, value)) = values.find(|(_, value)| !value.is_finite()) {
                let (path, key) = (path.to_path_buf(), key.clone());
                return Err(WeightsError::NotFinite { path, key, index, value });
            }
        }
        Ok(())
    }
}

/// Refuses missing and unknown tensors, and tensors of other shapes.
fn compare<'a>(
    tensor_specs: &[TensorSpec],
    found: impl Iterator<Item = (&'a String, &'a [usize])>,
    path: &Path,
) -> Result<(), WeightsError> {
    let found: BTreeMap<&String, &[usize]> = found.collect();
    for spec in tensor_specs {
        let (path, key) = (path.to_path_buf(), spec.key.clone());
        match found.get(&key) {
            None => return Err(WeightsError::Missing { path, key, shape: spec.shape.clone() }),
            Some(shape) if **shape != spec.shape[..] => {
                let (expected, found) = (spec.shape.clone(), shape.to_vec());
                return Err(WeightsError::Shape { path, key, expected, found });
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<&String> = tensor_specs.iter().map(|spec| &spec.key).collect();
    match found.keys().find(|key| !known.contains(*key)) {
        Some(key) => Err(WeightsError::Unknown { path: path.into(), key: key.to_string() }),
        None => Ok(()),
    }
}

struct WeightsVisitor {
    naming: Naming,
    weights: Weights,
}

impl ModuleVisitor for WeightsVisitor {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        if let Some(spec) = self.naming.spec(tensor.dims().as_slice()) {
            let data = spec.data(tensor);
            self.weights.insert(spec.key, data);
        }
    }
}

struct WeightsMapper {
    naming: Naming,
    weights: Weights,
    device: Device,
}

impl ModuleMapper for WeightsMapper {
    follow_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let spec = self.naming.spec(param.lazy_shape().as_slice());
        let taken = spec.and_then(|spec| Some((self.weights.remove(&spec.key)?, spec)));
        match taken {
            // Reading the old, possibly lazy parameter would allocate it.
            Some((data, spec)) => Param::from_tensor(spec.tensor(data, &self.device)),
            None => param,
        }
    }
}

#[cfg(test)]
mod tests;
