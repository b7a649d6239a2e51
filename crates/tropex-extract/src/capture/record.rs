//! Recording of a module on the capture device.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::backend::Capture;
use burn::backend::ir::{GraphIr, OperationIr};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{CapturedGraph, DType, Device, Tensor, TensorId};

use crate::unsupported::operation_name;
use crate::{CaptureError, ComputeTarget, Error, Precision};

/// Two recordings of the forward pass with different numbers of points. Extents that differ belong
/// to the axis of points.
pub(super) struct Recording {
    pub(super) graph: CapturedGraph,
    pub(super) names: HashMap<TensorId, String>,
    /// Shapes of the tensors of `graph` in the recording with one more point.
    pub(super) other_shapes: HashMap<TensorId, Vec<usize>>,
    /// Number of points in `graph`.
    pub(super) points: usize,
    pub(super) target: ComputeTarget,
}

/// Numbers of points to try; the second recording has one more point. 1 is not used, because many
/// other extents are 1. Burn's linear layers merge leading axes depending on the number of points;
/// if two recordings differ in this, the next number is tried.
const POINTS: [usize; 6] = [2, 4, 6, 8, 12, 16];

pub(super) fn record<M: Module, const D: usize>(
    module: &M,
    input_shape: &[usize],
    forward: &impl Fn(&M, Tensor<D>) -> Tensor<2>,
) -> Result<Recording, Error> {
    let host = device_of(module);
    let capture = Device::capture();
    let record = |points| record_once(module, &host, &capture, input_shape, points, forward);
    let mut attempts = POINTS.iter().map(|&points| {
        // Only the shapes of the first recording are needed: its copy of the parameters is freed
        // before the second recording.
        let other = record(points + 1)?.0.graph;
        let (graph, names) = record(points)?;
        Ok((points, paired_shapes(&graph.graph, &other)?, graph, names))
    });
    let is_usable = |attempt: &Result<_, RecordingMismatch>| {
        !matches!(attempt, Err(RecordingMismatch::Reshapes))
    };
    let attempt = attempts.find(is_usable).unwrap_or(Err(RecordingMismatch::Operations));
    let (points, other_shapes, graph, names) = attempt.map_err(Error::from)?;
    let precision = match dtype_of(module) {
        DType::F64 => Precision::F64,
        _ => Precision::F32,
    };
    Ok(Recording {
        graph,
        names,
        other_shapes,
        points,
        target: ComputeTarget::new(&host, precision)?,
    })
}

/// The recorded forward pass for a number of points.
pub(super) fn record_points<M: Module, const D: usize>(
    module: &M,
    input_shape: &[usize],
    points: usize,
    forward: &impl Fn(&M, Tensor<D>) -> Tensor<2>,
) -> Result<CapturedGraph, Error> {
    let (host, capture) = (device_of(module), Device::capture());
    Ok(record_once(module, &host, &capture, input_shape, points, forward)?.0)
}

/// The device of the module's parameters, without autodiff.
pub(super) fn device_of<M: Module>(module: &M) -> Device {
    module.devices().into_iter().next().unwrap_or_default()
}

/// The floating-point type of the module's parameters; the default type of the device if there are
/// none.
pub(super) fn dtype_of<M: Module>(module: &M) -> DType {
    let mut first = FirstType(None);
    module.visit(&mut first);
    first.0.unwrap_or_else(|| Tensor::<1>::zeros([1], &device_of(module)).dtype())
}

struct FirstType(Option<DType>);

impl ModuleVisitor for FirstType {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.get_or_insert_with(|| param.val().dtype());
    }
}

fn record_once<M: Module, const D: usize>(
    module: &M,
    host: &Device,
    capture: &Device,
    input_shape: &[usize],
    points: usize,
    forward: &impl Fn(&M, Tensor<D>) -> Tensor<2>,
) -> Result<(CapturedGraph, HashMap<TensorId, String>), Error> {
    let mut shape = [points; D];
    shape[1..].copy_from_slice(input_shape);
    let mut names = ParameterNames::default();
    let dtype = dtype_of(module);
    let mut recorded = true;
    let scope = || {
        capture.capture_scope(|scope| {
            let module = module.valid().to_device(capture);
            module.visit(&mut names);
            let input = Tensor::<D>::zeros(shape, (host, dtype)).to_device(capture);
            let input_id = id(&input).expect("the input was just moved to the capture device");
            let output = forward(&module, input);
            // `complete` needs an output even if the output was not recorded.
            let output_id = id(&output).unwrap_or_else(|| {
                recorded = false;
                input_id
            });
            scope.complete([input_id], [output_id])
        })
    };
    let graph =
        catch_panic(&shape, scope)?.map_err(|error| CaptureError::Recording(error.to_string()))?;
    if !recorded {
        return Err(CaptureError::ConstantOutput.into());
    }
    Ok((graph, names.found))
}

/// Calls a forward pass on an input of the given shape; a panic becomes an error.
pub(super) fn catch_panic<T>(shape: &[usize], forward: impl FnOnce() -> T) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(forward)).map_err(|panic| panicked(shape, panic.as_ref()).into())
}

fn panicked(shape: &[usize], panic: &(dyn Any + Send)) -> CaptureError {
    let message = panic_message(panic);
    let advice = advice(&message);
    CaptureError::Panicked { shape: shape.to_vec(), advice, message }
}

/// The message of a panic in one line.
pub(super) fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Advice on a panic, from Burn's message.
fn advice(message: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if has(&["Cannot move a tensor from a capture device"]) {
        "it moves a value to another device, which a recording cannot follow: leave values on \
         x.device(), where x is the input"
    } else if has(&["same device", "on the wrong backend", "Cannot move", "autodiff"]) {
        "it uses a tensor that is on another device than its input, or on a device with autodiff: \
         create it on x.device(), where x is the input, or move it there with \
         to_device(&x.device())"
    } else if has(&["no concrete value", "no initialized value"]) {
        "it reads the values of a tensor, which are not known while operations are recorded: avoid \
         this, or read them outside of the forward"
    } else if has(&["Tensor Operation Error", "shape", "Shape", "dimension"]) {
        "check the input shape"
    } else {
        "check the input shape, and that forward does not read the values of a tensor"
    }
}

/// The id of a tensor in the recording; `None` if it is not on the capture device.
fn id<const D: usize>(tensor: &Tensor<D>) -> Option<TensorId> {
    Some(tensor.clone().try_into_primitive::<Capture>().ok()?.id())
}

/// The difference between two recordings.
enum RecordingMismatch {
    /// They differ in reshapes only.
    Reshapes,
    /// They differ in other operations.
    Operations,
    /// A recording failed.
    Failed(Error),
}

impl From<Error> for RecordingMismatch {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<RecordingMismatch> for Error {
    fn from(unpaired: RecordingMismatch) -> Self {
        match unpaired {
            RecordingMismatch::Failed(error) => error,
            RecordingMismatch::Reshapes | RecordingMismatch::Operations => {
                CaptureError::DependsOnCount.into()
            }
        }
    }
}

/// Matches the tensors of both recordings.
fn paired_shapes(
    graph: &GraphIr,
    other: &GraphIr,
) -> Result<HashMap<TensorId, Vec<usize>>, RecordingMismatch> {
    let (left, right) = (&graph.operations, &other.operations);
    let names = |operations: &[OperationIr]| operations.iter().map(operation_name).collect();
    let names: [Vec<String>; 2] = [names(left), names(right)];
    if names[0] != names[1] {
        let others = names.map(|mut names| {
            names.retain(|name| name != "Reshape");
            names
        });
        let reshapes = others[0] == others[1];
        return Err(if reshapes {
            RecordingMismatch::Reshapes
        } else {
            RecordingMismatch::Operations
        });
    }
    let mut shapes = HashMap::new();
    for (left, right) in left.iter().zip(right) {
        for (left, right) in nodes(left).zip(nodes(right)) {
            shapes.insert(left.id, right.shape.to_vec());
        }
    }
    Ok(shapes)
}

fn nodes(operation: &OperationIr) -> impl Iterator<Item = &burn::backend::ir::TensorIr> {
    operation.nodes().into_iter()
}

/// Collects the module path of every parameter.
#[derive(Default)]
struct ParameterNames {
    path: Vec<String>,
    found: HashMap<TensorId, String>,
}

impl ModuleVisitor for ParameterNames {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.extend(id(&param.val()).map(|id| (id, self.path.join("."))));
    }
}
