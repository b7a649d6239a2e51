"""Evaluation of a user's model that leaves no trace in it."""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Iterator

import numpy
import torch


@contextlib.contextmanager
def evaluated(model: torch.nn.Module) -> Iterator[None]:
    """Puts a model into evaluation mode for a while: `model.eval()`, without gradients.

    Afterwards the mode and the attributes of every module, the numbers of all buffers, and the
    random numbers that PyTorch, NumPy and Python draw next are those of before, also after an error.
    """
    with (
        _kept_attributes(model),
        _evaluation_mode(model),
        _kept_buffers(model),
        _kept_random_numbers(model),
        _full_precision(),
        torch.no_grad(),
    ):
        yield


@contextlib.contextmanager
def _kept_attributes(model: torch.nn.Module) -> Iterator[None]:
    """Takes back what a forward pass assigns to attributes, such as the last features."""
    scripted = torch.jit.ScriptModule
    modules = [module for module in model.modules() if not isinstance(module, scripted)]
    saved = [(module, dict(module.__dict__)) for module in modules]
    try:
        yield
    finally:
        for module, attributes in saved:
            module.__dict__.clear()
            module.__dict__.update(attributes)


@contextlib.contextmanager
def _evaluation_mode(model: torch.nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    if not any(is_training for _, is_training in modes):
        yield
        return
    try:
        model.eval()
        yield
    finally:
        # A method of the user's own may do more than set the mode, such as split merged weights.
        if any(type(module).train is not torch.nn.Module.train for module, _ in modes):
            model.train(modes[0][1])
        for module, is_training in modes:
            module.training = is_training


@contextlib.contextmanager
def _kept_buffers(model: torch.nn.Module) -> Iterator[None]:
    saved = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in saved:
                if not torch.equal(buffer, before):
                    buffer.copy_(before)


@contextlib.contextmanager
def _kept_random_numbers(model: torch.nn.Module) -> Iterator[None]:
    tensors = [*model.parameters(), *model.buffers()]
    devices = {tensor.device for tensor in tensors if tensor.device.type == "cuda"}
    python, numbers = random.getstate(), numpy.random.get_state()
    try:
        with torch.random.fork_rng(list(devices)):
            yield
    finally:
        random.setstate(python)
        numpy.random.set_state(numbers)


@contextlib.contextmanager
def _full_precision() -> Iterator[None]:
    """Products of 32-bit numbers on a GPU without TF32, whose results have 10 bits."""
    precision = _matmul_precision()
    torch.set_float32_matmul_precision("highest")
    cudnn = torch.backends.cudnn
    try:
        with cudnn.flags(enabled=cudnn.enabled, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(precision)


def _matmul_precision() -> str:
    # PyTorch 2.9 warns that another way to ask for it will come, which older versions do not have.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.get_float32_matmul_precision()
