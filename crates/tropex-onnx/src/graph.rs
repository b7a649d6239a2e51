//! The graph of a model: nodes in topological order, with numbered values.

use std::collections::HashMap;

use crate::attributes::NodeAttributes;
use crate::proto;

/// Index of a value: an input, an initializer or the output of a node.
pub(crate) type ValueIndex = usize;

/// An operator applied to values.
#[derive(Clone, Debug)]
pub(crate) struct OnnxNode {
    pub(crate) name: String,
    pub(crate) operator: String,
    /// Empty for ONNX's own operators.
    pub(crate) domain: String,
    pub(crate) inputs: Vec<Option<ValueIndex>>,
    pub(crate) outputs: Vec<Option<ValueIndex>>,
    pub(crate) attributes: NodeAttributes,
}

/// An input or output of the graph.
#[derive(Clone, Debug)]
pub(crate) struct GraphPort {
    pub(crate) name: String,
    pub(crate) slot: ValueIndex,
    /// Type in the file.
    pub(crate) kind: Option<proto::TypeProto>,
}

/// A graph with its initializers.
#[derive(Clone, Debug)]
pub(crate) struct OnnxGraph {
    /// Version of ONNX's own operators.
    pub(crate) opset: i64,
    pub(crate) nodes: Vec<OnnxNode>,
    pub(crate) inputs: Vec<GraphPort>,
    pub(crate) outputs: Vec<GraphPort>,
    /// Indices by name.
    pub(crate) names: Vec<String>,
    pub(crate) initializers: HashMap<ValueIndex, proto::TensorProto>,
}

impl OnnxGraph {
    /// Numbers the values, sorts the nodes, and checks that every value is defined once.
    pub(crate) fn new(model: proto::ModelProto) -> Result<Self, String> {
        let opset = opset(&model)?;
        let graph = model.graph.ok_or("it holds no graph")?;
        if let Some(sparse) = graph.sparse_initializers.first() {
            let name = sparse.values.as_ref().map_or("", |values| values.name.as_str());
            return Err(format!("its initializer `{name}` is sparse, which is not supported"));
        }
        let mut names = ValueTable::default();
        let mut initializers = HashMap::new();
        for tensor in graph.initializers {
            let slot = names.define(&tensor.name)?;
            initializers.insert(slot, tensor);
        }
        let mut inputs = Vec::new();
        for input in graph.inputs {
            // Old files list initializers among the inputs.
            if !names.indices.contains_key(&input.name) {
                let slot = names.define(&input.name)?;
                inputs.push(GraphPort { name: input.name, slot, kind: input.kind });
            }
        }
        let mut outputs = Vec::with_capacity(graph.nodes.len());
        for node in &graph.nodes {
            let defined = node.outputs.iter().map(|name| names.define_output(name));
            outputs.push(defined.collect::<Result<Vec<_>, _>>()?);
        }
        let mut nodes = Vec::with_capacity(graph.nodes.len());
        for (node, outputs) in graph.nodes.into_iter().zip(outputs) {
            nodes.push(names.node(node, outputs)?);
        }
        let outputs = graph.outputs.into_iter().map(|output| {
            let slot = names
                .find(&output.name)
                .ok_or_else(|| format!("its output `{}` is made by no node", output.name))?;
            Ok(GraphPort { name: output.name, slot, kind: output.kind })
        });
        let outputs = outputs.collect::<Result<Vec<_>, String>>()?;
        if outputs.is_empty() {
            return Err("it has no output".into());
        }
        let nodes = sorted(nodes, names.list.len())?;
        Ok(Self { opset, nodes, inputs, outputs, names: names.list, initializers })
    }

    /// Index of the node that computes a value.
    pub(crate) fn maker(&self, slot: ValueIndex) -> Option<usize> {
        self.nodes.iter().position(|node| node.outputs.contains(&Some(slot)))
    }

    /// For each node, whether one of the given values depends on it.
    pub(crate) fn needed(&self, outputs: impl IntoIterator<Item = ValueIndex>) -> Vec<bool> {
        let mut wanted = vec![false; self.names.len()];
        outputs.into_iter().for_each(|slot| wanted[slot] = true);
        let mut needed = vec![false; self.nodes.len()];
        for (index, node) in self.nodes.iter().enumerate().rev() {
            if node.outputs.iter().flatten().any(|&slot| wanted[slot]) {
                needed[index] = true;
                node.inputs.iter().flatten().for_each(|&slot| wanted[slot] = true);
            }
        }
        needed
    }
}

fn opset(model: &proto::ModelProto) -> Result<i64, String> {
    let own = model.opsets.iter().find(|set| matches!(set.domain.as_str(), "" | "ai.onnx"));
    match own.map(|set| set.version) {
        Some(version) if version >= 1 => Ok(version),
        Some(version) => Err(format!("it asks for operator set {version}")),
        // Version 3 of the format introduced operator sets.
        None if model.ir_version < 3 => Ok(1),
        None => Err("it does not say which operator set of ONNX it was written for".into()),
    }
}

/// Slots by name.
#[derive(Default)]
struct ValueTable {
    indices: HashMap<String, ValueIndex>,
    list: Vec<String>,
}

impl ValueTable {
    fn find(&self, name: &str) -> Option<ValueIndex> {
        self.indices.get(name).copied()
    }

    fn define(&mut self, name: &str) -> Result<ValueIndex, String> {
        let slot = self.list.len();
        if name.is_empty() {
            return Err("a value has no name".into());
        }
        if self.indices.insert(name.to_owned(), slot).is_some() {
            return Err(format!("two values have the name `{name}`"));
        }
        self.list.push(name.to_owned());
        Ok(slot)
    }

    /// An unused output has an empty name.
    fn define_output(&mut self, name: &str) -> Result<Option<ValueIndex>, String> {
        if name.is_empty() { Ok(None) } else { self.define(name).map(Some) }
    }

    fn node(
        &self,
        node: proto::NodeProto,
        outputs: Vec<Option<ValueIndex>>,
    ) -> Result<OnnxNode, String> {
        let label = if node.name.is_empty() {
            node.outputs.iter().find(|name| !name.is_empty()).cloned().unwrap_or_default()
        } else {
            node.name
        };
        let input = |name: &String| match name.as_str() {
            "" => Ok(None),
            name => self
                .find(name)
                .map(Some)
                .ok_or_else(|| format!("node `{label}` reads `{name}`, which nothing makes")),
        };
        let inputs = node.inputs.iter().map(input).collect::<Result<_, _>>()?;
        let domain = if node.domain == "ai.onnx" { String::new() } else { node.domain };
        let attributes = NodeAttributes::new(node.attributes);
        Ok(OnnxNode { name: label, operator: node.operator, domain, inputs, outputs, attributes })
    }
}

/// Sorts nodes topologically; the order of the file is kept if it is topological.
fn sorted(nodes: Vec<OnnxNode>, values: usize) -> Result<Vec<OnnxNode>, String> {
    let mut makers = vec![None; values];
    for (index, node) in nodes.iter().enumerate() {
        node.outputs.iter().flatten().for_each(|&slot| makers[slot] = Some(index));
    }
    let mut readers = vec![Vec::new(); nodes.len()];
    let mut waiting = vec![0_usize; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for maker in node.inputs.iter().flatten().filter_map(|&slot| makers[slot]) {
            readers[maker].push(index);
            waiting[index] += 1;
        }
    }
    let is_sorted =
        readers.iter().enumerate().all(|(maker, readers)| readers.iter().all(|&r| r > maker));
    if is_sorted {
        return Ok(nodes);
    }
    let mut ready: std::collections::VecDeque<usize> =
        (0..nodes.len()).filter(|&index| waiting[index] == 0).collect();
    let mut order = Vec::with_capacity(nodes.len());
    while let Some(index) = ready.pop_front() {
        order.push(index);
        for &reader in &readers[index] {
            waiting[reader] -= 1;
            if waiting[reader] == 0 {
                ready.push_back(reader);
            }
        }
    }
    if let Some(index) = waiting.iter().position(|&waiting| waiting > 0) {
        return Err(format!("node `{}` depends on its own output", nodes[index].name));
    }
    let mut nodes: Vec<Option<OnnxNode>> = nodes.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|index| nodes[index].take()).collect())
}
