//! Names and layouts in PyTorch of the tensors of a module.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// The role of a tensor in its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Matrix or kernel of a dense or convolutional layer.
    Weight,
    /// Offset of any layer.
    Bias,
    /// Factor of a batch norm, `weight` in PyTorch.
    Scale,
    /// Running mean of a batch norm.
    RunningMean,
    /// Running variance of a batch norm.
    RunningVariance,
}

impl Role {
    /// Whether the optimizer changes it. The statistics of batch norms follow the data.
    pub fn is_trained(self) -> bool {
        !matches!(self, Self::RunningMean | Self::RunningVariance)
    }

    /// The role of a field of a Burn layer.
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

    /// The last part of the name in PyTorch.
    pub(crate) fn leaf(self) -> &'static str {
        match self {
            Self::Weight | Self::Scale => "weight",
            Self::Bias => "bias",
            Self::RunningMean => "running_mean",
            Self::RunningVariance => "running_var",
        }
    }
}

/// Name and layout of a tensor of a classifier in PyTorch.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorSpec {
    /// `layers.<k>.<leaf>`, where k counts the layers with parameters.
    pub key: String,
    /// Role in the layer.
    pub role: Role,
    /// Shape in PyTorch: dense weights are `[outputs, inputs]`.
    pub shape: Vec<usize>,
    /// Whether the layer is the projection of a shortcut.
    pub(crate) is_projection: bool,
    transposed: bool,
}

impl TensorSpec {
    /// Converts f32 data in PyTorch's layout to the tensor of the module.
    ///
    /// Dense weights are transposed in memory, not by strides: strides can change the order of sums
    /// on a device, and a loaded network has to equal the saved one bit for bit.
    pub(crate) fn tensor<const D: usize>(&self, data: TensorData, device: &Device) -> Tensor<D> {
        let data = match self.shape[..] {
            [outputs, inputs] if self.transposed => transposed(&data, outputs, inputs),
            _ => data,
        };
        Tensor::from_data(data, device)
    }

    /// Converts a tensor of the module to data in PyTorch's layout.
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

/// Names the tensors during a visit of a module.
#[derive(Debug, Default)]
pub(crate) struct Naming {
    path: Vec<(String, String)>,
    /// Path of the last layer with parameters.
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

    /// The spec of the current tensor with its shape in Burn; `None` outside of layers.
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

/// The methods by which the field `naming` of a visitor or mapper follows the path of the visit.
macro_rules! follow_path {
    () => {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.naming.enter(name, container);
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.naming.exit();
        }
    };
}
pub(crate) use follow_path;

/// The specs of the tensors of a module, in the order of its layers. Allocates no parameters.
pub fn tensor_specs(module: &impl Module) -> Vec<TensorSpec> {
    let mut collect = SpecVisitor { naming: Naming::default(), tensor_specs: Vec::new() };
    module.visit(&mut collect);
    collect.tensor_specs
}

struct SpecVisitor {
    naming: Naming,
    tensor_specs: Vec<TensorSpec>,
}

impl ModuleVisitor for SpecVisitor {
    follow_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.tensor_specs.extend(self.naming.spec(param.lazy_shape().as_slice()));
    }
}
