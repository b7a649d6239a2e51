//! Evaluation of recorded operations on a CPU, by Burn's interpreter: operations on constants,
//! operations with replaced operands, and whole recordings.
//!
//! Floating-point numbers are computed in `f64` and integers in 64 bits, regardless of the recorded
//! types.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::backend::ir::{
    BaseOperationIr, FloatOperationIr, HandleKind, IrVisitorMut, NumericOperationIr, OperationIr,
    TensorIr, TensorStatus,
};
use burn::backend::ops::{BoolTensorOps, FloatTensorOps, IntTensorOps};
use burn::tensor::{BoolStore, CapturedGraph, DType, TensorData, TensorId, read_sync};
use burn_router::TensorInterpreter;
use tropex_kernels::HostBackend;

use super::context::LoweringContext;
use super::lowering_error::LoweringError;
use super::record::panic_message;

/// Evaluates an operation on constants and stores its outputs as constants.
pub(super) fn evaluate(
    context: &mut LoweringContext,
    operation: &OperationIr,
) -> Result<(), LoweringError> {
    let outputs = Evaluator::new(context, HashMap::new()).outputs(operation)?;
    for (output, data) in outputs {
        context.set_constant(output, data);
    }
    Ok(())
}

/// Evaluates single operations on constants, with replaced data for some operands.
pub(super) struct Evaluator<'a> {
    context: &'a LoweringContext,
    replaced: HashMap<TensorId, TensorData>,
}

impl<'a> Evaluator<'a> {
    /// `replaced` holds data with the shapes in the operations.
    pub(super) fn new(
        context: &'a LoweringContext,
        replaced: HashMap<TensorId, TensorData>,
    ) -> Self {
        Self { context, replaced }
    }

    /// The first output of an operation.
    pub(super) fn run(&self, operation: &OperationIr) -> Result<TensorData, LoweringError> {
        let first = self.outputs(operation)?.into_iter().next();
        Ok(first.ok_or("an operation without an output")?.1)
    }

    fn outputs(
        &self,
        operation: &OperationIr,
    ) -> Result<Vec<(TensorId, TensorData)>, LoweringError> {
        let mut interpreter = Interpreter::new();
        for input in operation.inputs() {
            let data = match self.replaced.get(&input.id) {
                Some(data) => data,
                None => self.context.constant(input)?,
            };
            interpreter.put(input.id, data.clone())?;
        }
        interpreter.execute(operation)?;
        let outputs: Vec<TensorIr> = operation.outputs().cloned().collect();
        let read = outputs.into_iter().map(|output| Ok((output.id, interpreter.take(output)?)));
        read.collect()
    }
}

/// The output of a recording at points of the recorded shape.
pub(super) fn evaluate_graph(
    graph: CapturedGraph,
    points: TensorData,
) -> Result<TensorData, LoweringError> {
    let (input, output) = (graph.graph.inputs[0], graph.graph.outputs[0]);
    let mut interpreter = Interpreter::new();
    for (id, data) in graph.values {
        interpreter.put(id, data)?;
    }
    interpreter.put(input, points)?;
    let mut result = None;
    for operation in &graph.graph.operations {
        if !matches!(operation, OperationIr::Init(_) | OperationIr::Drop(_)) {
            interpreter.execute(operation)?;
        }
        result = operation.nodes().into_iter().find(|node| node.id == output).cloned().or(result);
    }
    interpreter.take(result.ok_or("a recording without its output")?)
}

/// Burn's interpreter of recorded operations.
struct Interpreter(TensorInterpreter<HostBackend>);

impl Interpreter {
    fn new() -> Self {
        Self(TensorInterpreter::new(Default::default()))
    }

    fn put(&mut self, id: TensorId, data: TensorData) -> Result<(), LoweringError> {
        if matches!(data.dtype(), DType::QFloat(_)) {
            return Err(
                "its numbers are quantized, which is not supported; dequantize them before the \
                 forward"
                    .into(),
            );
        }
        let dtype = widest(data.dtype());
        self.0.register_tensor_data_id(id, data.convert_dtype(dtype));
        Ok(())
    }

    fn execute(&mut self, operation: &OperationIr) -> Result<(), LoweringError> {
        let mut operation = operation.clone();
        operation.visit_mut(&mut WidenTypes);
        if let Some(reason) = not_computable(&operation) {
            return Err(reason.into());
        }
        // All integers have one type, so a cast only renames the tensor.
        if let OperationIr::BaseInt(BaseOperationIr::Cast(cast)) = &operation {
            self.0.register_alias(cast.out.id, cast.input.id);
            return Ok(());
        }
        let executed = catch_unwind(AssertUnwindSafe(|| self.0.register_op(operation)));
        executed.map_err(|panic| {
            let cause = panic_message(panic.as_ref());
            format!("Burn cannot compute it in f64 on a CPU: {cause}").into()
        })
    }

    fn take(&mut self, mut tensor: TensorIr) -> Result<TensorData, LoweringError> {
        WidenTypes.visit_tensor_mut(&mut tensor);
        tensor.status = TensorStatus::ReadWrite;
        let data = match self.0.get_tensor(&tensor) {
            HandleKind::Float(tensor) => read_sync(HostBackend::float_into_data(tensor)),
            HandleKind::Int(tensor) => read_sync(HostBackend::int_into_data(tensor)),
            HandleKind::Bool(tensor) => read_sync(HostBackend::bool_into_data(tensor)),
            HandleKind::Quantized(_) => return Err("its result is quantized".into()),
        };
        Ok(data.map_err(|error| error.to_string())?)
    }
}

/// The type in which a type is computed.
fn widest(dtype: DType) -> DType {
    match dtype {
        dtype if dtype.is_float() => DType::F64,
        dtype if dtype.is_bool() => DType::Bool(BoolStore::Native),
        _ => DType::I64,
    }
}

/// Replaces the type of every tensor of an operation by the type in which it is computed.
struct WidenTypes;

impl IrVisitorMut for WidenTypes {
    fn visit_tensor_mut(&mut self, tensor: &mut TensorIr) {
        tensor.dtype = widest(tensor.dtype);
    }
}

/// The reason why an operation cannot be evaluated, if there is one.
fn not_computable(operation: &OperationIr) -> Option<&'static str> {
    use OperationIr as Ir;
    match operation {
        Ir::Float(_, FloatOperationIr::Random(_))
        | Ir::NumericFloat(_, NumericOperationIr::IntRandom(_))
        | Ir::NumericInt(_, NumericOperationIr::IntRandom(_)) => Some(
            "it draws random numbers, so that the forward depends on chance; draw them before the \
             forward and pass them as a constant",
        ),
        Ir::Float(_, FloatOperationIr::Quantize(_) | FloatOperationIr::Dequantize(_)) => {
            Some("quantized numbers are not supported; dequantize them before the forward")
        }
        Ir::Custom(_) => Some("only the backend that defines this operation can compute it"),
        Ir::Distributed(_) => Some("operations on several devices are not supported"),
        _ => None,
    }
}
