"""The module to capture: wrappers are taken off, and what has no weights yet is refused."""

from __future__ import annotations

import torch
from torch.nn.parameter import is_lazy

from ..._errors import InputError


def prepared(model: torch.nn.Module) -> torch.nn.Module:
    """The module inside `DataParallel` and `torch.compile`, after checks of its parameters."""
    model = _unwrapped(model)
    tensors = [*model.named_parameters(), *model.named_buffers()]
    for name, tensor in tensors:
        if is_lazy(tensor):
            raise InputError(
                f"parameter `{name}` of the model is lazy and has no shape yet; call "
                "model(example) once before the capture"
            )
        if tensor.device.type == "meta":
            raise InputError(
                f"parameter `{name}` of the model is on the device `meta` and has no numbers; load "
                "the weights before the capture"
            )
    return model


def _unwrapped(model: torch.nn.Module) -> torch.nn.Module:
    parallel = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    while True:
        if isinstance(model, parallel):
            model = model.module
        elif hasattr(model, "_orig_mod"):
            # The wrapper of torch.compile.
            model = model._orig_mod
        else:
            return model


def floats_of(model: torch.nn.Module) -> torch.Tensor:
    """An empty tensor with the device and the float type that the model computes with."""
    for tensor in [*model.parameters(), *model.buffers()]:
        if tensor.is_floating_point():
            return torch.empty(0, dtype=tensor.dtype, device=tensor.device)
    return torch.empty(0, dtype=torch.get_default_dtype())
