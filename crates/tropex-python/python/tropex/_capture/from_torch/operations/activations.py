"""Activations that are piecewise linear, and decisions at the end of a model."""

from __future__ import annotations

import torch

from ..call import Call
from ..dependent import Dependent
from ..refusals import Refused
from . import arithmetic
from .reasons import CURVED, DECIDES, JUMPS, RANDOM


def relu(call: Call, input):
    return call.apply("Relu", input)


def leaky_relu(call: Call, input, negative_slope=0.01):
    # An attribute has 32 bits; other types take the slope as a tensor in their own precision.
    if input.dtype == torch.float32:
        return call.apply("LeakyRelu", input, alpha=float(negative_slope))
    return call.apply("PRelu", input, call.number(negative_slope).reshape(1))


def randomized_relu(call: Call, input, lower=1 / 8, upper=1 / 3, training=False, **_):
    if training:
        raise Refused(RANDOM)
    return leaky_relu(call, input, (lower + upper) / 2)


def prelu(call: Call, input, weight):
    if isinstance(weight, Dependent):
        raise Refused("its slopes depend on the input, which makes it a product")
    if weight.numel() == 1:
        return call.apply("PRelu", input, call.typed(weight).reshape(1))
    shape = [-1] + [1] * (input.rank - 2)
    return call.apply("PRelu", input, call.typed(weight).reshape(shape))


def hardtanh(call: Call, input, min_val=-1, max_val=1):
    return arithmetic.clamp(call, input, min_val, max_val)


def relu6(call: Call, input):
    return arithmetic.clamp(call, input, 0, 6)


def hardsigmoid(call: Call, input):
    raised = call.emit("Add", input, call.number(3))
    clamped = call.emit("Clip", raised, call.number(0), call.number(6))
    return call.apply("Div", clamped, call.number(6))


def hardshrink(call: Call, input, lambd=0.5):
    if lambd == 0:
        return input
    raise Refused(JUMPS)


def threshold(call: Call, input, threshold, value):
    """The input above the threshold, else the value: a maximum if both are equal."""
    if threshold != value:
        raise Refused(JUMPS)
    return arithmetic.clamp(call, input, min=threshold)


def softmax(operator: str):
    """The translation of a softmax or its logarithm, which only ends a model."""

    def translation(call: Call, input, dim, **_):
        axis = call.axis(input, dim)
        if not call.is_final:
            raise Refused(CURVED)
        return call.apply(operator, call.typed(input), axis=axis)

    return translation


def sigmoid(call: Call, input):
    if not call.is_final:
        raise Refused(CURVED)
    return call.apply("Sigmoid", input)


def argmax(call: Call, input, dim=None, keepdim=False):
    if not call.is_final:
        raise Refused(DECIDES)
    return call.apply("ArgMax", input, axis=call.axis(input, dim), keepdims=int(keepdim))
