"""Interpolation and padding.

Weights and positions are those of PyTorch: they are what its own functions of one axis make of unit
vectors and of positions.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..call import Call
from .axes import mix, pick, response

_aten = torch.ops.aten


def _scales(axes: int, scale_factors=None, scales=None, scales_d=None, scales_h=None, scales_w=None):
    """The given scale of every axis, `None` where it follows from the extents."""
    if scale_factors is not None:
        return list(scale_factors)
    return [scales] if axes == 1 else [scales_d, scales_h, scales_w][-axes:]


def upsample_nearest(axes: int, function: torch._ops.OpOverload) -> Callable:
    """`function` is that of one axis."""

    def translation(call: Call, input, output_size=None, **scales):
        value, first = input.name, input.rank - axes
        for axis, scale in enumerate(_scales(axes, **scales), first):
            places = torch.arange(input.shape[axis], dtype=torch.float32).reshape(1, 1, -1)
            positions = function(places, [call.shape[axis]], scale).reshape(-1)
            value = pick(call, value, axis, positions.int().tolist())
        return call.result(value)

    return translation


def upsample_linear(axes: int, function: Callable) -> Callable:
    """`function(points, extent, align_corners, scale)` resamples `[1, channels, inputs]`."""

    def translation(call: Call, input, output_size=None, align_corners=False, **scales):
        value, first = input.name, input.rank - axes
        for axis, scale in enumerate(_scales(axes, **scales), first):
            extent = call.shape[axis]
            weights = response(
                input.shape[axis],
                call.dtype,
                lambda unit: function(unit, extent, align_corners, scale),
            )
            value = mix(call, value, input.rank, axis, weights)
        return call.result(value)

    return translation


def linear_of_one_axis(points, extent, align_corners, scale):
    return _aten.upsample_linear1d.default(points, [extent], align_corners, scale)


def of_columns(function: torch._ops.OpOverload) -> Callable:
    """A function of planes, applied to columns: planes that are one cell wide."""

    def translation(points, extent, align_corners, scale):
        columns = function(points[..., None], [extent, 1], align_corners, scale, None)
        return columns[..., 0]

    return translation


_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(call: Call, input, pad, mode="constant", value=None):
    return _padded(call, input, pad, mode, value)


def _padded(call: Call, input, numbers, mode, value=None):
    """`numbers` has a pair for every axis, the last axis first."""
    pairs = [(numbers[index], numbers[index + 1]) for index in range(0, len(numbers), 2)]
    pairs = [(0, 0)] * (input.rank - len(pairs)) + pairs[::-1]
    if changed := [axis for axis, pair in enumerate(pairs) if pair != (0, 0)]:
        call.axes(input, changed)
    pads = [before for before, _ in pairs] + [after for _, after in pairs]
    if mode == "constant":
        filler = call.number(value or 0)
        return call.apply("Pad", input, pads, filler, mode="constant")
    return call.apply("Pad", input, pads, mode=_MODES[mode])


def padding(mode: str) -> Callable:
    """The translation of a padding with a fixed mode."""

    def translation(call: Call, input, **arguments):
        # ATen calls it `pad` or `padding`.
        (pairs,) = arguments.values()
        return _padded(call, input, pairs, mode)

    return translation


def constant_pad(call: Call, input, pad, value=0):
    return _padded(call, input, pad, "constant", value)
