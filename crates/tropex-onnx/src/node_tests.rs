//! The official node tests of ONNX, which the Python package `onnx` carries.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use burn::tensor::FloatDType;
use prost::Message;

use crate::array::{Array, ArrayOptions};
use crate::constant::{HostTensor, NumberKind};
use crate::decode::decode;
use crate::graph::{OnnxGraph, ValueIndex};
use crate::op_args::RunValue;
use crate::ops::OPERATORS;
use crate::proto;
use crate::run::{Program, host};
use crate::testing::{device, output_of, python};

/// The outcome of a test.
enum NodeOutcome {
    Passed,
    Refused(String),
    Wrong(String),
}

/// The inputs of a node that count as dependent on the input of a model.
#[derive(Clone, Copy, PartialEq)]
enum Free {
    /// All floats, as between the layers of a network.
    All,
    /// The first one; the others are parameters.
    First,
    /// None: the node is computed when a model is opened.
    None,
}

struct NodeCase {
    program: Program,
    inputs: Vec<(ValueIndex, HostTensor)>,
    outputs: Vec<(ValueIndex, HostTensor)>,
    /// Relative error that the format of the test's numbers explains.
    digits: f64,
}

impl NodeCase {
    fn read(folder: &Path) -> Result<Self, String> {
        let bytes = fs::read(folder.join("model.onnx")).unwrap();
        let graph = OnnxGraph::new(proto::ModelProto::decode(&*bytes).unwrap())?;
        let tensors = |kind: &str, ports: &[crate::graph::GraphPort]| {
            let read = |(index, port): (usize, &crate::graph::GraphPort)| {
                let bytes = fs::read(folder.join(format!("{kind}_{index}.pb"))).unwrap();
                let tensor = proto::TensorProto::decode(&*bytes).unwrap();
                Ok((port.slot, decode(&tensor, None).map_err(|error| error.0)?))
            };
            ports.iter().enumerate().map(read).collect::<Result<Vec<_>, String>>()
        };
        let options = options();
        let is_brain = graph.outputs.iter().any(|port| {
            let tensor = port.kind.as_ref().and_then(|kind| kind.tensor.as_ref());
            tensor.is_some_and(|tensor| tensor.data_type == proto::data_type::BFLOAT16)
        });
        Ok(Self {
            digits: if is_brain { 1e-2 } else { 2e-3 },
            inputs: tensors("input", &graph.inputs)?,
            outputs: tensors("output", &graph.outputs)?,
            program: Program {
                opset: graph.opset,
                nodes: graph.nodes,
                constants: HashMap::new(),
                // A slot that no node reads.
                input: graph.names.len(),
                output: 0,
                value_count: graph.names.len() + 1,
                folder: None,
                limit: 1 << 24,
                allows_curved: true,
                host: host(&options.device),
            },
        })
    }

    fn run(&self, free: Free) -> NodeOutcome {
        let mut refused = None;
        for (slot, expected) in &self.outputs {
            match self.output(free, *slot) {
                Ok(found) => {
                    if let Some(difference) = difference(&found, expected, self.digits) {
                        return NodeOutcome::Wrong(difference);
                    }
                }
                Err(reason) => refused = Some(reason),
            }
        }
        refused.map_or(NodeOutcome::Passed, NodeOutcome::Refused)
    }

    fn output(&self, free: Free, slot: ValueIndex) -> Result<HostTensor, String> {
        let options = options();
        let mut program = self.program.clone();
        program.output = slot;
        let mut values = HashMap::new();
        for (index, (slot, constant)) in self.inputs.iter().enumerate() {
            let is_free = free == Free::All || (free == Free::First && index == 0);
            if is_free && constant.kind == NumberKind::Float {
                let array = Array::of(constant, &options).map_err(|error| error.0)?;
                values.insert(*slot, RunValue::Tensor(array));
            } else {
                program.constants.insert(*slot, Arc::new(constant.clone()));
            }
        }
        program.fold();
        if let Some(constant) = program.constants.get(&slot) {
            return Ok((**constant).clone());
        }
        let unread = HostTensor::scalar(0.0, NumberKind::Float);
        let trace = program.run(&values, Array::of(&unread, &options).unwrap(), None);
        if let Some(first) = trace.unsupported.first() {
            return Err(first.reason.clone());
        }
        match trace.output.unwrap() {
            RunValue::Constant { constant, .. } => Ok((*constant).clone()),
            RunValue::Weight { array, .. } | RunValue::Tensor(array) => {
                array.to_constant().map_err(|error| error.0)
            }
        }
    }
}

fn options() -> ArrayOptions {
    ArrayOptions { device: device(), dtype: FloatDType::F32 }
}

/// Why two tensors are not equal up to rounding.
fn difference(found: &HostTensor, expected: &HostTensor, digits: f64) -> Option<String> {
    if found.shape != expected.shape {
        return Some(format!("shape {:?} instead of {:?}", found.shape, expected.shape));
    }
    let mut pairs = found.numbers.iter().zip(&expected.numbers);
    pairs
        .find(|(found, expected)| {
            let equal = found == expected || (found.is_nan() && expected.is_nan());
            // Written so that a NaN differs.
            let close = (*found - *expected).abs() <= 1e-5 + digits * expected.abs();
            !(equal || close)
        })
        .map(|(found, expected)| format!("{found} instead of {expected}"))
}

/// Passed tests of `onnx` 1.23, of the 1,043 whose operators are all supported. The others have
/// empty tensors, text or numbers of 8 bits and fewer, or are refused as in the README.
const LEAST: usize = 858;

#[test]
fn official_node_tests_pass_or_are_refused() {
    let Some(python) = python("onnx.backend.test") else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node_cases.py");
    let operators = OPERATORS.iter().map(|operator| operator.name.as_ref());
    let arguments = [script.as_ref(), folder.path().as_os_str()].into_iter().chain(operators);
    let all = output_of(&python, arguments);
    let mut refused: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut wrong = Vec::new();
    let (mut cases, mut passed) = (0, 0);
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
    names.sort();
    for path in names {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        cases += 1;
        let case = match NodeCase::read(&path) {
            Ok(case) => case,
            Err(reason) => {
                refused.entry(reason).or_default().push(name);
                continue;
            }
        };
        let mut reason = None;
        let mut is_passed = false;
        for free in [Free::All, Free::First, Free::None] {
            match case.run(free) {
                NodeOutcome::Passed => is_passed = true,
                NodeOutcome::Refused(why) => reason = reason.or(Some(why)),
                NodeOutcome::Wrong(how) => wrong.push(format!("{name}: {how}")),
            }
        }
        match reason.filter(|_| !is_passed) {
            Some(reason) => refused.entry(reason).or_default().push(name),
            None => passed += 1,
        }
    }
    let all = String::from_utf8_lossy(&all);
    for (reason, names) in &refused {
        println!("refused: {reason}: {}", names.join(" "));
    }
    println!(
        "{passed} of {cases} node tests with supported operators passed, {} refused; {} in all",
        refused.values().map(Vec::len).sum::<usize>(),
        all.trim()
    );
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    // Older packages carry fewer tests.
    assert!(passed >= LEAST.min(cases * 4 / 5), "only {passed} passed");
}
