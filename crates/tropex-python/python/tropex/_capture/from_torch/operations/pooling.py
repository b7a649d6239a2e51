"""Maxima and means over windows."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from ..call import Call
from ..dependent import Dependent
from ..refusals import Refused
from .axes import mix, pick, response


class _Windows:
    """Windows over the last axes of a value."""

    def __init__(self, call: Call, axes: int, input: Dependent, kernel, stride, padding, dilation):
        self.kernel = _each(kernel, axes)
        self.stride = _each(stride, axes) if stride else self.kernel
        self.padding = _each(padding, axes)
        self.dilation = _each(dilation, axes)
        self.inputs = _extents(input, axes)
        self.outputs = list(call.shape[-axes:])

    def padding_to_last_window(self) -> list[int]:
        """The padding after each axis that holds exactly the windows that there are."""
        padding = []
        for axis, before in enumerate(self.padding):
            reach = self.dilation[axis] * (self.kernel[axis] - 1) + 1
            end = (self.outputs[axis] - 1) * self.stride[axis] + reach
            padding.append(max(before, end - self.inputs[axis] - before))
        return padding

    def attributes(self, padding_after: list[int]) -> dict:
        return {
            "kernel_shape": self.kernel,
            "strides": self.stride,
            "dilations": self.dilation,
            "pads": self.padding + padding_after,
        }


def _each(numbers, axes: int) -> list[int]:
    """One number for every axis; a single one counts for all."""
    numbers = [numbers] if isinstance(numbers, int) else list(numbers)
    return numbers * axes if len(numbers) == 1 else numbers


def _extents(input: Dependent, axes: int) -> list[int]:
    """The extents of the axes that windows run over."""
    call_axes = input.shape[-axes:]
    if any(extent is None for extent in call_axes):
        raise Refused("its windows run over the points; give the model a batch")
    return list(call_axes)


def _pooled(call: Call, axes: int, input: Dependent, operator: str, **attributes) -> str:
    """A pooling node; a value without an axis of channels gets one for it."""
    if input.rank == axes + 2:
        return call.emit(operator, input, **attributes)
    with_channels = call.emit("Unsqueeze", input, [1])
    pooled = call.emit(operator, with_channels, **attributes)
    return call.emit("Squeeze", pooled, [1])


def max_pool(axes: int) -> Callable:
    def translation(
        call: Call, input, kernel_size, stride=(), padding=0, dilation=1, ceil_mode=False
    ):
        windows = _Windows(call, axes, input, kernel_size, stride, padding, dilation)
        attributes = windows.attributes(windows.padding_to_last_window())
        return _maxima(call, _pooled(call, axes, input, "MaxPool", **attributes))

    return translation


def average_pool(axes: int) -> Callable:
    def translation(
        call: Call,
        input,
        kernel_size,
        stride=(),
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        windows = _Windows(call, axes, input, kernel_size, stride, padding, 1)
        if divisor_override is None:
            attributes = windows.attributes(windows.padding)
            attributes |= {"ceil_mode": int(ceil_mode), "count_include_pad": int(count_include_pad)}
            del attributes["dilations"]
            return call.result(_pooled(call, axes, input, "AveragePool", **attributes))
        # Sums are means of windows that all have their full size.
        attributes = windows.attributes([0] * axes) | {"pads": [0] * 2 * axes}
        del attributes["dilations"]
        around = [0] * (input.rank - axes)
        pads = around + windows.padding + around + windows.padding_to_last_window()
        padded = Dependent(call.emit("Pad", input, pads), input.shape, input.dtype)
        means = _pooled(call, axes, padded, "AveragePool", **attributes)
        factor = math.prod(windows.kernel) / divisor_override
        return call.apply("Mul", means, call.number(factor))

    return translation


def adaptive_average_pool(axes: int) -> Callable:
    def along(call: Call, value: str, rank: int, axis: int, extent: int, count: int) -> str:
        weights = response(
            extent, call.dtype, lambda unit: torch.nn.functional.adaptive_avg_pool1d(unit, count)
        )
        return mix(call, value, rank, axis, weights)

    return _adaptive(axes, "ReduceMean", "AveragePool", along, Call.result)


def adaptive_max_pool(axes: int) -> Callable:
    def along(call: Call, value: str, rank: int, axis: int, extent: int, count: int) -> str:
        return _uneven_maxima(call, value, axis, extent, count)

    return _adaptive(axes, "ReduceMax", "MaxPool", along, _maxima)


def _adaptive(axes: int, reduction: str, pooling: str, along: Callable, result: Callable) -> Callable:
    """A pooling to given extents: over whole axes, over windows that share the axes evenly, or else
    one axis after another, by `along`."""

    def translation(call: Call, input, output_size):
        inputs, outputs = _extents(input, axes), list(call.shape[-axes:])
        first = input.rank - axes
        if all(extent == 1 for extent in outputs):
            over = list(range(first, input.rank))
            return result(call, call.emit(reduction, input, over, keepdims=1))
        if kernel := _even_windows(inputs, outputs):
            windows = {"kernel_shape": kernel, "strides": kernel}
            return result(call, _pooled(call, axes, input, pooling, **windows))
        value = input.name
        for axis, (extent, count) in enumerate(zip(inputs, outputs)):
            value = along(call, value, input.rank, first + axis, extent, count)
        return result(call, value)

    return translation


def _maxima(call: Call, name: str):
    """The result of variants with positions, which are refused where they are read, and without."""
    return call.results([name]) if call.has_several_results else call.result(name)


def _even_windows(inputs: list[int], outputs: list[int]) -> list[int] | None:
    """The extents of windows that share the axes evenly."""
    if any(extent % count for extent, count in zip(inputs, outputs)):
        return None
    return [extent // count for extent, count in zip(inputs, outputs)]


def _uneven_maxima(call: Call, value: str, axis: int, extent: int, count: int) -> str:
    """The maxima of windows of different sizes; the smaller ones repeat their last entry."""
    ends = [-(-(window + 1) * extent // count) for window in range(count)]
    starts = [window * extent // count for window in range(count)]
    width = max(end - start for start, end in zip(starts, ends))
    entries = []
    for offset in range(width):
        positions = [min(start + offset, end - 1) for start, end in zip(starts, ends)]
        entries.append(pick(call, value, axis, positions))
    return call.emit("Max", *entries)
