//! Options for opening a model.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use burn::tensor::{DType, Device, FloatDType};
use bytes::Bytes;

use crate::array::ArrayOptions;
use crate::constant::{NumberKind, elements};
use crate::decode::{decode, type_of};
use crate::error::OnnxError;
use crate::file::{self, OnnxFile};
use crate::graph::{GraphPort, OnnxGraph};
use crate::model::{ModelInfo, OnnxModel};
use crate::output::{self, ChosenOutput};
use crate::probe;
use crate::proto::data_type;
use crate::run::{self, Program};

/// Numbers that a value of one point may have, even for small files.
const LEAST_LIMIT: usize = 1 << 24;

/// Numbers that a value of one point may have per byte of the file.
const NUMBERS_PER_BYTE: usize = 8;

/// Options for opening a model: its output, the shape of points, and the precision.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct OnnxOptions {
    output: Option<String>,
    input_shape: Option<Vec<usize>>,
    precision: Option<FloatDType>,
    allows_curved: bool,
}

impl OnnxOptions {
    /// Chooses the output with a name; a softmax or another decision at its end is left out.
    ///
    /// Otherwise a model must have one output, or several outputs of the same logits.
    pub fn with_output(mut self, name: impl Into<String>) -> Self {
        self.output = Some(name.into());
        self
    }

    /// Sets the shape of one point, without the batch axis, for files with open extents.
    pub fn with_input_shape(mut self, shape: impl Into<Vec<usize>>) -> Self {
        self.input_shape = Some(shape.into());
        self
    }

    /// Sets the floating-point format of parameters and points, instead of the device's default.
    /// Numbers with more digits in the file are rounded.
    pub fn with_precision(mut self, precision: FloatDType) -> Self {
        self.precision = Some(precision);
        self
    }

    /// Allows operators such as `Sigmoid`, which are not piecewise linear and refused by default.
    pub fn with_curved_operators(mut self, allowed: bool) -> Self {
        self.allows_curved = allowed;
        self
    }

    /// Opens a model and moves its parameters to a device.
    ///
    /// # Errors
    /// See [`OnnxModel::open`].
    pub fn open(&self, path: impl AsRef<Path>, device: &Device) -> Result<OnnxModel, OnnxError> {
        self.open_model(file::read(path.as_ref())?, device)
    }

    /// Opens a model in memory, such as one that was just exported, and moves its parameters to a
    /// device.
    ///
    /// # Errors
    /// See [`OnnxModel::open`]; external data, which only a model in a file can have.
    pub fn open_bytes(
        &self,
        content: impl Into<Bytes>,
        device: &Device,
    ) -> Result<OnnxModel, OnnxError> {
        self.open_model(OnnxFile::of_bytes(content.into())?, device)
    }

    fn open_model(&self, file: OnnxFile, device: &Device) -> Result<OnnxModel, OnnxError> {
        let OnnxFile { model, bytes, path, folder } = file;
        let damaged = |reason| OnnxError::Damaged { path: path.clone(), reason };
        let producer = model.producer.clone();
        let external_data = file::external_files(&model);
        let graph = OnnxGraph::new(model).map_err(damaged)?;
        let chosen = output::choose(&graph, self.output.as_deref())?;
        let dtype = self.precision.unwrap_or_else(|| device.settings().float_dtype);
        if !device.supports_dtype(dtype) {
            return Err(OnnxError::Input(format!(
                "device {} cannot compute in {}",
                device_name(device),
                DType::from(dtype).name()
            )));
        }
        let options = ArrayOptions { device: device.clone(), dtype };
        let limit = (bytes as usize).saturating_mul(NUMBERS_PER_BYTE).max(LEAST_LIMIT);
        let opset = graph.opset;
        let (program, input, names) =
            self.program(graph, (&path, folder.as_deref()), &chosen, &options, limit)?;
        let (written, shape) = self.shape_of(&input, limit)?;
        let input_kind = kind_of(&input)?;
        let mut operators: HashMap<String, usize> = HashMap::new();
        for node in &program.nodes {
            *operators.entry(node.operator.clone()).or_default() += 1;
        }
        let probed =
            probe::probe(program, &names, &input.name, written, &shape, &chosen, &options)?;
        Ok(OnnxModel::new(
            ModelInfo {
                program: Arc::new(probed.program),
                shapes: probed.shapes,
                written,
                opset,
                producer,
                external_data,
                input: input.name,
                input_shape: shape,
                input_kind,
                output: chosen.name,
                output_shape: probed.output_shape,
                dropped: chosen.dropped,
                operators: operators.into_iter().collect(),
                dtype,
            },
            probed.weights,
        ))
    }

    /// The program of the chosen value with constants folded, the input, and the names of all
    /// values.
    fn program(
        &self,
        graph: OnnxGraph,
        (path, folder): (&Path, Option<&Path>),
        chosen: &ChosenOutput,
        options: &ArrayOptions,
        limit: usize,
    ) -> Result<(Program, GraphPort, Vec<String>), OnnxError> {
        let needed = graph.needed([chosen.slot]);
        let mut nodes = graph.nodes;
        let mut keep = needed.into_iter();
        nodes.retain(|_| keep.next().unwrap_or(false));
        let reads = |slot| {
            chosen.slot == slot || nodes.iter().any(|node| node.inputs.contains(&Some(slot)))
        };
        let mut inputs: Vec<GraphPort> = graph.inputs;
        inputs.retain(|input| reads(input.slot));
        let mut constants = HashMap::new();
        for (slot, tensor) in graph.initializers {
            if reads(slot) {
                let constant = decode(&tensor, folder).map_err(|error| OnnxError::Damaged {
                    path: path.to_owned(),
                    reason: format!("initializer `{}`: {}", tensor.name, error.0),
                })?;
                constants.insert(slot, Arc::new(constant));
            }
        }
        let input = only_input(inputs, &chosen.name)?;
        let mut program = Program {
            opset: graph.opset,
            nodes,
            constants,
            input: input.slot,
            output: chosen.slot,
            value_count: graph.names.len(),
            folder: folder.map(Path::to_owned),
            limit,
            allows_curved: self.allows_curved,
            host: run::host(&options.device),
        };
        program.fold();
        program.transpose_weights();
        Ok((program, input, graph.names))
    }

    /// The batch size of the file (1 if it is open), and the shape of one point.
    fn shape_of(&self, input: &GraphPort, limit: usize) -> Result<(usize, Vec<usize>), OnnxError> {
        let name = &input.name;
        let told = |reason: String| OnnxError::Input(reason);
        let Some(tensor) = input.kind.as_ref().and_then(|kind| kind.tensor.as_ref()) else {
            return Err(told(format!("its input `{name}` is no tensor")));
        };
        let written: Option<Vec<Option<usize>>> = tensor.shape.as_ref().map(|shape| {
            let known = |extent: &crate::proto::DimensionProto| {
                usize::try_from(extent.value?).ok().filter(|&extent| extent > 0)
            };
            shape.axes.iter().map(known).collect()
        });
        let (points, open) = match (&written, &self.input_shape) {
            (Some(written), _) if written.is_empty() => (None, Vec::new()),
            (Some(written), _) => (written[0], written[1..].to_vec()),
            (None, Some(given)) => (None, given.iter().map(|_| None).collect()),
            (None, None) => {
                return Err(OnnxError::OpenInput { input: name.clone(), shape: "[?]".into() });
            }
        };
        let shape = match &self.input_shape {
            None => open.iter().copied().collect::<Option<Vec<usize>>>().ok_or_else(|| {
                OnnxError::OpenInput { input: name.clone(), shape: open_text(&open) }
            })?,
            Some(given) => {
                let fits =
                    |(open, given): (&Option<usize>, &usize)| open.is_none_or(|e| e == *given);
                if given.len() != open.len() || !open.iter().zip(given).all(fits) {
                    return Err(told(format!(
                        "points of shape {given:?} were asked for, but its input `{name}` takes \
                         {}",
                        open_text(&open)
                    )));
                }
                given.clone()
            }
        };
        if shape.is_empty() {
            return Err(told(format!(
                "its input `{name}` is a vector or a number, which has no axis of points before \
                 those of a point; export the model for a batch"
            )));
        }
        let points = points.unwrap_or(1);
        match elements(&[&[points], &shape[..]].concat()) {
            Some(count) if count <= limit && !shape.contains(&0) => Ok((points, shape)),
            _ => Err(told(format!(
                "its input `{name}` of {points} points of shape {shape:?} is empty or has more than \
                 {limit} numbers"
            ))),
        }
    }
}

impl OnnxModel {
    /// Opens a model with default [`OnnxOptions`].
    ///
    /// Test runs on random points check that the output of a batch is that of its points.
    ///
    /// # Errors
    /// [`OnnxError::Read`] and [`OnnxError::Damaged`]: the file is not a readable model.
    /// [`OnnxError::Unsupported`] lists every node that is not piecewise linear or not supported.
    /// [`OnnxError::Output`], [`OnnxError::Input`]: the model has several outputs or inputs, or the
    /// shape of its input is open. [`OnnxError::Batch`]: it mixes the points of a batch.
    pub fn open(path: impl AsRef<Path>, device: &Device) -> Result<Self, OnnxError> {
        OnnxOptions::default().open(path, device)
    }

    /// Opens a model in memory with default [`OnnxOptions`].
    ///
    /// # Errors
    /// See [`OnnxModel::open`]; external data, which only a model in a file can have.
    pub fn from_bytes(content: impl Into<Bytes>, device: &Device) -> Result<Self, OnnxError> {
        OnnxOptions::default().open_bytes(content, device)
    }
}

/// Kind of the numbers that the file declares for an input.
fn kind_of(input: &GraphPort) -> Result<NumberKind, OnnxError> {
    let tensor = input.kind.as_ref().and_then(|kind| kind.tensor.as_ref());
    let data_type = tensor.map_or(data_type::FLOAT, |tensor| tensor.data_type);
    let (kind, _) = type_of(data_type)
        .map_err(|error| OnnxError::Input(format!("its input `{}`: {}", input.name, error.0)))?;
    Ok(kind)
}

fn open_text(shape: &[Option<usize>]) -> String {
    let extent =
        |extent: &Option<usize>| extent.map_or("?".to_owned(), |extent| extent.to_string());
    format!("[n, {}]", shape.iter().map(extent).collect::<Vec<_>>().join(", "))
}

fn only_input(mut inputs: Vec<GraphPort>, output: &str) -> Result<GraphPort, OnnxError> {
    match (inputs.pop(), inputs.is_empty()) {
        (Some(input), true) => Ok(input),
        (None, _) => Err(OnnxError::Input(format!("its output `{output}` depends on no input"))),
        (Some(last), false) => {
            let names = inputs.into_iter().chain([last]).map(|input| input.name);
            Err(OnnxError::SeveralInputs { inputs: names.collect() })
        }
    }
}

/// What Burn calls a device.
fn device_name(device: &Device) -> String {
    let name = format!("{device:?}");
    let inner = name.strip_prefix("Device<").and_then(|name| name.strip_suffix('>'));
    inner.unwrap_or(&name).to_owned()
}
