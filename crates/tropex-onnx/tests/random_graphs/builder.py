"""A graph under construction: nodes, weights, and the shape of the current value."""

import random

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

onnxruntime.set_default_logger_severity(4)

# Most numbers of a value at one point.
MOST = 4000


class Builder:
    """Chooses at random, and remembers nodes and weights.

    `batch` is the batch size in the file: 1, or -1 if it is open. `shape` is that of `value` at one
    point, with the axis of points.
    """

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numpy = np.random.default_rng(seed)
        self.opset = self.random.randint(7, 23)
        self.batch = self.random.choice([1, -1])
        self.place = self.random.choice(["initializers", "inputs", "nodes"])
        extents = [self.random.randint(2, 8) for _ in range(self.random.choice([0, 1, 1, 2, 2, 2, 3]))]
        # Volumes have fewer cells along each axis.
        extents = [min(extent, 5) for extent in extents] if len(extents) == 3 else extents
        self.input = [self.random.randint(1, 4) if extents else self.random.randint(3, 12), *extents]
        self.value, self.shape = "x", [1, *self.input]
        self.nodes, self.weights, self.count = [], {}, 0

    def chance(self, share):
        return self.random.random() < share

    def name(self):
        self.count += 1
        return f"v{self.count}"

    def weight(self, array):
        name = self.name()
        self.weights[name] = np.asarray(array)
        return name

    def number(self, number):
        return self.weight(np.array(number, np.float32))

    def floats(self, *shape, positive=False):
        array = self.numpy.standard_normal(shape) * np.sqrt(2.0 / max(1, np.prod(shape[1:])))
        return self.weight((np.abs(array) + 0.3 if positive else array).astype(np.float32))

    def ints(self, *numbers):
        return self.weight(np.array(numbers, np.int64))

    def node(self, operator, *inputs, outputs=1, **attributes):
        names = [self.name() for _ in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def axis(self, first=1):
        """An axis of the current value, which may count from the end."""
        axis = self.random.randrange(first, len(self.shape))
        return axis - len(self.shape) if self.chance(0.3) else axis

    def listed(self, name, numbers, since):
        """Numbers as an attribute, or as an input since a version: `(inputs, attributes)`."""
        if self.opset < since:
            return [], {name: list(numbers)}
        return [self.ints(*numbers)], {}

    def step(self, function):
        """Applies a step; takes it back if onnxruntime refuses it, or if it leaves nothing or too much."""
        before = (len(self.nodes), dict(self.weights))
        made = function(self, self.value)
        if made is None or made == self.value:
            return
        try:
            shape = self.run(made, np.zeros([1, *self.input], np.float32)).shape
        except Exception:  # onnxruntime has many kinds
            shape = ()
        if len(shape) >= 2 and shape[0] == 1 and min(shape) > 0 and np.prod(shape) <= MOST and len(shape) <= 6:
            self.value, self.shape = made, list(shape)
        else:
            del self.nodes[before[0] :]
            self.weights = before[1]

    def run(self, output, points):
        return session(self.model(output)).run(None, {"x": points})[0]

    def model(self, output):
        tensors = [numpy_helper.from_array(array, name) for name, array in self.weights.items()]
        batch = "n" if self.batch < 0 else 1
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, *self.input])]
        if self.place == "inputs":
            inputs += [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in tensors]
        nodes = [self.constant(tensor) for tensor in tensors] if self.place == "nodes" else []
        outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)]
        initializers = [] if self.place == "nodes" else tensors
        graph = helper.make_graph(nodes + self.nodes, "graph", inputs, outputs, initializers)
        opset = helper.make_opsetid("", self.opset)
        # Before version 4, all initializers are inputs too.
        version = 3 if self.opset < 9 and self.place == "inputs" else 4 if self.opset < 13 else 8
        return helper.make_model(graph, opset_imports=[opset], ir_version=version)

    def constant(self, tensor):
        """A node with the value of a tensor, in one of the forms of its version."""
        array = numpy_helper.to_array(tensor)
        if self.opset >= 12 and len(tensor.name) % 2 == 0 and array.size > 0 and array.ndim <= 1:
            kind = "float" if array.dtype == np.float32 else "int"
            form = f"value_{kind}" if array.ndim == 0 else f"value_{kind}s"
            return helper.make_node("Constant", [], [tensor.name], **{form: array.tolist()})
        return helper.make_node("Constant", [], [tensor.name], value=tensor)


def session(model):
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
