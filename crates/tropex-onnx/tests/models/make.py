"""Makes the ONNX files of the tests here, and what onnxruntime computes with them.

    python make.py

Every file stands for one way in which real files are written. `expected.safetensors` holds
`NAME.points` and `NAME.output`, the value before a softmax and the like at the end.
"""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

onnxruntime.set_default_logger_severity(3)
HERE = Path(__file__).parent
RANDOM = np.random.default_rng(0)


def weight(*shape):
    """Random numbers that a network can be made of."""
    scale = np.sqrt(2.0 / max(1, np.prod(shape[1:])))
    return (RANDOM.standard_normal(shape) * scale).astype(np.float32)


def node(operator, inputs, outputs, **attributes):
    return helper.make_node(operator, inputs.split(), outputs.split(), **attributes)


def model(nodes, input_shape, output_shape, weights, opset=13, type=TensorProto.FLOAT, inputs=(), outputs=None):
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    point = helper.make_tensor_value_info("x", type, input_shape)
    outputs = outputs or [helper.make_tensor_value_info("y", type, output_shape)]
    graph = helper.make_graph(nodes, "graph", [point, *inputs], outputs, tensors)
    opsets = [helper.make_opsetid("", opset), helper.make_opsetid("ai.onnx.ml", 1)]
    made = helper.make_model(graph, opset_imports=opsets, producer_name="make.py")
    made.ir_version = 4 if opset < 11 else 8
    return made


def mlp(type=TensorProto.FLOAT, kind=np.float32):
    nodes = [
        node("Gemm", "x a b", "h", transB=1),
        node("Relu", "h", "r"),
        node("Gemm", "r c d", "l", transB=1, alpha=0.5, beta=2.0),
        node("Softmax", "l", "y", axis=1),
    ]
    weights = {"a": weight(8, 4), "b": weight(8), "c": weight(3, 8), "d": weight(3)}
    return model(nodes, [1, 4], [1, 3], {name: value.astype(kind) for name, value in weights.items()}, type=type)


def bfloat16():
    """Stored as the upper halves of floats; onnxruntime has no such products."""
    made = mlp()
    for tensor in made.graph.initializer:
        bits = numpy_helper.to_array(tensor).view(np.uint32)
        tensor.CopyFrom(
            helper.make_tensor(
                tensor.name, TensorProto.BFLOAT16, tensor.dims, (bits >> 16).astype("<u2").tobytes(), raw=True
            )
        )
    made.graph.input[0].type.tensor_type.elem_type = TensorProto.BFLOAT16
    made.graph.output[0].type.tensor_type.elem_type = TensorProto.BFLOAT16
    return made


def widened(made):
    """The same with floats, for onnxruntime."""
    made = onnx.ModelProto.FromString(made.SerializeToString())
    for tensor in made.graph.initializer:
        if tensor.data_type == TensorProto.BFLOAT16:
            bits = np.frombuffer(tensor.raw_data, "<u2").astype(np.uint32) << 16
            value = bits.view(np.float32).reshape(tuple(tensor.dims))
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))
    for info in (made.graph.input[0], made.graph.output[0]):
        if info.type.tensor_type.elem_type == TensorProto.BFLOAT16:
            info.type.tensor_type.elem_type = TensorProto.FLOAT
    return made


def listed():
    """An old PyTorch export: initializers listed as inputs, a shape put together from the input's."""
    weights = {
        "conv.weight": weight(6, 2, 3, 3), "conv.bias": weight(6),
        "norm.weight": weight(6), "norm.bias": weight(6), "norm.mean": weight(6),
        "norm.variance": np.abs(weight(6)) + 0.5, "zero": np.array(0, np.int64),
        "out.weight": weight(3, 54), "out.bias": weight(3),
    }
    nodes = [
        node("Conv", "x conv.weight conv.bias", "c", strides=[2, 2], pads=[0, 1, 2, 1]),
        node("BatchNormalization", "c norm.weight norm.bias norm.mean norm.variance", "n"),
        node("LeakyRelu", "n", "r", alpha=0.1),
        node("MaxPool", "r", "p", kernel_shape=[3, 2], strides=[1, 1], pads=[1, 0, 1, 0]),
        node("Shape", "p", "s"),
        node("Gather", "s zero", "g", axis=0),
        node("Unsqueeze", "g", "u", axes=[0]),
        node("Constant", "", "m", value=numpy_helper.from_array(np.array([-1], np.int64))),
        node("Concat", "u m", "t", axis=0),
        node("Reshape", "p t", "f"),
        node("Gemm", "f out.weight out.bias", "y", transB=1),
    ]
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in weights.items()
    ]
    return model(nodes, [1, 2, 6, 7], [1, 3], weights, opset=9, inputs=inputs)


def baked():
    """A batch of 1 in the shapes of the reshapes; a block with a shortcut."""
    weights = {
        "w": weight(4, 3, 3), "q": weight(4, 4, 3), "shape": np.array([1, 4, 2, 3], np.int64),
        "flat": np.array([1, -1], np.int64), "v": weight(24, 5), "o": weight(5),
    }
    nodes = [
        node("Conv", "x w", "c", auto_pad="SAME_UPPER"),
        node("Relu", "c", "r"),
        node("Conv", "r q", "k", auto_pad="SAME_LOWER"),
        node("Add", "k r", "a"),
        node("Reshape", "a shape", "p"),
        node("AveragePool", "p", "m", kernel_shape=[2, 2], pads=[0, 1, 1, 0], count_include_pad=1, strides=[1, 1]),
        node("Reshape", "m flat", "f"),
        node("MatMul", "f v", "z"),
        node("Add", "z o", "y"),
    ]
    return model(nodes, [1, 3, 6], [1, 5], weights, opset=11)


def channels_last():
    """tf2onnx: an open first axis, planes with channels last."""
    weights = {"w": weight(5, 2, 3, 3), "shape": np.array([-1, 20], np.int64), "v": weight(20, 4)}
    nodes = [
        node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
        node("Conv", "t w", "c", auto_pad="VALID"),
        node("Clip", "c", "r", min=0.0, max=6.0),
        node("Transpose", "r", "b", perm=[0, 2, 3, 1]),
        node("Reshape", "b shape", "f"),
        node("MatMul", "f v", "y"),
    ]
    return model(nodes, ["unk__17", 4, 4, 2], ["unk__18", 4], weights, opset=9)


def two_outputs():
    nodes = [
        node("Gemm", "x a", "hidden"),
        node("Relu", "hidden", "r"),
        node("Gemm", "r b", "logits"),
    ]
    outputs = [
        helper.make_tensor_value_info("hidden", TensorProto.FLOAT, ["n", 6]),
        helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 3]),
    ]
    return model(nodes, ["n", 4], None, {"a": weight(4, 6), "b": weight(6, 3)}, outputs=outputs)


def labels():
    """skl2onnx: a label and probabilities, both from the same scores."""
    weights = {
        "a": weight(4, 6), "b": weight(6), "c": weight(6, 3), "d": weight(3),
        "classes": np.array([10, 20, 30], np.int64), "shape": np.array([-1], np.int64),
    }
    nodes = [
        node("Cast", "x", "cast", to=TensorProto.FLOAT),
        node("MatMul", "cast a", "ma"),
        node("Add", "ma b", "h"),
        node("Relu", "h", "r"),
        node("MatMul", "r c", "mc"),
        node("Add", "mc d", "scores"),
        node("Softmax", "scores", "probabilities"),
        node("ArgMax", "probabilities", "best", axis=1),
        helper.make_node("ArrayFeatureExtractor", ["classes", "best"], ["found"], domain="ai.onnx.ml"),
        node("Reshape", "found shape", "label"),
        helper.make_node("ZipMap", ["probabilities"], ["map"], domain="ai.onnx.ml", classlabels_int64s=[10, 20, 30]),
    ]
    entry = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
    outputs = [
        helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
        helper.make_value_info("map", helper.make_sequence_type_proto(entry)),
    ]
    return model(nodes, [None, 4], None, weights, outputs=outputs)


def refused():
    """Operators that are not piecewise linear, unknown, or used as products."""
    nodes = [
        node("Gemm", "x a", "h"),
        helper.make_node("Sigmoid", ["h"], ["s"], name="gate"),
        helper.make_node("Mul", ["h", "s"], ["m"], name="swish"),
        helper.make_node("NonMaxSuppression", ["m", "m"], ["u"], name="boxes"),
        helper.make_node("Gelu", ["m"], ["g"], name="gelu"),
        node("Relu", "u", "v"),
        node("Add", "v g", "y"),
    ]
    return model(nodes, ["n", 4], ["n", 4], {"a": weight(4, 4)}, opset=20)


def mixing():
    """Centres each feature over the batch."""
    nodes = [node("ReduceMean", "x", "m", axes=[0]), node("Sub", "x m", "d"), node("Gemm", "d a", "y")]
    return model(nodes, ["n", 4], ["n", 3], {"a": weight(4, 3)})


def one_output():
    """A value, not classes: the largest of several smallest ones."""
    weights = {"a": weight(4, 12), "shape": np.array([-1, 4, 3], np.int64)}
    nodes = [
        node("MatMul", "x a", "h"),
        node("Reshape", "h shape", "g"),
        node("ReduceMin", "g", "m", axes=[2], keepdims=0),
        node("ReduceMax", "m", "y", axes=[1], keepdims=1),
    ]
    return model(nodes, [1, 4], [1, 1], weights)


def save(name, made, points=None, output=None, **options):
    onnx.save(made, HERE / f"{name}.onnx", **options)
    if points is None:
        return {}
    made = widened(onnx.load(HERE / f"{name}.onnx"))
    if output is None:
        output = next(o.name for o in made.graph.output)
    del made.graph.output[:]
    made.graph.output.append(onnx.ValueInfoProto(name=output))
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    written = made.graph.input[0].type.tensor_type.shape.dim[0].dim_value
    kind = {"tensor(double)": np.float64, "tensor(float16)": np.float16}.get(session.get_inputs()[0].type, np.float32)
    given = points.astype(kind)
    batches = np.split(given, len(given)) if written == 1 else [given]
    outputs = [session.run([output], {"x": batch})[0] for batch in batches]
    return {
        f"{name}.points": points.astype(np.float32),
        f"{name}.output": np.concatenate(outputs).astype(np.float32),
    }


def points(*shape):
    return RANDOM.standard_normal((5, *shape))


def main():
    expected = {}
    expected |= save("mlp", mlp(), points(4), "l")
    expected |= save("double", mlp(TensorProto.DOUBLE, np.float64), points(4), "l")
    expected |= save("half", mlp(TensorProto.FLOAT16, np.float16), points(4), "l")
    expected |= save("bfloat16", bfloat16(), points(4), "l")
    external = dict(save_as_external_data=True, location="external.data", size_threshold=0)
    (HERE / "external.data").unlink(missing_ok=True)
    expected |= save("external", mlp(), points(4), "l", **external)
    expected |= save("listed", listed(), points(2, 6, 7))
    expected |= save("baked", baked(), points(3, 6))
    expected |= save("channels_last", channels_last(), points(4, 4, 2))
    expected |= save("two_outputs", two_outputs(), points(4), "logits")
    expected |= save("labels", labels(), points(4), "scores")
    save("refused", refused())
    save("mixing", mixing())
    expected |= save("one_output", one_output(), points(4))
    save_file({name: np.ascontiguousarray(value) for name, value in expected.items()}, HERE / "expected.safetensors")


main()
