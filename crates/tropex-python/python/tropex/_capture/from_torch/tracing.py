"""Export by a recorded run, for modules that cannot be exported as a graph of operations."""

from __future__ import annotations

import inspect
import io
import warnings

import torch

#: The newest operators that PyTorch's exporter of recorded runs writes everywhere.
_OPSET = 17


class DependsOnNumbers(Exception):
    """A recorded run would keep a choice that the model makes by numbers of its input."""


def traced(module: torch.nn.Module, points: torch.Tensor) -> bytes:
    """The ONNX file that PyTorch writes of one run.

    Raises `DependsOnNumbers` if the run is not the same for all inputs, and whatever PyTorch raises.
    """
    file = io.BytesIO()
    options = {
        "opset_version": _OPSET,
        "input_names": ["input"],
        "output_names": ["output"],
        "dynamic_axes": {"input": {0: "points"}, "output": {0: "points"}},
    }
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.onnx.export(module, (torch.cat([points[:1], points[:1]]),), file, **options)
    for warning in caught:
        if issubclass(warning.category, torch.jit.TracerWarning):
            raise DependsOnNumbers(str(warning.message).partition(". ")[0])
    return file.getvalue()
