"""Sums, means and maxima along axes."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from ..call import Call
from ..refusals import Refused
from .reasons import CURVED, JUMPS


def reduction(operator: str) -> Callable:
    """The translation of a reduction along any number of axes, all if none are given."""

    def translation(call: Call, input, dim=None, keepdim=False, dtype=None):
        if input.dtype == torch.bool:
            raise Refused(JUMPS)
        axes = call.axes(input, dim)
        return call.apply(operator, call.typed(input), axes, keepdims=int(keepdim))

    return translation


def reduction_with_positions(operator: str) -> Callable:
    """Along one axis. Only the values; their positions are refused where they are read."""

    def translation(call: Call, input, dim, keepdim=False):
        axes = [call.axis(input, dim)]
        return call.results([call.emit(operator, input, axes, keepdims=int(keepdim))])

    return translation


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
