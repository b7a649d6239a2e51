//! Execution of the nodes of a graph.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use burn::tensor::{Device, FloatDType};
use tropex_kernels::flex_device;

use crate::array::{Array, ArrayOptions};
use crate::attributes::AttributeReader;
use crate::constant::{HostTensor, elements};
use crate::error::{OpError, UnsupportedNode};
use crate::graph::{OnnxNode, ValueIndex};
use crate::op_args::{BatchInfo, ConstantUse, OpArgs, OpOutput, OpOutputs, RunValue};
use crate::ops::{self, OperatorDef};

/// A program: the nodes that the output depends on, and the constants.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) opset: i64,
    pub(crate) nodes: Vec<OnnxNode>,
    /// By value index.
    pub(crate) constants: HashMap<ValueIndex, Arc<HostTensor>>,
    pub(crate) input: ValueIndex,
    pub(crate) output: ValueIndex,
    /// Number of values.
    pub(crate) value_count: usize,
    pub(crate) folder: Option<PathBuf>,
    /// Largest number of entries of a value, per point.
    pub(crate) limit: usize,
    /// Whether operators that are not piecewise linear are allowed.
    pub(crate) allows_curved: bool,
    /// Device and format for values that depend on constants and shapes only.
    pub(crate) host: ArrayOptions,
}

/// The shapes of a node's first input and first output.
pub(crate) type NodeShapes = (Vec<usize>, Vec<usize>);

/// The batch size of a run, with the shapes for that of the file.
#[derive(Clone, Copy)]
pub(crate) struct BatchShapes<'a> {
    pub(crate) count: usize,
    /// Batch size of the file.
    pub(crate) written: usize,
    /// Shapes by node for the batch size of the file.
    pub(crate) shapes: &'a [Option<NodeShapes>],
}

/// Result of a run.
#[derive(Default)]
pub(crate) struct RunTrace {
    /// `None` if it depends on an unsupported node.
    pub(crate) output: Option<RunValue>,
    pub(crate) unsupported: Vec<UnsupportedNode>,
    /// Shapes by node.
    pub(crate) shapes: Vec<Option<NodeShapes>>,
    /// Use of constants, by value index.
    pub(crate) uses: HashMap<ValueIndex, ConstantUse>,
}

impl RunTrace {
    fn note_uses(&mut self, node: &OnnxNode, uses: &[ConstantUse]) {
        for (slot, used) in node.inputs.iter().zip(uses) {
            let Some(slot) = slot else { continue };
            let entry = self.uses.entry(*slot).or_default();
            entry.on_device |= used.on_device;
            entry.on_host |= used.on_host;
        }
    }
}

/// `flex` in f64 if this build has it, otherwise the model's device in its widest format.
pub(crate) fn host(device: &Device) -> ArrayOptions {
    let device = flex_device().unwrap_or_else(|| device.clone());
    let has_f64 = device.supports_dtype(FloatDType::F64);
    ArrayOptions { device, dtype: if has_f64 { FloatDType::F64 } else { FloatDType::F32 } }
}

impl Program {
    /// Computes all nodes that depend on constants only. Nodes that fail stay, and fail again in a
    /// run.
    pub(crate) fn fold(&mut self) {
        let mut left = Vec::with_capacity(self.nodes.len());
        for node in std::mem::take(&mut self.nodes) {
            match self.folded(&node) {
                Some(constants) => self.constants.extend(constants),
                None => left.push(node),
            }
        }
        self.nodes = left;
        let read: std::collections::HashSet<ValueIndex> =
            self.nodes.iter().flat_map(|node| node.inputs.iter().flatten().copied()).collect();
        self.constants.retain(|slot, _| read.contains(slot) || *slot == self.output);
    }

    fn folded(&self, node: &OnnxNode) -> Option<Vec<(ValueIndex, Arc<HostTensor>)>> {
        let constant = |slot: &ValueIndex| {
            let constant = self.constants.get(slot)?.clone();
            Some(RunValue::Constant { constant, fixed: true })
        };
        let inputs = node.inputs.iter().map(|slot| match slot {
            Some(slot) => constant(slot).map(Some),
            None => Some(None),
        });
        let inputs = inputs.collect::<Option<Vec<_>>>()?;
        let operator = ops::find(&node.domain, &node.operator)?;
        let wanted = vec![true; node.outputs.len()];
        let applied = self.apply(operator, node, &inputs, &self.host, &wanted, None).ok()?;
        let constants = applied.outputs.0.into_iter().map(|output| self.on_host(output));
        let constants = constants.collect::<Result<Vec<_>, _>>().ok()?;
        let pairs = node.outputs.iter().zip(constants);
        Some(pairs.filter_map(|(slot, constant)| Some(((*slot)?, constant))).collect())
    }

    fn on_host(&self, output: OpOutput) -> Result<Arc<HostTensor>, OpError> {
        Ok(Arc::new(match output {
            OpOutput::Host(constant) => constant,
            OpOutput::Array(array) => array.to_constant()?,
        }))
    }

    /// Runs all nodes. `weights` has the constants on the device of the input.
    pub(crate) fn run(
        &self,
        weights: &HashMap<ValueIndex, RunValue>,
        input: Array,
        points: Option<BatchShapes>,
    ) -> RunTrace {
        let options = input.options();
        // By value index; `None` before a value is computed, if it cannot be, and after its last
        // use.
        let mut values: Vec<Option<RunValue>> = vec![None; self.value_count];
        for (slot, constant) in &self.constants {
            values[*slot] = Some(RunValue::Constant { constant: constant.clone(), fixed: true });
        }
        for (slot, value) in weights {
            values[*slot] = Some(value.clone());
        }
        values[self.input] = Some(RunValue::Tensor(input));
        let mut trace = RunTrace::default();
        let last_reads = self.last_reads();
        for (index, node) in self.nodes.iter().enumerate() {
            self.step(index, &options, points, &mut values, &mut trace);
            for slot in node.inputs.iter().flatten() {
                if last_reads[*slot] == index && *slot != self.output {
                    values[*slot] = None;
                }
            }
        }
        trace.output = values.swap_remove(self.output);
        trace
    }

    /// The last node that reads each value.
    fn last_reads(&self) -> Vec<usize> {
        let mut last = vec![usize::MAX; self.value_count];
        for (index, node) in self.nodes.iter().enumerate() {
            node.inputs.iter().flatten().for_each(|&slot| last[slot] = index);
        }
        last
    }

    /// Runs a node; its outputs stay `None` if it is unsupported.
    fn step(
        &self,
        index: usize,
        options: &ArrayOptions,
        points: Option<BatchShapes>,
        values: &mut [Option<RunValue>],
        trace: &mut RunTrace,
    ) {
        let node = &self.nodes[index];
        let inputs: Vec<Option<RunValue>> =
            node.inputs.iter().map(|slot| slot.and_then(|slot| values[slot].clone())).collect();
        let batch = points.map(|points| BatchInfo {
            points: points.count,
            written: points.written,
            shapes: points.shapes.get(index).and_then(Option::as_ref).map(borrowed),
        });
        let made = self.attempt(node, &inputs, options, batch, trace);
        let shape = |values: &[Option<RunValue>]| values.first()?.as_ref().map(RunValue::shape);
        trace.shapes.push(shape(&inputs).zip(shape(&made)));
        for (slot, value) in node.outputs.iter().zip(made) {
            if let Some(slot) = slot {
                values[*slot] = value;
            }
        }
    }

    /// The outputs of a node. If it is unsupported, they are `None` and the reason is recorded.
    fn attempt(
        &self,
        node: &OnnxNode,
        inputs: &[Option<RunValue>],
        options: &ArrayOptions,
        batch: Option<BatchInfo>,
        trace: &mut RunTrace,
    ) -> Vec<Option<RunValue>> {
        let refuse = |reason: String| UnsupportedNode {
            node: node.name.clone(),
            operator: operator_text(node),
            shapes: shapes_text(inputs, batch.map(|batch| batch.points)),
            reason,
        };
        let nothing = vec![None; node.outputs.len()];
        let Some(operator) = ops::find(&node.domain, &node.operator) else {
            let reason = ops::reason_of_absence(&node.domain, &node.operator);
            trace.unsupported.push(refuse(reason.into()));
            return nothing;
        };
        let mut pairs = node.inputs.iter().zip(inputs);
        if pairs.any(|(slot, value)| slot.is_some() && value.is_none()) {
            return nothing;
        }
        match self.compute(operator, node, inputs, options, batch) {
            Ok((values, applied)) => {
                trace.unsupported.extend(applied.reasons.into_iter().map(refuse));
                trace.note_uses(node, &applied.uses);
                let values = values.into_iter().map(Some);
                values.chain(nothing).take(node.outputs.len()).collect()
            }
            Err(OpError(reason)) => {
                trace.unsupported.push(refuse(reason));
                nothing
            }
        }
    }

    /// The outputs of a node; on the host if all inputs are on the host.
    fn compute(
        &self,
        operator: &OperatorDef,
        node: &OnnxNode,
        inputs: &[Option<RunValue>],
        options: &ArrayOptions,
        batch: Option<BatchInfo>,
    ) -> Result<(Vec<RunValue>, OpResult), OpError> {
        let wanted = self.wanted(node);
        let known = inputs.iter().map(|value| match value {
            None => Some(None),
            Some(RunValue::Constant { .. }) => Some(value.clone()),
            Some(RunValue::Weight { constant: Some(constant), .. }) => {
                Some(Some(RunValue::Constant { constant: constant.clone(), fixed: true }))
            }
            Some(RunValue::Weight { constant: None, .. } | RunValue::Tensor(_)) => None,
        });
        if let Some(constants) = known.collect::<Option<Vec<_>>>() {
            let mut applied = self.apply(operator, node, &constants, &self.host, &wanted, batch)?;
            applied.uses.fill(ConstantUse { on_device: false, on_host: true });
            let outputs = std::mem::take(&mut applied.outputs.0).into_iter();
            let values = outputs.map(|output| {
                Ok(RunValue::Constant { constant: self.on_host(output)?, fixed: false })
            });
            return Ok((values.collect::<Result<_, OpError>>()?, applied));
        }
        let mut applied = self.apply(operator, node, inputs, options, &wanted, batch)?;
        let depends = inputs.iter().any(|value| matches!(value, Some(RunValue::Tensor(_))));
        if let Some(reason) = operator.only_constants.filter(|_| depends && !self.allows_curved) {
            applied.reasons.push(reason.into());
        }
        let outputs = std::mem::take(&mut applied.outputs.0).into_iter();
        let values = outputs.map(|output| match output {
            OpOutput::Array(array) => RunValue::Tensor(array),
            OpOutput::Host(constant) => {
                RunValue::Constant { constant: Arc::new(constant), fixed: false }
            }
        });
        Ok((values.collect(), applied))
    }

    /// Whether each output of a node is used.
    fn wanted(&self, node: &OnnxNode) -> Vec<bool> {
        let is_read = |slot: ValueIndex| {
            slot == self.output || self.nodes.iter().any(|node| node.inputs.contains(&Some(slot)))
        };
        let wanted = |(index, slot): (usize, &Option<ValueIndex>)| match slot {
            Some(_) if index == 0 => true,
            Some(slot) => is_read(*slot),
            None => false,
        };
        node.outputs.iter().enumerate().map(wanted).collect()
    }

    /// Applies an operator. A panic of the backend becomes an error.
    fn apply(
        &self,
        operator: &OperatorDef,
        node: &OnnxNode,
        inputs: &[Option<RunValue>],
        options: &ArrayOptions,
        wanted: &[bool],
        batch: Option<BatchInfo>,
    ) -> Result<OpResult, OpError> {
        let args = OpArgs {
            inputs,
            attributes: AttributeReader::new(&node.attributes),
            opset: self.opset,
            options,
            folder: self.folder.as_deref(),
            batch,
            limit: self.limit,
            wanted,
            uses: RefCell::new(vec![ConstantUse::default(); inputs.len()]),
            reasons: RefCell::default(),
        };
        // The operands are checked before Burn gets them. A backend may have limits of its own.
        let outputs =
            catch_unwind(AssertUnwindSafe(|| (operator.run)(&args))).map_err(|panic| {
                OpError(format!("the backend fails ({})", message(panic.as_ref())))
            })??;
        if let Some(name) = args.attributes.unread() {
            return Err(format!("its attribute `{name}` is not supported").into());
        }
        for output in &outputs.0 {
            let shape = match output {
                OpOutput::Array(array) => array.shape(),
                OpOutput::Host(constant) => constant.shape.clone(),
            };
            args.allow(&shape)?;
            if elements(&shape) == Some(0) && matches!(output, OpOutput::Array(_)) {
                return Err(format!("its output of shape {shape:?} is empty").into());
            }
        }
        if let Some(missing) = wanted.iter().skip(outputs.0.len()).position(|&wanted| wanted) {
            let number = outputs.0.len() + missing + 1;
            return Err(format!("its output {number} is not supported").into());
        }
        let reasons = if self.allows_curved { Vec::new() } else { args.reasons.take() };
        Ok(OpResult { outputs, uses: args.uses.take(), reasons })
    }
}

/// Outputs of an operator, and its records.
struct OpResult {
    outputs: OpOutputs,
    uses: Vec<ConstantUse>,
    reasons: Vec<String>,
}

fn borrowed((input, output): &NodeShapes) -> (&[usize], &[usize]) {
    (input, output)
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn operator_text(node: &OnnxNode) -> String {
    match node.domain.as_str() {
        "" => node.operator.clone(),
        domain => format!("{domain}.{}", node.operator),
    }
}

/// ` on [n, 3, 32, 32]`: the shapes of the inputs that depend on the model's input.
fn shapes_text(inputs: &[Option<RunValue>], points: Option<usize>) -> String {
    let tensors = inputs.iter().flatten().filter(|value| matches!(value, RunValue::Tensor(_)));
    let texts: Vec<String> = tensors
        .map(|value| {
            let shape = value.shape();
            let extent = |(axis, extent): (usize, &usize)| match points {
                Some(points) if axis == 0 && *extent == points => "n".to_owned(),
                _ => extent.to_string(),
            };
            let extents: Vec<String> = shape.iter().enumerate().map(extent).collect();
            format!("[{}]", extents.join(", "))
        })
        .collect();
    if texts.is_empty() { String::new() } else { format!(" on {}", texts.join(" and ")) }
}
