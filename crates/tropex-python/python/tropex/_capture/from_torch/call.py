"""One operation of an exported graph while it is translated."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..onnx_graph import Attribute, OnnxGraph
from .dependent import Dependent, Extents, Shape, Stack, constant_of, data_type_of
from .refusals import Refused
from .source import node_name

#: What a node of the ONNX graph reads: a value, a constant, a list of integers, or nothing.
Operand = Dependent | str | torch.Tensor | Sequence[int] | None

POINTS_ARE_MIXED = (
    "it runs along the axis of the points, but every point must be computed by itself"
)
STACKED = (
    "it reads values that were stacked before the axis of the points; stack them along a later axis"
)


def bind(function: torch._ops.OpOverload, positional: Sequence, named: dict) -> dict:
    """The arguments of an operation by their names, `input` for `self`; defaults are left out."""
    names = [_own_name(argument.name) for argument in function._schema.arguments]
    return dict(zip(names, positional)) | {_own_name(key): value for key, value in named.items()}


def apply_by_name(function: torch._ops.OpOverload, arguments: dict):
    """Calls an operation with arguments by their names."""
    schema = function._schema.arguments
    names = [argument.name for argument in schema if _own_name(argument.name) in arguments]
    return function(**{name: arguments[_own_name(name)] for name in names})


def _own_name(name: str) -> str:
    return "input" if name == "self" else name


class ConstantTable:
    """Constants of the ONNX graph. A tensor that several operations read is written once."""

    def __init__(self, graph: OnnxGraph) -> None:
        self._graph = graph
        self._names: dict[int, str] = {}
        self._written: dict[tuple, str] = {}
        # Tensors are found by their identity, so they must stay alive.
        self._alive: list[torch.Tensor] = []

    def name(self, tensor: torch.Tensor, name: str) -> None:
        """Chooses the name of a tensor, in case it is written."""
        self._names.setdefault(id(tensor), name)
        self._alive.append(tensor)

    def write(self, tensor: torch.Tensor) -> str:
        key = (tensor.device, tensor.data_ptr(), tensor.dtype, tensor.shape, tensor.stride())
        if tensor.numel() == 0 or key not in self._written:
            if data_type_of(tensor.dtype) is None:
                raise Refused(f"numbers of type {tensor.dtype} are not supported")
            name = self._names.get(id(tensor), "constant")
            self._written[key] = self._graph.constant(name, constant_of(tensor))
            self._alive.append(tensor)
        return self._written[key]


class Call:
    """An operation, and the nodes of the ONNX graph that replace it.

    `shape` and `dtype` are those of its result, or of its first result.
    """

    def __init__(
        self,
        graph: OnnxGraph,
        constants: ConstantTable,
        extents: Extents,
        node: torch.fx.Node,
        is_final: bool,
    ) -> None:
        self._graph = graph
        self._constants = constants
        self._extents = extents
        self._name = node_name(node)
        self._function = node.target
        result = node.meta["val"]
        self.has_several_results = isinstance(result, (list, tuple))
        self._results = list(result) if self.has_several_results else [result]
        #: Whether only decisions, such as a choice of the largest class, follow.
        self.is_final = is_final

    @property
    def shape(self) -> Shape:
        return self.shapes[0]

    @property
    def shapes(self) -> list[Shape]:
        return [self._extents.shape(fake) for fake in self._results]

    @property
    def dtype(self) -> torch.dtype:
        return self._results[0].dtype

    def emit(self, operator: str, *inputs: Operand, **attributes: Attribute) -> str:
        """Adds a node and returns the name of its output."""
        return self.emit_several(1, operator, *inputs, **attributes)[0]

    def emit_several(
        self, outputs: int, operator: str, *inputs: Operand, **attributes: Attribute
    ) -> list[str]:
        names = [self._operand(value) for value in inputs]
        return self._graph.node(operator, names, self._name, outputs, **attributes)

    def result(self, name: str, is_mask: bool = False) -> Dependent:
        """The value with a name as the result of the operation."""
        return Dependent(name, self.shape, self.dtype, is_mask)

    def results(self, names: Sequence[str]) -> list[Dependent]:
        """The values with names as the first results of the operation."""
        parts = zip(names, self.shapes, self._results)
        return [Dependent(name, shape, fake.dtype) for name, shape, fake in parts]

    def apply(self, operator: str, *inputs: Operand, **attributes: Attribute) -> Dependent:
        """The output of one node as the result of the operation."""
        return self.result(self.emit(operator, *inputs, **attributes))

    def typed(self, value: object, dtype: torch.dtype | None = None) -> Dependent | torch.Tensor:
        """An operand of arithmetic in a type, by default that of the result."""
        dtype = dtype or self.dtype
        if not isinstance(value, Dependent):
            # Not by way of PyTorch's default type, which would round a number of Python.
            return torch.as_tensor(value, dtype=dtype)
        if value.dtype == dtype:
            return value
        if isinstance(value, Stack):
            raise Refused(STACKED)
        name = self.emit("Cast", value, to=int(data_type_of(dtype)))
        is_mask = value.is_mask or value.dtype == torch.bool
        return Dependent(name, value.shape, dtype, is_mask)

    def number(self, value: float) -> torch.Tensor:
        """A single number in the type of the result."""
        return torch.tensor(value, dtype=self.dtype)

    def compute(self, arguments: dict) -> torch.Tensor:
        """What PyTorch's own operation makes of constants, for one point."""
        result = apply_by_name(self._function, arguments)
        self._extents.learn(self._results[0], result.shape)
        return result

    def axes(self, value: Dependent, axes: Sequence[int] | int | None) -> list[int]:
        """Axes counted from the front, all if none are given; not that of the points."""
        if axes is None or (not isinstance(axes, int) and not axes):
            axes = range(value.rank)
        axes = [axes] if isinstance(axes, int) else axes
        positive = [axis % value.rank for axis in axes] if value.rank else []
        if any(value.shape[axis] is None for axis in positive):
            raise Refused(POINTS_ARE_MIXED)
        return positive

    def axis(self, value: Dependent, axis: int) -> int:
        """One axis counted from the front, which is not that of the points."""
        return self.axes(value, axis)[0]

    def _operand(self, value: Operand) -> str:
        match value:
            case Stack():
                raise Refused(STACKED)
            case Dependent(name=name) | str(name):
                return name
            case torch.Tensor():
                return self._constants.write(value)
            case None:
                return ""
        return self._graph.integers(value)
