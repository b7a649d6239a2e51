//! Numbers of the values of a network.

/// A value of the network: its input, or the output of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueId(usize);

impl ValueId {
    /// The network's input.
    pub const INPUT: Self = Self(0);

    /// The output of a node.
    pub fn of_node(node: usize) -> Self {
        Self(node + 1)
    }

    /// The value with an index, see [`ValueId::index`].
    pub(crate) fn of_index(index: usize) -> Self {
        Self(index)
    }

    /// The node that computes the value; `None` for the input.
    pub(crate) fn node(self) -> Option<usize> {
        self.0.checked_sub(1)
    }

    /// Index of the value: 0 for the input, `node + 1` for the output of a node.
    pub fn index(self) -> usize {
        self.0
    }
}
