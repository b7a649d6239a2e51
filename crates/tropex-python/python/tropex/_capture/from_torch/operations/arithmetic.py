"""Arithmetic on single numbers, comparisons and choices."""

from __future__ import annotations

import torch

from ..call import Call
from ..dependent import Dependent
from ..refusals import Refused
from .reasons import CURVED, DIVIDES, JUMPS, PRODUCT, RANDOM


def add(call: Call, input, other, alpha=1):
    return call.apply("Add", call.typed(input), _scaled(call, other, alpha))


def subtract(call: Call, input, other, alpha=1):
    return call.apply("Sub", call.typed(input), _scaled(call, other, alpha))


def subtract_from(call: Call, input, other, alpha=1):
    return call.apply("Sub", call.typed(other), _scaled(call, input, alpha))


def _scaled(call: Call, value, factor):
    value = call.typed(value)
    if factor == 1:
        return value
    if isinstance(value, torch.Tensor):
        return value * factor
    return call.emit("Mul", value, call.number(factor))


def multiply(call: Call, input, other):
    left, right = call.typed(input), call.typed(other)
    both = isinstance(left, Dependent) and isinstance(right, Dependent)
    if both and not (left.is_mask or right.is_mask):
        raise Refused(PRODUCT)
    return call.apply("Mul", left, right)


def divide(call: Call, input, other, rounding_mode=None):
    if rounding_mode is not None:
        raise Refused(JUMPS)
    if isinstance(other, Dependent):
        raise Refused(DIVIDES)
    return call.apply("Div", call.typed(input), call.typed(other))


def power(call: Call, input, exponent):
    if isinstance(exponent, torch.Tensor) and exponent.numel() == 1:
        exponent = exponent.item()
    if isinstance(exponent, (int, float)) and exponent == 1:
        return call.typed(input)
    raise Refused(CURVED)


def negate(call: Call, input):
    return call.apply("Neg", input)


def magnitude(call: Call, input):
    return call.apply("Abs", input)


def maximum(call: Call, input, other):
    return call.apply("Max", call.typed(input), call.typed(other))


def minimum(call: Call, input, other):
    return call.apply("Min", call.typed(input), call.typed(other))


def clamp(call: Call, input, min=None, max=None):
    value = call.typed(input)
    # Numbers become one Clip, other limits broadcast.
    if isinstance(value, Dependent) and _is_number(min) and _is_number(max):
        limits = [None if limit is None else call.typed(limit).reshape(()) for limit in (min, max)]
        return call.apply("Clip", value, *limits)
    if min is not None:
        value = call.emit("Max", value, call.typed(min))
    if max is not None:
        value = call.emit("Min", value, call.typed(max))
    return call.result(value)


def clamp_min(call: Call, input, min):
    return clamp(call, input, min=min)


def clamp_max(call: Call, input, max):
    return clamp(call, input, max=max)


def _is_number(limit) -> bool:
    return not isinstance(limit, Dependent) and (
        not isinstance(limit, torch.Tensor) or limit.numel() == 1
    )


def compare(operator: str):
    """The translation of a comparison."""

    def translation(call: Call, input, other):
        dtype = torch.promote_types(_type(input, other), _type(other, input))
        return call.apply(operator, call.typed(input, dtype), call.typed(other, dtype))

    return translation


def _type(value, other) -> torch.dtype:
    """The type of an operand; numbers and tensors without axes take that of the other one."""
    if isinstance(value, Dependent):
        return value.dtype
    if isinstance(value, torch.Tensor) and value.dim() > 0:
        return value.dtype
    return other.dtype


def logic(operator: str):
    """The translation of an operation on truth values."""

    def translation(call: Call, input, other):
        operands = [call.typed(value, torch.bool) for value in (input, other)]
        return call.apply(operator, *operands)

    return translation


def logical_not(call: Call, input):
    return call.apply("Not", call.typed(input, torch.bool))


def choose(call: Call, condition, input, other):
    condition = call.typed(condition, torch.bool)
    return call.apply("Where", condition, call.typed(input), call.typed(other))


def masked_fill(call: Call, input, mask, value):
    return choose(call, mask, value, input)


def convert(call: Call, input, dtype=None, **_):
    if dtype is None or dtype == input.dtype:
        return input
    if not dtype.is_floating_point:
        raise Refused(JUMPS)
    return call.typed(input, dtype)


def same(call: Call, input, **_):
    """The translation of an operation that only copies."""
    return input


def dropout(call: Call, input, p, train):
    if train and p > 0:
        raise Refused(RANDOM)
    return input
