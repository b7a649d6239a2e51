"""Normalizations that are affine once a model is trained."""

from __future__ import annotations

import numpy
import torch

from ..call import Call
from ..refusals import Refused
from .reasons import NORMALIZES


def _batch_norm(call: Call, input, weight, bias, mean, variance, eps: float) -> str:
    if mean is None or variance is None:
        raise Refused(NORMALIZES)
    scale = torch.ones_like(mean) if weight is None else weight
    shift = torch.zeros_like(mean) if bias is None else bias
    # An attribute has 32 bits; what it cannot hold of epsilon is added to the variance.
    epsilon = float(numpy.float32(eps))
    if variance.dtype == torch.float64:
        variance = variance + (eps - epsilon)
    return call.emit("BatchNormalization", input, scale, shift, mean, variance, epsilon=epsilon)


def batch_norm(
    call: Call, input, weight, bias, running_mean, running_var, training, momentum, eps, **_
):
    if training:
        raise Refused(NORMALIZES)
    return call.result(_batch_norm(call, input, weight, bias, running_mean, running_var, eps))


def native_batch_norm(
    call: Call, input, weight, bias, running_mean, running_var, momentum, eps, training=False
):
    """The variants with three results, of which the last two belong to training."""
    if training:
        raise Refused(NORMALIZES)
    return call.results([_batch_norm(call, input, weight, bias, running_mean, running_var, eps)])


def instance_norm(
    call: Call, input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, **_
):
    if use_input_stats:
        raise Refused(NORMALIZES)
    return call.result(_batch_norm(call, input, weight, bias, running_mean, running_var, eps))


def cudnn_batch_norm(
    call: Call, input, weight, bias, running_mean, running_var, training, epsilon, **_
):
    if training:
        raise Refused(NORMALIZES)
    name = _batch_norm(call, input, weight, bias, running_mean, running_var, epsilon)
    return call.results([name])
