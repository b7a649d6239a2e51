"""An ONNX graph that is built node by node and written as bytes, without the package `onnx`.

Field numbers and types are those of `onnx.proto` of the ONNX project.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from .protobuf import Message

# Version 9 of the format came with version 19 of the operators, the first one whose `Pad` wraps.
_IR_VERSION = 9
_OPSET = 19


class DataType(enum.IntEnum):
    """`TensorProto.DataType`."""

    FLOAT = 1
    UINT8 = 2
    INT8 = 3
    INT16 = 5
    INT32 = 6
    INT64 = 7
    BOOL = 9
    FLOAT16 = 10
    DOUBLE = 11
    BFLOAT16 = 16


class _AttributeType(enum.IntEnum):
    """`AttributeProto.AttributeType`."""

    FLOAT = 1
    INT = 2
    STRING = 3
    INTS = 7


@dataclass(frozen=True)
class Constant:
    """A tensor of the model: its type, its shape, and its numbers as little-endian bytes."""

    data_type: DataType
    shape: tuple[int, ...]
    content: bytes | memoryview

    @classmethod
    def of(cls, array: numpy.ndarray) -> Constant:
        """The numbers of an array, without a copy if they are contiguous and little-endian."""
        contiguous = numpy.asarray(array, array.dtype.newbyteorder("<"), order="C")
        data_type = _DATA_TYPES[contiguous.dtype.newbyteorder("=").name]
        return cls(data_type, contiguous.shape, _bytes_of(contiguous))


_DATA_TYPES = {
    "float32": DataType.FLOAT,
    "uint8": DataType.UINT8,
    "int8": DataType.INT8,
    "int16": DataType.INT16,
    "int32": DataType.INT32,
    "int64": DataType.INT64,
    "bool": DataType.BOOL,
    "float16": DataType.FLOAT16,
    "float64": DataType.DOUBLE,
}


def _bytes_of(array: numpy.ndarray) -> bytes | memoryview:
    # A buffer without items has no bytes to cast to.
    return memoryview(array.reshape(-1)).cast("B") if array.size else b""


Attribute = int | float | str | Sequence[int]


class OnnxGraph:
    """A graph under construction. Its methods return the names of values, which are unique."""

    def __init__(self) -> None:
        self._graph = Message()
        self._graph.text(2, "network")
        self._initializers: list[Message] = []
        self._ends: list[tuple[int, Message]] = []
        self._value_names: set[str] = set()
        self._node_names: set[str] = set()
        self._integers: dict[tuple[int, ...], str] = {}

    def input(self, name: str, data_type: DataType, shape: Sequence[int | None]) -> str:
        """Adds an input. `None` is the number of points."""
        name = _unique(name, self._value_names)
        self._ends.append((11, _value_info(name, data_type, shape)))
        return name

    def output(self, value: str, data_type: DataType, shape: Sequence[int | None]) -> None:
        """Makes a value an output."""
        self._ends.append((12, _value_info(value, data_type, shape)))

    def constant(self, name: str, constant: Constant) -> str:
        """Adds an initializer."""
        name = _unique(name, self._value_names)
        message = Message()
        for extent in constant.shape:
            message.integer(1, extent)
        message.integer(2, constant.data_type)
        message.text(8, name)
        message.data(9, constant.content)
        self._initializers.append(message)
        return name

    def integers(self, numbers: Sequence[int]) -> str:
        """Adds a list of integers, such as a shape; equal lists are added once."""
        key = tuple(numbers)
        if key not in self._integers:
            constant = Constant.of(numpy.array(key, numpy.int64))
            self._integers[key] = self.constant("integers", constant)
        return self._integers[key]

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        name: str,
        outputs: int = 1,
        **attributes: Attribute,
    ) -> list[str]:
        """Adds a node. An input that is left out is an empty name."""
        name = _unique(name, self._node_names)
        values = [_unique(name, self._value_names) for _ in range(outputs)]
        message = Message()
        for value in inputs:
            message.text(1, value)
        for value in values:
            message.text(2, value)
        message.text(3, name)
        message.text(4, operator)
        for key, attribute in attributes.items():
            message.message(5, _attribute(key, attribute))
        self._graph.message(1, message)
        return values

    def to_bytes(self) -> bytes:
        """The model. This is the only copy of the weights; there is no limit of 2 GB."""
        for initializer in self._initializers:
            self._graph.message(5, initializer)
        for field, end in self._ends:
            self._graph.message(field, end)
        opset = Message()
        opset.integer(2, _OPSET)
        model = Message()
        model.integer(1, _IR_VERSION)
        model.text(2, "tropex")
        model.message(7, self._graph)
        model.message(8, opset)
        return model.to_bytes()


def _unique(name: str, taken: set[str]) -> str:
    unique, number = name, 1
    while unique in taken:
        number += 1
        unique = f"{name} #{number}"
    taken.add(unique)
    return unique


def _attribute(name: str, attribute: Attribute) -> Message:
    message = Message()
    message.text(1, name)
    if isinstance(attribute, str):
        message.text(4, attribute)
        kind = _AttributeType.STRING
    elif isinstance(attribute, float):
        message.float32(2, attribute)
        kind = _AttributeType.FLOAT
    elif isinstance(attribute, int):
        message.integer(3, attribute)
        kind = _AttributeType.INT
    else:
        for number in attribute:
            message.integer(8, number)
        kind = _AttributeType.INTS
    message.integer(20, kind)
    return message


def _value_info(name: str, data_type: DataType, shape: Sequence[int | None]) -> Message:
    axes = Message()
    for extent in shape:
        axis = Message()
        if extent is None:
            axis.text(2, "points")
        else:
            axis.integer(1, extent)
        axes.message(1, axis)
    tensor = Message()
    tensor.integer(1, data_type)
    tensor.message(2, axes)
    kind = Message()
    kind.message(1, tensor)
    info = Message()
    info.text(1, name)
    info.message(2, kind)
    return info
