"""Writes small ONNX models from numpy arrays, without the package `onnx`."""

import struct

import numpy as np

FLOAT, INT64, DOUBLE = 1, 7, 11


def model(nodes, weights, input_shape, classes, dtype=np.float32):
    """A model with the input ``x`` of shape ``(n, *input_shape)`` and the output ``y``.

    `nodes` are tuples of an operator, its inputs, its output and its attributes; `weights` are
    arrays by name.
    """
    kind = DOUBLE if np.dtype(dtype) == np.float64 else FLOAT
    graph = b"".join(_message(1, _node(*node)) for node in nodes)
    graph += _text(2, "graph")
    graph += b"".join(_message(5, _tensor(name, array)) for name, array in weights.items())
    graph += _message(11, _port("x", kind, ["n", *input_shape]))
    graph += _message(12, _port("y", kind, ["n", classes]))
    opset = _message(8, _number(2, 17))
    return _number(1, 8) + _message(7, graph) + opset


def mlp(weights, biases, dtype=np.float32):
    """A perceptron with ReLU: matrices ``(outputs, inputs)`` and vectors."""
    nodes, arrays, value = [], {}, "x"
    for layer, (matrix, bias) in enumerate(zip(weights, biases)):
        arrays[f"layers.{layer}.weight"] = matrix.astype(dtype)
        arrays[f"layers.{layer}.bias"] = bias.astype(dtype)
        is_last = layer + 1 == len(weights)
        sums = "y" if is_last else f"sums{layer}"
        inputs = [value, f"layers.{layer}.weight", f"layers.{layer}.bias"]
        nodes.append(("Gemm", inputs, sums, {"transB": 1}))
        if not is_last:
            value = f"active{layer}"
            nodes.append(("Relu", [sums], value, {}))
    return model(nodes, arrays, [weights[0].shape[1]], weights[-1].shape[0], dtype)


def _node(operator, inputs, output, attributes):
    content = b"".join(_text(1, name) for name in inputs)
    content += _text(2, output) + _text(3, output) + _text(4, operator)
    return content + b"".join(_message(5, _attribute(*item)) for item in attributes.items())


def _attribute(name, value):
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, 2)
    return _text(1, name) + b"".join(_number(8, number) for number in value) + _number(20, 7)


def _tensor(name, array):
    kind = {"float32": FLOAT, "float64": DOUBLE, "int64": INT64}[array.dtype.name]
    extents = b"".join(_number(1, extent) for extent in array.shape)
    return extents + _number(2, kind) + _text(8, name) + _bytes(9, array.tobytes())


def _port(name, kind, shape):
    axis = lambda extent: _text(2, extent) if isinstance(extent, str) else _number(1, extent)
    axes = b"".join(_message(1, axis(extent)) for extent in shape)
    return _text(1, name) + _message(2, _message(1, _number(1, kind) + _message(2, axes)))


def _varint(number):
    content = b""
    while number > 127:
        content += struct.pack("B", number & 127 | 128)
        number >>= 7
    return content + struct.pack("B", number)


def _number(field, number):
    return _varint(field << 3) + _varint(number)


def _bytes(field, content):
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _message(field, content):
    return _bytes(field, content)


def _text(field, text):
    return _bytes(field, text.encode())
