"""Capture of a `torch.nn.Module`."""

from __future__ import annotations

import warnings

import numpy
import torch

from ..._tropex import Network, network_from_onnx
from ..verification import points_to_compare, verify
from .ending import decided
from .evaluation import evaluated
from .export import exported
from .outputs import OneOutput
from .points import points_of
from .preparation import prepared
from .program import output_before
from .source import node_name
from .translation import translate


def capture_module(
    model: torch.nn.Module, example: object, output: str | int | None, stack_level: int
) -> Network:
    """Captures a module in evaluation mode; see `tropex.capture`.

    `stack_level` is the number of calls between the user and this function, for warnings.
    """
    model = prepared(model)
    module = OneOutput(model, output)
    with evaluated(model):
        points = points_of(example, module, model)
        program = exported(module, points)
        translation = translate(program)
        network = network_from_onnx(translation.onnx)
        _verify(network, module, program, translation.decisions, points)
    notes = [module.chosen] if module.chosen else []
    if translation.decisions:
        notes.append(
            f"{node_name(translation.decisions[0])} at the end of the model is left out: terms are "
            "those of its input, which has the same order of classes"
        )
    for note in notes:
        warnings.warn(note, stacklevel=stack_level + 2)
    return network


def _verify(
    network: Network,
    module: torch.nn.Module,
    program: torch.export.ExportedProgram,
    decisions: list[torch.fx.Node],
    points: torch.Tensor,
) -> None:
    """Compares a network with its model; what the network leaves out is compared in PyTorch."""
    compared = torch.from_numpy(points_to_compare(_numbers(points[:2]))).to(points)
    outputs = module(compared.clone())
    logits = outputs
    if decisions:
        logits = output_before(program, decisions[0], compared)
        expected = decided(logits, decisions)
        rounding = torch.finfo(points.dtype).eps
        torch.testing.assert_close(outputs, expected, rtol=64 * rounding, atol=64 * rounding)
    verify(
        network,
        _numbers(compared).astype(numpy.float64 if points.dtype == torch.float64 else numpy.float32),
        _numbers(logits).reshape(len(compared), -1),
        torch.finfo(points.dtype).eps,
    )


def _numbers(tensor: torch.Tensor) -> numpy.ndarray:
    return tensor.detach().cpu().to(torch.float64).numpy()
