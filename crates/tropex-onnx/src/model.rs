//! The model as a Burn module.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use burn::module::{Module, ModuleMapper, ModuleVisitor};
use burn::tensor::{DType, Device, FloatDType, Tensor};

use crate::array::Array;
use crate::constant::NumberKind;
use crate::error::OnnxError;
use crate::op_args::RunValue;
use crate::output::DroppedNode;
use crate::run::{BatchShapes, NodeShapes, Program};
use crate::weights::{self, Weight};

/// An ONNX model as a Burn module.
///
/// It accepts any batch size, even if the file was exported for a fixed one. Parameters have the
/// names of the file.
///
/// # Example
/// ```
/// # #[cfg(feature = "flex")] {
/// use burn::tensor::{Device, Tensor};
/// use tropex_onnx::OnnxModel;
///
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/mlp.onnx");
/// let device = Device::flex();
/// let model = OnnxModel::open(path, &device)?;
/// assert_eq!(model.input_shape(), [4]);
/// let logits: Tensor<2> = model.forward(Tensor::<2>::zeros([8, 4], &device))?;
/// assert_eq!(logits.dims(), [8, 3]);
/// # }
/// # Ok::<(), tropex_onnx::OnnxError>(())
/// ```
#[derive(Clone, Debug)]
pub struct OnnxModel {
    parts: Arc<ModelInfo>,
    weights: Vec<Weight>,
}

/// The parts of a model that do not depend on the device.
#[derive(Debug)]
pub(crate) struct ModelInfo {
    pub(crate) program: Arc<Program>,
    pub(crate) shapes: Vec<Option<NodeShapes>>,
    pub(crate) written: usize,
    pub(crate) opset: i64,
    pub(crate) producer: String,
    pub(crate) external_data: Vec<PathBuf>,
    pub(crate) input: String,
    pub(crate) input_shape: Vec<usize>,
    pub(crate) input_kind: NumberKind,
    pub(crate) output: String,
    pub(crate) output_shape: Vec<usize>,
    pub(crate) dropped: Vec<DroppedNode>,
    pub(crate) operators: BTreeMap<String, usize>,
    pub(crate) dtype: FloatDType,
}

impl OnnxModel {
    pub(crate) fn new(parts: ModelInfo, weights: Vec<Weight>) -> Self {
        Self { parts: Arc::new(parts), weights }
    }

    /// Computes the output, without a softmax or another [decision](Self::dropped) at the end.
    ///
    /// # Shapes
    /// - points: `[n, input_shape..]`, on the device of the parameters and in their precision
    /// - output: `[n, output_shape..]`
    ///
    /// # Errors
    /// [`OnnxError::Input`]: the points have another shape or precision, or `E` is another number
    /// of axes than the output has.
    pub fn forward<const D: usize, const E: usize>(
        &self,
        points: Tensor<D>,
    ) -> Result<Tensor<E>, OnnxError> {
        let output = self.run(points)?;
        if output.rank() != E {
            return Err(OnnxError::Input(format!(
                "its output has {} axes, {}, but a tensor with {E} was asked for",
                output.rank(),
                shape_text(&self.parts.output_shape)
            )));
        }
        Ok(Tensor::from_dispatch(output.into_tensor()))
    }

    /// Computes the output as a matrix with one row per point.
    ///
    /// # Shapes
    /// - points: `[n, input_shape..]`
    /// - output: `[n, numbers of one point]`
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn logits<const D: usize>(&self, points: Tensor<D>) -> Result<Tensor<2>, OnnxError> {
        let count = points.dims()[0];
        let shape = [count, self.parts.output_shape.iter().product()];
        let output = self.run(points)?.reshape(&shape);
        let output = output.map_err(|error| OnnxError::Input(error.0))?;
        Ok(Tensor::from_dispatch(output.into_tensor()))
    }

    fn run<const D: usize>(&self, points: Tensor<D>) -> Result<Array, OnnxError> {
        let shape = points.dims();
        let parts = &*self.parts;
        if shape[1..] != parts.input_shape[..] || shape[0] == 0 {
            return Err(OnnxError::Input(format!(
                "points of shape {shape:?} were given, but its input `{}` takes {}",
                parts.input,
                shape_text(&parts.input_shape)
            )));
        }
        if points.dtype() != parts.dtype.into() {
            return Err(OnnxError::Input(format!(
                "points in {} were given, but the model was opened in {}",
                points.dtype().name(),
                DType::from(parts.dtype).name()
            )));
        }
        let batch = BatchShapes { count: shape[0], written: parts.written, shapes: &parts.shapes };
        let input = Array::new(points.into_dispatch(), NumberKind::Float);
        let trace = parts.program.run(&weights::values(&self.weights), input, Some(batch));
        if !trace.unsupported.is_empty() {
            return Err(OnnxError::Unsupported(trace.unsupported));
        }
        let expected = [&[shape[0]], &parts.output_shape[..]].concat();
        match trace.output {
            Some(RunValue::Tensor(output)) if output.shape() == expected => Ok(output),
            _ => Err(OnnxError::Batch(format!(
                "for {} points its output has not shape {expected:?}",
                shape[0]
            ))),
        }
    }

    /// Shape of one input point, without the batch axis.
    pub fn input_shape(&self) -> &[usize] {
        &self.parts.input_shape
    }

    /// Whether the file declares whole numbers for its input, such as bytes. The points are floats
    /// nevertheless.
    pub fn reads_integers(&self) -> bool {
        self.parts.input_kind == NumberKind::Int
    }

    /// Shape of the output of one point, without the batch axis.
    pub fn output_shape(&self) -> &[usize] {
        &self.parts.output_shape
    }

    /// Name of the input.
    pub fn input(&self) -> &str {
        &self.parts.input
    }

    /// Name of the output that was chosen.
    pub fn output(&self) -> &str {
        &self.parts.output
    }

    /// The nodes that are left out at the end, in order: a softmax, or the choice of the largest
    /// class and its label. They keep the order of the classes.
    pub fn dropped(&self) -> &[DroppedNode] {
        &self.parts.dropped
    }

    /// Number of nodes of each operator, without those of constants.
    pub fn operators(&self) -> &BTreeMap<String, usize> {
        &self.parts.operators
    }

    /// Version of ONNX's operator set.
    pub fn opset(&self) -> i64 {
        self.parts.opset
    }

    /// Name of the program that wrote the file; can be empty.
    pub fn producer(&self) -> &str {
        &self.parts.producer
    }

    /// The other files that hold weights of the model, relative to the folder of its file.
    pub fn external_data(&self) -> &[PathBuf] {
        &self.parts.external_data
    }

    /// Floating-point format of parameters and points.
    pub fn precision(&self) -> FloatDType {
        self.parts.dtype
    }
}

fn shape_text(shape: &[usize]) -> String {
    let extents: Vec<String> = shape.iter().map(ToString::to_string).collect();
    format!("[n, {}]", extents.join(", "))
}

/// One line with shapes, parameters, operators and left-out nodes.
impl fmt::Display for OnnxModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &*self.parts;
        let operators: Vec<String> =
            parts.operators.iter().map(|(name, count)| format!("{count} {name}")).collect();
        write!(
            f,
            "`{}` {} -> `{}` {}, {} parameters, operator set {}: {}",
            parts.input,
            shape_text(&parts.input_shape),
            parts.output,
            shape_text(&parts.output_shape),
            self.num_params(),
            parts.opset,
            operators.join(", ")
        )?;
        if !parts.dropped.is_empty() {
            let dropped: Vec<String> = parts.dropped.iter().map(ToString::to_string).collect();
            write!(f, "; left out at the end: {}", dropped.join(", "))?;
        }
        Ok(())
    }
}

impl Module for OnnxModel {
    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        self.weights.collect_devices(devices)
    }

    fn fork(self, device: &Device) -> Self {
        Self { weights: self.weights.fork(device), ..self }
    }

    fn to_device(self, device: &Device) -> Self {
        Self { weights: self.weights.to_device(device), ..self }
    }

    fn train(self) -> Self {
        Self { weights: self.weights.train(), ..self }
    }

    fn valid(&self) -> Self {
        Self { weights: self.weights.valid(), parts: self.parts.clone() }
    }

    fn materialize(self) -> Self {
        Self { weights: self.weights.materialize(), ..self }
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.weights.iter().for_each(|weight| weight.visit(visitor));
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let weights = self.weights.into_iter().map(|weight| weight.map(mapper)).collect();
        Self { weights, ..self }
    }
}
