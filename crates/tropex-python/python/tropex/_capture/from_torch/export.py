"""Export of a module as a graph of operations of ATen."""

from __future__ import annotations

import contextlib
import logging
import os
import traceback
import warnings
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import torch

from ..._errors import UnsupportedOperationError
from .operations.reasons import CONTROL_FLOW
from .operations.table import find

_aten = torch.ops.aten

_TORCH_FOLDER = os.path.dirname(torch.__file__)

#: Parts of the errors by which PyTorch says that the model reads numbers of its input.
_DATA_DEPENDENT = (
    "data-dependent",
    "DataDependent",
    "dynamic control flow",
    "Dynamic control flow",
    "Converting a tensor to a Python",
)


def exported(module: torch.nn.Module, points: torch.Tensor) -> torch.export.ExportedProgram:
    """The operations of a module on a batch, with an open number of points if possible.

    Everything that has no translation is decomposed by PyTorch.

    Raises `UnsupportedOperationError` if PyTorch cannot export the module.
    """
    errors = []
    for export in (_with_open_batch, _of_one_point, _of_bytecode, _of_recorded_run):
        try:
            with _silent():
                return _decomposed(export(module, points))
        except Exception as error:
            errors.append(error)
    raise _explained(errors)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Without the notes of PyTorch about attempts that fail."""
    logger = logging.getLogger("torch")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _two(points: torch.Tensor) -> torch.Tensor:
    """A batch of two: PyTorch takes an extent of 1 for a constant."""
    return torch.cat([points[:1], points[:1]])


def _with_open_batch(module: torch.nn.Module, points: torch.Tensor, is_strict: bool = False):
    shapes = ({0: torch.export.Dim("points")},)
    return torch.export.export(module, (_two(points),), dynamic_shapes=shapes, strict=is_strict)


def _of_one_point(module: torch.nn.Module, points: torch.Tensor):
    return torch.export.export(module, (points[:1],), strict=False)


def _of_bytecode(module: torch.nn.Module, points: torch.Tensor):
    return _with_open_batch(module, points, is_strict=True)


def _of_recorded_run(module: torch.nn.Module, points: torch.Tensor):
    """By TorchScript, which takes modules that assign to their attributes, and scripted ones."""
    from torch._export.converter import TS2EPConverter

    inner = getattr(module, "model", None)
    batch = (_two(points),)
    if isinstance(inner, torch.jit.ScriptModule):
        return TS2EPConverter(inner, batch).convert()
    with warnings.catch_warnings():
        # A choice by numbers of the input would be recorded as it is for this input.
        warnings.simplefilter("error", torch.jit.TracerWarning)
        recorded = torch.jit.trace(module, batch, check_trace=False)
    return TS2EPConverter(recorded, batch).convert()


def _decomposed(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    if hasattr(torch.export, "default_decompositions"):
        table = torch.export.default_decompositions()
    else:
        table = torch._decomp.core_aten_decompositions()
    for operation in [operation for operation in table.keys() if find(operation) is not None]:
        del table[operation]
    _write_softshrink_with_clamp(program.graph)
    program.graph_module.recompile()
    return program.run_decompositions(table)


def _write_softshrink_with_clamp(graph: torch.fx.Graph) -> None:
    """PyTorch always decomposes softshrink, with a sign that jumps."""
    for node in graph.find_nodes(op="call_function", target=_aten.softshrink.default):
        value, limit = node.args[0], (*node.args[1:], 0.5)[0]
        with graph.inserting_before(node):
            inside = graph.call_function(_aten.clamp.default, (value, -limit, limit))
            rest = graph.call_function(_aten.sub.Tensor, (value, inside))
        inside.meta, rest.meta = dict(node.meta), dict(node.meta)
        node.replace_all_uses_with(rest)
        graph.erase_node(node)


def _explained(errors: list[Exception]) -> UnsupportedOperationError:
    """The cause in one line."""
    for error in errors:
        if any(part in f"{type(error).__name__} {error}" for part in _DATA_DEPENDENT):
            return UnsupportedOperationError(f"{_user_line(error)}{CONTROL_FLOW}")
    first = errors[0]
    text = next((line.strip() for line in str(first).splitlines() if line.strip()), "")
    return UnsupportedOperationError(
        f"PyTorch cannot export the model: {_user_line(first)}{type(first).__name__}: {text}"
    )


def _user_line(error: BaseException) -> str:
    """Such as ``model.py:12 `code`: ``, the innermost line outside of PyTorch before an error."""
    own = os.path.dirname(__file__)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith((_TORCH_FOLDER, own)) and "<" not in frame.filename:
            return f"{os.path.basename(frame.filename)}:{frame.lineno} `{frame.line}`: "
    return ""
