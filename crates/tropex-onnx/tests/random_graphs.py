"""Random networks, and what onnxruntime gives at points.

    random_graphs.py FOLDER COUNT

FOLDER/NAME.onnx, and FOLDER/NAME.safetensors with `points` and `output`. Every network is a chain of
operators with random attributes on planes `[points, channels, height, width]`, with branches that
are joined, and a matrix product at the end. Half of them have a batch of 1 in their shapes.
"""

import random
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

onnxruntime.set_default_logger_severity(4)


class Builder:
    """Nodes and weights of a graph; `shape` is that of the current value at one point."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.numpy = np.random.default_rng(seed)
        self.opset = self.random.choice([9, 11, 13, 17, 21])
        self.nodes, self.weights, self.count = [], {}, 0

    def name(self):
        self.count += 1
        return f"v{self.count}"

    def weight(self, array):
        name = self.name()
        self.weights[name] = array
        return name

    def floats(self, *shape, positive=False):
        array = self.numpy.standard_normal(shape) * np.sqrt(2.0 / max(1, np.prod(shape[1:])))
        return self.weight((np.abs(array) + 0.3 if positive else array).astype(np.float32))

    def ints(self, *numbers):
        return self.weight(np.array(numbers, np.int64))

    def node(self, operator, *inputs, outputs=1, **attributes):
        names = [self.name() for _ in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, **attributes))
        return names[0] if outputs == 1 else names

    def windows(self, height, width, kernels=(1, 2, 3)):
        kernel = [min(self.random.choice(kernels), extent) for extent in (height, width)]
        # Padding smaller than the kernel, as ONNX asks for.
        pads = [self.random.randint(0, kernel[axis % 2] - 1) for axis in range(4)]
        return dict(kernel_shape=kernel, strides=[self.random.randint(1, 2) for _ in range(2)], pads=pads)


def conv(b, x, channels, height, width):
    groups = b.random.choice([group for group in (1, 2, 3) if channels % group == 0])
    outputs = groups * b.random.randint(1, 3)
    attributes = b.windows(height, width)
    if b.random.random() < 0.3:
        attributes.pop("pads")
        attributes["auto_pad"] = b.random.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
    kernel = b.floats(outputs, channels // groups, *attributes["kernel_shape"])
    bias = [b.floats(outputs)] if b.random.random() < 0.5 else []
    return b.node("Conv", x, kernel, *bias, group=groups, **attributes)


def conv_transpose(b, x, channels, height, width):
    groups = b.random.choice([group for group in (1, 2) if channels % group == 0])
    attributes = b.windows(height, width)
    attributes["output_padding"] = [b.random.randint(0, stride - 1) for stride in attributes["strides"]]
    kernel = b.floats(channels, b.random.randint(1, 3), *attributes["kernel_shape"])
    return b.node("ConvTranspose", x, kernel, group=groups, **attributes)


def max_pool(b, x, channels, height, width):
    attributes = b.windows(height, width)
    if b.opset >= 10:
        attributes["ceil_mode"] = b.random.randint(0, 1)
    return b.node("MaxPool", x, **attributes)


def average_pool(b, x, channels, height, width):
    attributes = b.windows(height, width)
    return b.node("AveragePool", x, count_include_pad=b.random.randint(0, 1), **attributes)


def batch_norm(b, x, channels, height, width):
    parameters = [b.floats(channels, positive=positive) for positive in (False, False, False, True)]
    return b.node("BatchNormalization", x, *parameters, epsilon=1e-3)


def activation(b, x, channels, height, width):
    kind = b.random.choice(["Relu", "LeakyRelu", "PRelu", "Clip", "HardSigmoid", "Abs", "Neg"])
    if kind == "LeakyRelu":
        return b.node(kind, x, alpha=b.random.choice([0.01, 0.3]))
    if kind == "PRelu":
        return b.node(kind, x, b.floats(channels, 1, 1))
    if kind == "Clip":
        if b.opset < 11:
            return b.node(kind, x, min=-0.5, max=0.7)
        low, high = (b.weight(np.array(limit, np.float32)) for limit in (-0.5, 0.7))
        return b.node(kind, x, b.random.choice([low, ""]), high)
    return b.node(kind, x)


def arithmetic(b, x, channels, height, width):
    shape = b.random.choice([(channels, 1, 1), (1, width), (1,), (1, channels, height, 1)])
    kind = b.random.choice(["Add", "Sub", "Mul", "Div"])
    constant = b.floats(*shape, positive=kind == "Div")
    return b.node(kind, *([constant, x] if kind != "Div" and b.random.random() < 0.4 else [x, constant]))


def joined(b, x, channels, height, width):
    other = activation(b, arithmetic(b, x, channels, height, width), channels, height, width)
    kind = b.random.choice(["Add", "Sub", "Max", "Min", "Sum", "Mean", "Concat", "Where"])
    if kind == "Concat":
        return b.node(kind, x, other, axis=b.random.choice([1, 2, 3, -1]))
    if kind == "Where":
        larger = b.node("Greater", x, other)
        return b.node(kind, larger, x, other)
    return b.node(kind, x, other)


def pad(b, x, channels, height, width):
    mode = b.random.choice(["constant", "reflect", "edge"])
    most = min(height, width) - 1
    sides = [b.random.randint(0, min(2, most)) for _ in range(4)]
    pads = [0, 0, *sides[:2], 0, 0, *sides[2:]]
    if b.opset < 11:
        return b.node("Pad", x, mode=mode, pads=pads, value=0.25)
    return b.node("Pad", x, b.ints(*pads), b.weight(np.array(0.25, np.float32)), mode=mode)


def cut(b, x, channels, height, width):
    axis, extent = b.random.choice([(2, height), (3, width)])
    if extent < 3:
        return x
    start, end = b.random.choice([(0, extent - 1), (1, 2**62), (-3, -1)])
    if b.opset < 10:
        return b.node("Slice", x, starts=[start], ends=[end], axes=[axis])
    if b.random.random() < 0.3:
        return b.node("Slice", x, b.ints(-1), b.ints(-(2**62)), b.ints(axis), b.ints(-b.random.randint(1, 2)))
    return b.node("Slice", x, b.ints(start), b.ints(end), b.ints(axis), b.ints(b.random.randint(1, 2)))


def moved(b, x, channels, height, width):
    kind = b.random.choice(["Transpose", "Gather", "Tile", "Split", "Reshape", "Shape"])
    if kind == "Transpose":
        return b.node(kind, x, perm=b.random.choice([[0, 2, 3, 1], [0, 1, 3, 2], [0, 3, 1, 2]]))
    if kind == "Gather":
        return b.node(kind, x, b.ints(*b.random.choices(range(-channels, channels), k=3)), axis=1)
    if kind == "Tile":
        return b.node(kind, x, b.ints(1, 1, b.random.randint(1, 2), 2))
    if kind == "Split" and width >= 2:
        parts = [1, width - 1]
        named = dict(split=parts) if b.opset < 13 else {}
        inputs = [x] if b.opset < 13 else [x, b.ints(*parts)]
        first, second = b.node(kind, *inputs, outputs=2, axis=3, **named)
        return b.node("Concat", second, first, axis=3)
    if kind == "Shape":
        first = b.node("Gather", b.node(kind, x), b.ints(0), axis=0)
        target = b.node("Concat", first, b.ints(channels, width, -1), axis=0)
        return b.node("Reshape", x, target)
    return b.node("Reshape", x, b.ints(b.batch, channels, width, height))


def reduced(b, x, channels, height, width):
    kind = b.random.choice(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "GlobalAveragePool", "GlobalMaxPool"])
    if kind.startswith("Global"):
        mean = b.node(kind, x)
    elif b.opset >= (13 if kind == "ReduceSum" else 18):
        mean = b.node(kind, x, b.ints(2), keepdims=1)
    else:
        mean = b.node(kind, x, axes=[2], keepdims=1)
    return b.node("Sub", x, mean)


def resized(b, x, channels, height, width):
    if b.opset < 11:
        return b.node("Upsample", x, b.weight(np.array([1, 1, 2, 1.5], np.float32)), mode="nearest")
    mode = b.random.choice(["nearest", "linear"])
    way = b.random.choice(["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"])
    attributes = dict(mode=mode, coordinate_transformation_mode=way)
    if mode == "nearest":
        attributes["nearest_mode"] = b.random.choice(["floor", "ceil", "round_prefer_floor"])
    empty = b.weight(np.zeros(0, np.float32))
    sizes = b.ints(b.batch if b.batch > 0 else 1, channels, height + 2, max(1, width - 1))
    if b.batch < 0:
        return b.node("Resize", x, empty, b.weight(np.array([1, 1, 2, 3], np.float32)), **attributes)
    return b.node("Resize", x, empty, empty, sizes, **attributes)


def blocks(b, x, channels, height, width):
    if channels % 4 == 0:
        mode = dict(mode=b.random.choice(["DCR", "CRD"])) if b.opset >= 11 else {}
        return b.node("DepthToSpace", x, blocksize=2, **mode)
    if height % 2 == 0 and width % 2 == 0:
        return b.node("SpaceToDepth", x, blocksize=2)
    return x


STEPS = [conv, conv, conv_transpose, max_pool, average_pool, batch_norm, activation, activation, arithmetic, joined, pad, cut, moved, reduced, resized, blocks]


def shape_of(b, value, batch):
    made = model(b, value, batch, None)
    inferred = onnx.shape_inference.infer_shapes(made, data_prop=True)
    found = [info for info in inferred.graph.output if info.name == value]
    return [dim.dim_value for dim in found[0].type.tensor_type.shape.dim]


def model(b, value, batch, shape):
    weights = [numpy_helper.from_array(array, name) for name, array in b.weights.items()]
    point = helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, *b.input])
    output = helper.make_tensor_value_info(value, TensorProto.FLOAT, shape)
    graph = helper.make_graph(b.nodes, "graph", [point], [output], weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", b.opset)])
    made.ir_version = 4 if b.opset < 13 else 8
    return made


def network(seed):
    b = Builder(seed)
    b.batch = b.random.choice([1, -1])
    b.input = [b.random.randint(1, 4), b.random.randint(3, 8), b.random.randint(3, 8)]
    value, shape = "x", [1, *b.input]
    for _ in range(b.random.randint(3, 8)):
        step = b.random.choice(STEPS)
        before = (len(b.nodes), dict(b.weights))
        made = step(b, value, *shape[1:])
        after = shape_of(b, made, 1) if made != value else shape
        # Steps back from what leaves nothing, or too much.
        if len(after) != 4 or min(after) < 1 or np.prod(after) > 4000:
            del b.nodes[before[0] :]
            b.weights = before[1]
        else:
            value, shape = made, after
    features = int(np.prod(shape[1:]))
    flat = b.node("Reshape", value, b.ints(b.batch, features)) if b.random.random() < 0.5 else b.node("Flatten", value)
    output = b.node("Gemm", flat, b.floats(3, features), b.floats(3), transB=1)
    return b, model(b, output, "n" if b.batch < 0 else 1, ["n" if b.batch < 0 else 1, 3])


def main():
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    made = 0
    for seed in range(count):
        try:
            b, graph = network(seed)
            session = onnxruntime.InferenceSession(graph.SerializeToString(), providers=["CPUExecutionProvider"])
            points = b.numpy.standard_normal((4, *b.input)).astype(np.float32)
            rows = [session.run(None, {"x": points[index : index + 1]})[0] for index in range(len(points))]
        except Exception as error:
            print(f"{seed}: {str(error).splitlines()[0]}")
            continue
        path = folder / f"random_{seed:04}.onnx"
        onnx.save(graph, path)
        save_file({"points": points, "output": np.ascontiguousarray(np.concatenate(rows))}, path.with_suffix(".safetensors"))
        made += 1
    print(f"{made} of {count} networks")


main()
