//! The forward walk over all nodes, the basis of replay and pushforward.

use super::{Network, Node, ValueId};

impl Network {
    /// Visits all nodes in order and returns the state of the output. `step` receives the index of
    /// a node, the node and the states of its inputs, and returns the state of its output. A state
    /// is dropped after its last reader.
    pub fn forward<T: Clone>(
        &self,
        input: T,
        mut step: impl FnMut(usize, &Node, Vec<T>) -> T,
    ) -> T {
        let last_use = self.last_uses();
        let mut values: Vec<Option<T>> = vec![None; self.nodes.len() + 1];
        values[ValueId::INPUT.index()] = Some(input);
        for (index, node) in self.nodes.iter().enumerate() {
            let mut inputs = Vec::with_capacity(node.inputs.len());
            for value in &node.inputs {
                let slot = &mut values[value.index()];
                let keep =
                    last_use[value.index()] > index || node.reads_again(*value, inputs.len());
                inputs.extend(if keep { slot.clone() } else { slot.take() });
            }
            values[ValueId::of_node(index).index()] = Some(step(index, node, inputs));
        }
        values[self.output.index()].take().expect("the output is kept to the end")
    }

    /// The part of the network that computes a value, with this value as the output.
    pub fn until(&self, value: ValueId) -> Self {
        let nodes = self.nodes[..value.index()].to_vec();
        Self { nodes, output: value, output_activations: Vec::new(), ..self.clone() }
    }

    /// The part of the network that computes a value from an earlier one, which is the input of
    /// this part. `None` if the part also reads values before, or if the other value is not
    /// earlier.
    pub fn between(&self, from: ValueId, until: ValueId) -> Option<Self> {
        let moved =
            |value: &ValueId| value.index().checked_sub(from.index()).map(ValueId::of_index);
        let with_moved_inputs = |node: &Node| {
            let inputs: Option<Vec<ValueId>> = node.inputs.iter().map(moved).collect();
            Some(Node { inputs: inputs?, ..node.clone() })
        };
        let nodes = self.nodes.get(from.index()..until.index())?;
        Some(Self {
            input_shape: self.shape(from).to_vec(),
            nodes: nodes.iter().map(with_moved_inputs).collect::<Option<_>>()?,
            output: moved(&until)?,
            output_activations: Vec::new(),
            target: self.target.clone(),
        })
    }

    /// The last node that reads each value. The output is read after all nodes.
    fn last_uses(&self) -> Vec<usize> {
        let mut last = vec![0; self.nodes.len() + 1];
        for (index, node) in self.nodes.iter().enumerate() {
            node.inputs.iter().for_each(|value| last[value.index()] = index);
        }
        last[self.output.index()] = self.nodes.len();
        last
    }
}

impl Node {
    /// Whether the node reads a value again after its input at `position`, as in `x + x`.
    fn reads_again(&self, value: ValueId, position: usize) -> bool {
        self.inputs[position + 1..].contains(&value)
    }
}
