//! The order in which values go forward through a network.

use super::{Network, Node, ValueId};

impl Network {
    /// Takes the input through all nodes and returns what arrives at the output. `step` gets a
    /// node's number, the node and what its inputs hold, and says what its output holds.
    ///
    /// What a value holds is dropped as soon as no later node reads it.
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

    /// The network that ends with a value of this one.
    pub fn until(&self, value: ValueId) -> Self {
        let nodes = self.nodes[..value.index()].to_vec();
        Self { nodes, output: value, output_activations: Vec::new(), ..self.clone() }
    }

    /// For every value the last node that reads it; the output outlives them all.
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
    /// Whether the node reads a value once more after its input at `position`, as in `x + x`.
    fn reads_again(&self, value: ValueId, position: usize) -> bool {
        self.inputs[position + 1..].contains(&value)
    }
}
