"""Translation of an exported program to an ONNX model."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.export.graph_signature import InputKind, OutputKind

from ..._errors import InputError
from ..onnx_graph import OnnxGraph
from .call import Call, ConstantTable, bind
from .dependent import Dependent, Extents, data_type_of, shape_for_one_point, shape_text
from .ending import ending
from .operations.reasons import CONTROL_FLOW, DECIDES, RANDOM
from .operations.table import find
from .program import tensor_of_input
from .refusals import Refusal, Refused, unsupported
from .source import operation_name, place

_NOT_SUPPORTED = "this operation is not supported; write it with other ones, or leave it out"


@dataclass(frozen=True)
class Translation:
    """A model as ONNX, and the decisions at its end."""

    onnx: bytes
    #: What the network leaves out at the end of the model, in order.
    decisions: list[torch.fx.Node]


def translate(program: torch.export.ExportedProgram) -> Translation:
    """Translates a program with one input and one output.

    Operations on constants are computed by PyTorch, for one point.

    Raises `UnsupportedOperationError`, which lists all operations that cannot be translated.
    """
    return _Translator(program).translate()


class _Translator:
    def __init__(self, program: torch.export.ExportedProgram) -> None:
        self._program = program
        nodes = program.graph.find_nodes(op="placeholder")
        self._placeholders = {node.name: node for node in nodes}
        (points,) = program.graph_signature.user_inputs
        self._extents = Extents(self._placeholders[points].meta["val"])
        self._graph = OnnxGraph()
        self._constants = ConstantTable(self._graph)
        #: What every node of the program is: a `Dependent`, a constant, or a list of those.
        self._values: dict[torch.fx.Node, object] = {}
        self._refusals: list[Refusal] = []

    def translate(self) -> Translation:
        output = self._output()
        decisions = ending(output)
        needed = _needed(output)
        self._bind_inputs()
        for node in self._program.graph.nodes:
            if node in needed and node.op != "placeholder":
                self._values[node] = self._step(node, node in decisions)
        if self._refusals:
            raise unsupported(self._refusals)
        value = self._values[output]
        if not isinstance(value, Dependent):
            raise InputError("the model's output does not depend on its input")
        self._graph.output(value.name, data_type_of(value.dtype), value.shape)
        return Translation(self._graph.to_bytes(), decisions)

    def _output(self) -> torch.fx.Node:
        signature = self._program.graph_signature
        (name,) = (
            spec.arg.name for spec in signature.output_specs if spec.kind is OutputKind.USER_OUTPUT
        )
        return next(node for node in self._program.graph.nodes if node.name == name)

    def _bind_inputs(self) -> None:
        program = self._program
        for spec in program.graph_signature.input_specs:
            node = self._placeholders[spec.arg.name]
            if spec.kind is InputKind.USER_INPUT:
                fake = node.meta["val"]
                shape, dtype = self._extents.shape(fake), fake.dtype
                name = self._graph.input("input", data_type_of(dtype), shape)
                self._values[node] = Dependent(name, shape, dtype)
                continue
            tensor = tensor_of_input(program, spec.target)
            if isinstance(tensor, torch.Tensor):
                tensor = tensor.detach()
                self._constants.name(tensor, spec.target.removeprefix("model."))
            self._values[node] = tensor

    def _step(self, node: torch.fx.Node, is_final: bool):
        args, kwargs = self._resolved(node.args), self._resolved(node.kwargs)
        try:
            return self._applied(node, args, kwargs, is_final)
        except Refused as refused:
            reason = str(refused)
        except Exception as error:
            # A form of the operation that its translation does not know.
            reason = f"{_NOT_SUPPORTED} ({type(error).__name__}: {' '.join(str(error).split())})"
        shape = next((shape_text(value.shape) for value in _dependents([args, kwargs])), None)
        self._refusals.append(Refusal(place(node), operation_name(node), shape or "", reason))
        return self._stand_in(node.meta.get("val"), shape is not None)

    def _applied(self, node: torch.fx.Node, args: tuple, kwargs: dict, is_final: bool):
        function = node.target
        if node.op != "call_function":
            raise Refused(CONTROL_FLOW)
        if getattr(function, "__name__", "") == "getitem":
            return _item(*args)
        is_aten = isinstance(function, torch._ops.OpOverload)
        depends = any(_dependents([args, kwargs]))
        translation = find(function) if is_aten and depends else None
        draws = is_aten and torch.Tag.nondeterministic_seeded in function.tags
        if translation is None and draws:
            raise Refused(RANDOM)
        if not depends:
            return self._computed(node, args, kwargs)
        if translation is None:
            raise Refused(_NOT_SUPPORTED if is_aten else CONTROL_FLOW)
        call = Call(self._graph, self._constants, self._extents, node, is_final)
        return translation(call, **bind(function, args, kwargs))

    def _computed(self, node: torch.fx.Node, args: tuple, kwargs: dict):
        """What an operation makes of constants, for one point."""
        result = node.target(*args, **kwargs)
        if isinstance(result, torch.Tensor):
            self._extents.learn(node.meta["val"], result.shape)
            self._constants.name(result, node.name)
        return result

    def _stand_in(self, fake: object, depends: bool):
        """A result of a refused operation, so that those after it are looked at too."""
        if isinstance(fake, (list, tuple)):
            return [self._stand_in(item, depends) for item in fake]
        if not isinstance(fake, torch.Tensor):
            return 1
        shape = self._extents.shape(fake)
        if depends:
            return Dependent("refused", shape, fake.dtype)
        return torch.zeros(shape_for_one_point(shape), dtype=fake.dtype)

    def _resolved(self, argument):
        """Arguments with the values of nodes in their places."""
        return torch.fx.node.map_arg(argument, self._values.__getitem__)


def _needed(output: torch.fx.Node) -> set[torch.fx.Node]:
    """All nodes that an output depends on."""
    needed, waiting = set(), [output]
    while waiting:
        node = waiting.pop()
        if node not in needed:
            needed.add(node)
            waiting.extend(node.all_input_nodes)
    return needed


def _dependents(argument):
    """All dependent values in nested arguments."""
    if isinstance(argument, Dependent):
        yield argument
    elif isinstance(argument, (list, tuple)):
        for item in argument:
            yield from _dependents(item)
    elif isinstance(argument, dict):
        yield from _dependents(list(argument.values()))


def _item(values, index: int):
    if index >= len(values):
        raise Refused(DECIDES)
    return values[index]
