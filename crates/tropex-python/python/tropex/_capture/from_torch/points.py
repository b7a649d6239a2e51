"""The example of the user as points: a batch, or one point."""

from __future__ import annotations

import inspect

import numpy
import torch

from ..._errors import InputError
from .preparation import floats_of


def points_of(example: object, module: torch.nn.Module, model: torch.nn.Module) -> torch.Tensor:
    """The example as a batch `[n, ...]` on the device and in the float type of the model.

    It is a batch if the model returns one row for every repetition of its first entry; otherwise it
    is one point. An array with one axis is one point. `module` computes the output that is captured
    of `model`.

    Raises `InputError` if the model takes neither.
    """
    array = _tensor(example, model)
    attempts = [array, array[None]] if array.dim() > 1 else [array[None]]
    failures = []
    for points in attempts:
        failure = _failure(module, points)
        if failure is None:
            return points
        failures.append(failure)
    raise InputError(_explained(array, model, failures))


def _tensor(example: object, model: torch.nn.Module) -> torch.Tensor:
    floats = floats_of(model)
    if isinstance(example, (tuple, list, dict)) and any(
        hasattr(part, "shape")
        for part in (example.values() if isinstance(example, dict) else example)
    ):
        raise InputError(
            "the example is several arrays, but only models of one input are supported; fix the "
            "other inputs in a torch.nn.Module around the model"
        )
    try:
        tensor = _as_tensor(example)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"the example of type {type(example).__name__} is no array of numbers ({error})"
        ) from error
    if tensor.is_complex():
        raise InputError("the example has complex numbers; a network takes real ones")
    if tensor.numel() == 0 or tensor.dim() == 0:
        raise InputError(
            f"the example has shape {list(tensor.shape)}; expected a point or a batch of points"
        )
    return tensor.detach().to(floats)


def _as_tensor(example: object) -> torch.Tensor:
    if isinstance(example, torch.Tensor):
        return example
    if hasattr(example, "__dlpack__") and not isinstance(example, numpy.ndarray):
        return torch.from_dlpack(example)
    return torch.from_numpy(numpy.array(example))


def _failure(module: torch.nn.Module, points: torch.Tensor) -> str | Exception | None:
    """Why a tensor is not a batch of points of a model, `None` if it is."""
    shape = None
    # Not with a single point, whose axis a model may squeeze.
    for count in (2, 3):
        batch = torch.cat([points[:1]] * count)
        try:
            output = module(batch)
        except InputError:
            raise
        except Exception as error:
            return error
        if output.shape[:1] != (count,) or output.shape[1:] != (shape or output.shape[1:]):
            return (
                f"for points of shape {list(batch.shape)} it returns numbers of shape "
                f"{list(output.shape)}, not a row for every point"
            )
        shape = output.shape[1:]
    return None


def _explained(array: torch.Tensor, model: torch.nn.Module, failures: list) -> str:
    required = _required_inputs(model)
    if len(required) > 1:
        return (
            f"the model takes {len(required)} inputs, {', '.join(required)}, but only models of "
            "one input are supported; fix the others in a torch.nn.Module around the model"
        )
    what = ["a batch", "one point"] if len(failures) > 1 else ["one point"]
    reasons = "; ".join(f"as {name}: {_line(failure)}" for name, failure in zip(what, failures))
    return f"the model fails on the example of shape {list(array.shape)}: {reasons}"


def _line(failure: str | Exception) -> str:
    if isinstance(failure, str):
        return failure
    text = str(failure).strip().partition("\n")[0]
    return f"{type(failure).__name__}: {text}" if text else type(failure).__name__


def _required_inputs(model: torch.nn.Module) -> list[str]:
    """Names of the inputs that a model cannot be called without."""
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [
        parameter.name
        for parameter in parameters
        if parameter.kind in kinds and parameter.default is inspect.Parameter.empty
    ]
