"""Values of an exported graph that depend on the model's input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from ..onnx_graph import Constant, DataType

#: Extents of a shape; `None` for those that depend on the number of points.
Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Dependent:
    """A value of the ONNX graph that depends on the model's input."""

    name: str
    shape: Shape
    dtype: torch.dtype
    #: Whether it has truth values, or numbers that were made of them: a product with it chooses.
    is_mask: bool = False

    @property
    def rank(self) -> int:
        return len(self.shape)


@dataclass(frozen=True)
class Stack(Dependent):
    """Values in a row on a new first axis, before that of the points. It has no name in the ONNX
    graph, where points come first: what combines its parts or takes one of them reads the parts."""

    parts: tuple = ()


class Extents:
    """What the symbols stand for that PyTorch has for extents in an exported graph."""

    def __init__(self, points: torch.Tensor) -> None:
        self._number_of_points = _symbols(points.shape[0])
        self._known: dict = {}

    def shape(self, tensor: torch.Tensor) -> Shape:
        """The shape of a tensor of the graph."""
        return tuple(self._extent(extent) for extent in tensor.shape)

    def learn(self, tensor: torch.Tensor, shape: Sequence[int]) -> None:
        """That a tensor of the graph, whose extents depend on constants, has a shape."""
        for extent, actual in zip(tensor.shape, shape):
            symbols = _symbols(extent) - self._number_of_points
            if len(symbols) == 1 and extent.node.expr in symbols:
                self._known[extent.node.expr] = actual

    def _extent(self, extent: int | torch.SymInt) -> int | None:
        symbols = _symbols(extent)
        if not symbols:
            return int(extent)
        if symbols & self._number_of_points:
            return None
        expression = extent.node.expr.subs(self._known)
        return int(expression) if expression.is_number else extent.node.hint


def _symbols(extent: int | torch.SymInt) -> set:
    return set() if isinstance(extent, int) else set(extent.node.expr.free_symbols)


def shape_for_one_point(shape: Shape) -> list[int]:
    return [1 if extent is None else extent for extent in shape]


def shape_text(shape: Shape) -> str:
    """Such as `[n, 3, 32, 32]`."""
    return f"[{', '.join('n' if extent is None else str(extent) for extent in shape)}]"


_DATA_TYPES = {
    torch.float32: DataType.FLOAT,
    torch.float64: DataType.DOUBLE,
    torch.float16: DataType.FLOAT16,
    torch.bfloat16: DataType.BFLOAT16,
    torch.uint8: DataType.UINT8,
    torch.int8: DataType.INT8,
    torch.int16: DataType.INT16,
    torch.int32: DataType.INT32,
    torch.int64: DataType.INT64,
    torch.bool: DataType.BOOL,
}


def data_type_of(dtype: torch.dtype) -> DataType | None:
    """ONNX's name of a type, `None` if it is not supported (8-bit floats, complex numbers)."""
    return _DATA_TYPES.get(dtype)


def constant_of(tensor: torch.Tensor) -> Constant:
    """The numbers of a tensor, without a copy if it is contiguous and on the CPU."""
    data_type = _DATA_TYPES[tensor.dtype]
    tensor = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous()
    if data_type is DataType.BFLOAT16:
        # NumPy has no such type; the bits are the same.
        tensor = tensor.view(torch.int16)
    constant = Constant.of(tensor.numpy())
    return Constant(data_type, tuple(tensor.shape), constant.content)
