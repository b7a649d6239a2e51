//! Running the nodes of a graph, one after the other.

use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use burn::tensor::{Device, FloatDType};

use crate::args::{Args, Batch, Output, Outputs, Use, Value};
use crate::array::{Array, Place};
use crate::attributes::Reader;
use crate::constant::{Constant, elements};
use crate::error::{Refusal, Unsupported};
use crate::graph::{Node, Slot};
use crate::ops::{self, Operator};

/// What is run: nodes that the output depends on, and numbers that are known.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) opset: i64,
    pub(crate) nodes: Vec<Node>,
    /// By slot.
    pub(crate) constants: HashMap<Slot, Arc<Constant>>,
    pub(crate) input: Slot,
    pub(crate) output: Slot,
    /// Number of slots.
    pub(crate) slots: usize,
    pub(crate) folder: PathBuf,
    /// Numbers that a value of one point may have at most.
    pub(crate) limit: usize,
    /// Whether operators that are not piecewise linear are computed, not refused.
    pub(crate) allows_curved: bool,
    /// Where values that only follow from constants and shapes are computed.
    pub(crate) host: Place,
}

/// The shapes of a node's first input and first output.
pub(crate) type Shapes = (Vec<usize>, Vec<usize>);

/// How many points a run has.
#[derive(Clone, Copy)]
pub(crate) struct Points<'a> {
    pub(crate) count: usize,
    /// How many the file was written for.
    pub(crate) written: usize,
    /// Shapes by node in a run of so many.
    pub(crate) shapes: &'a [Option<Shapes>],
}

/// What a run gave.
#[derive(Default)]
pub(crate) struct Trace {
    /// None if a node that it depends on cannot be used.
    pub(crate) output: Option<Value>,
    pub(crate) unsupported: Vec<Unsupported>,
    /// Shapes by node.
    pub(crate) shapes: Vec<Option<Shapes>>,
    /// How constants were used, by slot.
    pub(crate) uses: HashMap<Slot, Use>,
}

impl Trace {
    fn note_uses(&mut self, node: &Node, uses: &[Use]) {
        for (slot, used) in node.inputs.iter().zip(uses) {
            let Some(slot) = slot else { continue };
            let entry = self.uses.entry(*slot).or_default();
            entry.on_device |= used.on_device;
            entry.on_host |= used.on_host;
        }
    }
}

/// The CPU in f64 if this build has one, else the model's own device.
pub(crate) fn host(_device: &Device) -> Place {
    #[cfg(feature = "flex")]
    let place = Place { device: Device::flex(), dtype: FloatDType::F64 };
    #[cfg(not(feature = "flex"))]
    let place = {
        let has_f64 = _device.supports_dtype(FloatDType::F64);
        let dtype = if has_f64 { FloatDType::F64 } else { FloatDType::F32 };
        Place { device: _device.clone(), dtype }
    };
    place
}

impl Program {
    /// Computes what only depends on constants, once and for all. Nodes that fail stay, and say so
    /// when the model is run.
    pub(crate) fn fold(&mut self) {
        let mut left = Vec::with_capacity(self.nodes.len());
        for node in std::mem::take(&mut self.nodes) {
            match self.folded(&node) {
                Some(constants) => self.constants.extend(constants),
                None => left.push(node),
            }
        }
        self.nodes = left;
        let read: std::collections::HashSet<Slot> =
            self.nodes.iter().flat_map(|node| node.inputs.iter().flatten().copied()).collect();
        self.constants.retain(|slot, _| read.contains(slot) || *slot == self.output);
    }

    fn folded(&self, node: &Node) -> Option<Vec<(Slot, Arc<Constant>)>> {
        let constant = |slot: &Slot| {
            let constant = self.constants.get(slot)?.clone();
            Some(Value::Constant { constant, fixed: true })
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
        let slots = node.outputs.iter().zip(constants);
        Some(slots.filter_map(|(slot, constant)| Some(((*slot)?, constant))).collect())
    }

    fn on_host(&self, output: Output) -> Result<Arc<Constant>, Refusal> {
        Ok(Arc::new(match output {
            Output::Constant(constant) => constant,
            Output::Array(array) => array.to_constant()?,
        }))
    }

    /// Runs all nodes. `weights` holds constants that are on the device of the input already.
    pub(crate) fn run(
        &self,
        weights: &HashMap<Slot, Value>,
        input: Array,
        points: Option<Points>,
    ) -> Trace {
        let place = input.place();
        // By slot; none where a value is not made yet, cannot be made, or is not needed any more.
        let mut values: Vec<Option<Value>> = vec![None; self.slots];
        for (slot, constant) in &self.constants {
            values[*slot] = Some(Value::Constant { constant: constant.clone(), fixed: true });
        }
        for (slot, value) in weights {
            values[*slot] = Some(value.clone());
        }
        values[self.input] = Some(Value::Tensor(input));
        let mut trace = Trace::default();
        let last_reads = self.last_reads();
        for (index, node) in self.nodes.iter().enumerate() {
            self.step(index, &place, points, &mut values, &mut trace);
            for slot in node.inputs.iter().flatten() {
                if last_reads[*slot] == index && *slot != self.output {
                    values[*slot] = None;
                }
            }
        }
        trace.output = values.swap_remove(self.output);
        trace
    }

    /// By slot, the last node that reads it.
    fn last_reads(&self) -> Vec<usize> {
        let mut last = vec![usize::MAX; self.slots];
        for (index, node) in self.nodes.iter().enumerate() {
            node.inputs.iter().flatten().for_each(|&slot| last[slot] = index);
        }
        last
    }

    /// Runs a node; its outputs stay empty if it cannot be run.
    fn step(
        &self,
        index: usize,
        place: &Place,
        points: Option<Points>,
        values: &mut [Option<Value>],
        trace: &mut Trace,
    ) {
        let node = &self.nodes[index];
        let inputs: Vec<Option<Value>> =
            node.inputs.iter().map(|slot| slot.and_then(|slot| values[slot].clone())).collect();
        let batch = points.map(|points| Batch {
            points: points.count,
            written: points.written,
            shapes: points.shapes.get(index).and_then(Option::as_ref).map(borrowed),
        });
        let made = self.attempt(node, &inputs, place, batch, trace);
        let shape = |values: &[Option<Value>]| values.first()?.as_ref().map(Value::shape);
        trace.shapes.push(shape(&inputs).zip(shape(&made)));
        for (slot, value) in node.outputs.iter().zip(made) {
            if let Some(slot) = slot {
                values[*slot] = value;
            }
        }
    }

    /// The outputs of a node, as far as they can be computed; why not is noted.
    fn attempt(
        &self,
        node: &Node,
        inputs: &[Option<Value>],
        place: &Place,
        batch: Option<Batch>,
        trace: &mut Trace,
    ) -> Vec<Option<Value>> {
        let refuse = |reason: String| Unsupported {
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
        match self.compute(operator, node, inputs, place, batch) {
            Ok((values, applied)) => {
                trace.unsupported.extend(applied.refusals.into_iter().map(refuse));
                trace.note_uses(node, &applied.uses);
                let values = values.into_iter().map(Some);
                values.chain(nothing).take(node.outputs.len()).collect()
            }
            Err(Refusal(reason)) => {
                trace.unsupported.push(refuse(reason));
                nothing
            }
        }
    }

    /// The outputs of a node as values: on the host if all inputs are there.
    fn compute(
        &self,
        operator: &Operator,
        node: &Node,
        inputs: &[Option<Value>],
        place: &Place,
        batch: Option<Batch>,
    ) -> Result<(Vec<Value>, Applied), Refusal> {
        let wanted = self.wanted(node);
        let known = inputs.iter().map(|value| match value {
            None => Some(None),
            Some(Value::Constant { .. }) => Some(value.clone()),
            Some(Value::Weight { constant: Some(constant), .. }) => {
                Some(Some(Value::Constant { constant: constant.clone(), fixed: true }))
            }
            Some(Value::Weight { constant: None, .. } | Value::Tensor(_)) => None,
        });
        if let Some(constants) = known.collect::<Option<Vec<_>>>() {
            let mut applied = self.apply(operator, node, &constants, &self.host, &wanted, batch)?;
            applied.uses.fill(Use { on_device: false, on_host: true });
            let outputs = std::mem::take(&mut applied.outputs.0).into_iter();
            let values = outputs.map(|output| {
                Ok(Value::Constant { constant: self.on_host(output)?, fixed: false })
            });
            return Ok((values.collect::<Result<_, Refusal>>()?, applied));
        }
        let mut applied = self.apply(operator, node, inputs, place, &wanted, batch)?;
        let depends = inputs.iter().any(|value| matches!(value, Some(Value::Tensor(_))));
        if let Some(reason) = operator.only_constants.filter(|_| depends && !self.allows_curved) {
            applied.refusals.push(reason.into());
        }
        let outputs = std::mem::take(&mut applied.outputs.0).into_iter();
        let values = outputs.map(|output| match output {
            Output::Array(array) => Value::Tensor(array),
            Output::Constant(constant) => {
                Value::Constant { constant: Arc::new(constant), fixed: false }
            }
        });
        Ok((values.collect(), applied))
    }

    /// Which outputs of a node are read.
    fn wanted(&self, node: &Node) -> Vec<bool> {
        let is_read = |slot: Slot| {
            slot == self.output || self.nodes.iter().any(|node| node.inputs.contains(&Some(slot)))
        };
        let wanted = |(index, slot): (usize, &Option<Slot>)| match slot {
            Some(_) if index == 0 => true,
            Some(slot) => is_read(*slot),
            None => false,
        };
        node.outputs.iter().enumerate().map(wanted).collect()
    }

    /// Applies an operator; whatever goes wrong on the way is why it cannot be used.
    fn apply(
        &self,
        operator: &Operator,
        node: &Node,
        inputs: &[Option<Value>],
        place: &Place,
        wanted: &[bool],
        batch: Option<Batch>,
    ) -> Result<Applied, Refusal> {
        let args = Args {
            inputs,
            attributes: Reader::new(&node.attributes),
            opset: self.opset,
            place,
            folder: &self.folder,
            batch,
            limit: self.limit,
            wanted,
            uses: RefCell::new(vec![Use::default(); inputs.len()]),
            refusals: RefCell::default(),
        };
        // Operands are checked before Burn sees them; a backend may have limits of its own.
        let outputs =
            catch_unwind(AssertUnwindSafe(|| (operator.run)(&args))).map_err(|panic| {
                Refusal(format!("the backend fails ({})", message(panic.as_ref())))
            })??;
        if let Some(name) = args.attributes.unread() {
            return Err(format!("its attribute `{name}` is not supported").into());
        }
        for output in &outputs.0 {
            let shape = match output {
                Output::Array(array) => array.shape(),
                Output::Constant(constant) => constant.shape.clone(),
            };
            args.allow(&shape)?;
            if elements(&shape) == Some(0) && matches!(output, Output::Array(_)) {
                return Err(format!("its output of shape {shape:?} is empty").into());
            }
        }
        if let Some(missing) = wanted.iter().skip(outputs.0.len()).position(|&wanted| wanted) {
            let number = outputs.0.len() + missing + 1;
            return Err(format!("its output {number} is not supported").into());
        }
        let refusals = if self.allows_curved { Vec::new() } else { args.refusals.take() };
        Ok(Applied { outputs, uses: args.uses.take(), refusals })
    }
}

/// What an operator did.
struct Applied {
    outputs: Outputs,
    uses: Vec<Use>,
    refusals: Vec<String>,
}

fn borrowed((input, output): &Shapes) -> (&[usize], &[usize]) {
    (input, output)
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn operator_text(node: &Node) -> String {
    match node.domain.as_str() {
        "" => node.operator.clone(),
        domain => format!("{domain}.{}", node.operator),
    }
}

/// ` on [n, 3, 32, 32]`: what is known of the inputs that are computed.
fn shapes_text(inputs: &[Option<Value>], points: Option<usize>) -> String {
    let tensors = inputs.iter().flatten().filter(|value| matches!(value, Value::Tensor(_)));
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
