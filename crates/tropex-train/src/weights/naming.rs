//! From the place of a tensor in a module to its name and layout in PyTorch.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};

use crate::zoo::Classifier;

/// What a tensor does in its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Matrix or kernel of a dense or convolutional layer.
    Weight,
    /// Offset of any layer.
    Bias,
    /// Factor of a batch norm, `weight` in PyTorch.
    Scale,
    /// Mean that a batch norm has seen.
    RunningMean,
    /// Variance that a batch norm has seen.
    RunningVariance,
}

impl Role {
    /// Whether gradient descent changes it; the statistics of batch norm follow the data.
    pub fn is_trained(self) -> bool {
        !matches!(self, Self::RunningMean | Self::RunningVariance)
    }

    /// The field of a Burn layer that plays this role.
    fn of_field(container: &str, field: &str) -> Option<Self> {
        match (container, field) {
            ("Struct:Linear" | "Struct:Conv2d", "weight") => Some(Self::Weight),
            ("Struct:Linear" | "Struct:Conv2d", "bias") => Some(Self::Bias),
            ("Struct:BatchNorm", "gamma") => Some(Self::Scale),
            ("Struct:BatchNorm", "beta") => Some(Self::Bias),
            ("Struct:BatchNorm", "running_mean") => Some(Self::RunningMean),
            ("Struct:BatchNorm", "running_var") => Some(Self::RunningVariance),
            _ => None,
        }
    }

    /// The last part of its name.
    pub(crate) fn leaf(self) -> &'static str {
        match self {
            Self::Weight | Self::Scale => "weight",
            Self::Bias => "bias",
            Self::RunningMean => "running_mean",
            Self::RunningVariance => "running_var",
        }
    }
}

/// A tensor of a classifier as PyTorch names and stores it.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorSpec {
    /// `layers.<k>.<leaf>`, k counting the layers that have parameters.
    pub key: String,
    /// What it does in its layer.
    pub role: Role,
    /// Shape in PyTorch: dense weights are `[outputs, inputs]`.
    pub shape: Vec<usize>,
    /// Whether its layer makes the shapes of a shortcut equal.
    pub(crate) is_projection: bool,
    transposed: bool,
}

impl TensorSpec {
    /// The tensor of a module from f32 data in PyTorch's layout.
    ///
    /// Transposed in memory, not by strides: strides can change how a device adds up products,
    /// and a loaded network has to compute what the saved one did.
    pub(crate) fn tensor<const D: usize>(&self, data: TensorData, device: &Device) -> Tensor<D> {
        let data = match self.shape[..] {
            [outputs, inputs] if self.transposed => transposed(&data, outputs, inputs),
            _ => data,
        };
        Tensor::from_data(data, device)
    }

    /// The data of a tensor in PyTorch's layout.
    pub(crate) fn data<const D: usize>(&self, tensor: Tensor<D>) -> TensorData {
        let tensor = if self.transposed { tensor.swap_dims(0, 1) } else { tensor };
        tensor.into_data()
    }
}

fn transposed(data: &TensorData, rows: usize, columns: usize) -> TensorData {
    let values: Vec<f32> = data.iter::<f32>().collect();
    let moved = (0..columns).flat_map(|column| values.iter().skip(column).step_by(columns));
    TensorData::new(moved.copied().collect(), [columns, rows])
}

/// Follows a walk through a module and names the tensors on the way.
#[derive(Debug, Default)]
pub(crate) struct Naming {
    path: Vec<(String, String)>,
    /// Path of the layer met last.
    layer: Option<String>,
    layers: usize,
}

impl Naming {
    pub(crate) fn enter(&mut self, name: &str, container: &str) {
        self.path.push((name.into(), container.into()));
    }

    pub(crate) fn exit(&mut self) {
        self.path.pop();
    }

    /// The spec of the tensor met now, given its shape in Burn; `None` for what is no layer's.
    pub(crate) fn spec(&mut self, shape: &[usize]) -> Option<TensorSpec> {
        let ((field, container), above) = self.path.split_last()?;
        let role = Role::of_field(container, field)?;
        let layer = above.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(".");
        if self.layer.as_ref() != Some(&layer) {
            self.layers += 1;
            self.layer = Some(layer);
        }
        let transposed = container == "Struct:Linear" && role == Role::Weight;
        let mut shape = shape.to_vec();
        if transposed {
            shape.swap(0, 1);
        }
        let key = format!("layers.{}.{}", self.layers - 1, role.leaf());
        let is_projection = above.iter().any(|(name, _)| name == "projection");
        Some(TensorSpec { key, role, shape, is_projection, transposed })
    }
}

/// The tensors of a classifier, in the order of its layers. Allocates no parameters.
pub fn tensor_specs(classifier: &Classifier) -> Vec<TensorSpec> {
    let mut collect = SpecVisitor { naming: Naming::default(), tensor_specs: Vec::new() };
    classifier.visit(&mut collect);
    collect.tensor_specs
}

struct SpecVisitor {
    naming: Naming,
    tensor_specs: Vec<TensorSpec>,
}

impl ModuleVisitor for SpecVisitor {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.naming.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.naming.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.tensor_specs.extend(self.naming.spec(param.lazy_shape().as_slice()));
    }
}
