"""Sums, means and maxima along axes."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import torch

from ..call import Call
from ..dependent import Stack
from ..refusals import Refused
from .reasons import CURVED, JUMPS


def reduction(operator: str) -> Callable:
    """The translation of a reduction along any number of axes, all if none are given."""

    def translation(call: Call, input, dim=None, keepdim=False, dtype=None):
        if input.dtype == torch.bool:
            raise Refused(JUMPS)
        axes = call.axes(input, dim)
        if isinstance(input, Stack) and axes == [0]:
            return call.result(_combined(call, operator, input, keepdim))
        return call.apply(operator, call.typed(input), axes, keepdims=int(keepdim))

    return translation


def reduction_with_positions(operator: str) -> Callable:
    """Along one axis. Only the values; their positions are refused where they are read."""

    def translation(call: Call, input, dim, keepdim=False):
        axes = [call.axis(input, dim)]
        if isinstance(input, Stack) and axes == [0]:
            return call.results([_combined(call, operator, input, keepdim)])
        return call.results([call.emit(operator, input, axes, keepdims=int(keepdim))])

    return translation


def _combined(call: Call, operator: str, stack: Stack, keepdim: bool) -> str:
    """The reduction of stacked values along the axis on which they are stacked."""
    combining = {"ReduceMax": "Max", "ReduceMin": "Min"}.get(operator, "Add")
    parts = [call.typed(part) for part in stack.parts]
    value = functools.reduce(lambda left, right: call.emit(combining, left, right), parts)
    if operator == "ReduceMean":
        value = call.emit("Mul", value, call.number(1 / len(parts)))
    return call.emit("Unsqueeze", value, [0]) if keepdim else value


def vector_norm(call: Call, input, ord=2, dim=None, keepdim=False, dtype=None):
    """The norms that are piecewise linear: the sum of magnitudes, and the largest one."""
    axes = call.axes(input, dim)
    if ord == 1:
        return call.apply("ReduceL1", call.typed(input), axes, keepdims=int(keepdim))
    if ord == math.inf:
        magnitudes = call.emit("Abs", call.typed(input))
        return call.apply("ReduceMax", magnitudes, axes, keepdims=int(keepdim))
    raise Refused(CURVED)


def cumulative_sum(call: Call, input, dim, dtype=None):
    axis = torch.tensor(call.axis(input, dim))
    return call.apply("CumSum", call.typed(input), axis)
