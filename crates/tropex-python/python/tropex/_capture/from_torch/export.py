"""Export of a module as a graph of operations of ATen."""

from __future__ import annotations

import os
import traceback
import warnings
from dataclasses import dataclass

import torch

from ..errors import UnsupportedOperationError
from .operations.reasons import CONTROL_FLOW
from .operations.table import find

_TORCH_FOLDER = os.path.dirname(torch.__file__)

#: Parts of the errors by which PyTorch says that the model reads numbers of its input.
_DATA_DEPENDENT = ("data-dependent", "DataDependent", "dynamic control flow", "Dynamic control flow")


@dataclass(frozen=True)
class _Attempt:
    """One way to export."""

    has_open_batch: bool
    is_strict: bool


_ATTEMPTS = [_Attempt(True, False), _Attempt(False, False), _Attempt(True, True)]


def exported(module: torch.nn.Module, points: torch.Tensor) -> torch.export.ExportedProgram:
    """The operations of a module on a batch, with an open number of points if possible.

    Everything that has no translation is decomposed by PyTorch.

    Raises `ExportError` if PyTorch cannot export the module.
    """
    errors = []
    for attempt in _ATTEMPTS:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _decomposed(_exported(module, points, attempt))
        except Exception as error:
            errors.append(error)
    raise ExportError(errors)


class ExportError(Exception):
    """PyTorch cannot export a module."""

    def __init__(self, errors: list[Exception]) -> None:
        super().__init__(errors)
        self._errors = errors

    def refusal(self) -> UnsupportedOperationError:
        """The cause in one line."""
        for error in self._errors:
            if any(part in f"{type(error).__name__} {error}" for part in _DATA_DEPENDENT):
                return UnsupportedOperationError(f"{_user_line(error)}{CONTROL_FLOW}")
        first = self._errors[0]
        text = next((line.strip() for line in str(first).splitlines() if line.strip()), "")
        return UnsupportedOperationError(
            f"PyTorch cannot export the model: {_user_line(first)}{type(first).__name__}: {text}"
        )


def _user_line(error: BaseException) -> str:
    """`model.py:12 `code`: `, the innermost line outside of PyTorch that raised an error."""
    frames = traceback.extract_tb(error.__traceback__)
    own = os.path.dirname(__file__)
    for frame in reversed(frames):
        if not frame.filename.startswith((_TORCH_FOLDER, own)) and "<" not in frame.filename:
            return f"{os.path.basename(frame.filename)}:{frame.lineno} `{frame.line}`: "
    return ""


def _exported(
    module: torch.nn.Module, points: torch.Tensor, attempt: _Attempt
) -> torch.export.ExportedProgram:
    if not attempt.has_open_batch:
        return torch.export.export(module, (points[:1],), strict=attempt.is_strict)
    # PyTorch takes an extent of 1 for a constant.
    batch = torch.cat([points[:1], points[:1]])
    shapes = ({0: torch.export.Dim("points")},)
    return torch.export.export(module, (batch,), dynamic_shapes=shapes, strict=attempt.is_strict)


def _decomposed(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    if hasattr(torch.export, "default_decompositions"):
        table = torch.export.default_decompositions()
    else:
        table = torch._decomp.core_aten_decompositions()
    for operation in [operation for operation in table.keys() if find(operation) is not None]:
        del table[operation]
    return program.run_decompositions(table)
