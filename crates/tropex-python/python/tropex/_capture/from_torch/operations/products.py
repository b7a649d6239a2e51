"""Matrix products and convolutions."""

from __future__ import annotations

import torch

from ..call import Call
from ..dependent import Dependent
from ..refusals import Refused
from .reasons import PRODUCT


def linear(call: Call, input, weight, bias=None):
    _one_constant(input, weight)
    if isinstance(weight, torch.Tensor) and input.rank == 2 and not isinstance(bias, Dependent):
        return call.apply("Gemm", input, weight, bias, transB=1)
    rank = weight.rank if isinstance(weight, Dependent) else weight.dim()
    order = [1, 0] if rank == 2 else [0]
    product = call.emit("MatMul", input, call.emit("Transpose", weight, perm=order))
    return call.result(product if bias is None else call.emit("Add", product, bias))


def matmul(call: Call, input, other):
    _one_constant(input, other)
    return call.apply("MatMul", input, other)


def add_product(call: Call, input, left, right, beta=1, alpha=1):
    """`beta * input + alpha * left @ right`."""
    _one_constant(left, right)
    product = call.emit("MatMul", left, right)
    if alpha != 1:
        product = call.emit("Mul", product, call.number(alpha))
    if beta == 0:
        return call.result(product)
    offset = call.typed(input)
    if beta != 1:
        offset = call.emit("Mul", offset, call.number(beta))
    return call.apply("Add", product, offset)


def addmm(call: Call, input, mat1, mat2, beta=1, alpha=1):
    return add_product(call, input, mat1, mat2, beta, alpha)


def baddbmm(call: Call, input, batch1, batch2, beta=1, alpha=1):
    return add_product(call, input, batch1, batch2, beta, alpha)


def addmv(call: Call, input, mat, vec, beta=1, alpha=1):
    return add_product(call, input, mat, vec, beta, alpha)


def mm(call: Call, input, mat2):
    return matmul(call, input, mat2)


def mv(call: Call, input, vec):
    return matmul(call, input, vec)


def dot(call: Call, input, tensor):
    return matmul(call, input, tensor)


def _one_constant(left, right) -> None:
    if isinstance(left, Dependent) and isinstance(right, Dependent):
        raise Refused(PRODUCT)


def convolution(
    call: Call,
    input,
    weight,
    bias,
    stride,
    padding,
    dilation,
    transposed,
    output_padding,
    groups,
    **_,
):
    if isinstance(weight, Dependent):
        raise Refused("its kernel depends on the input, which makes it a product")
    axes = weight.dim() - 2
    stride, padding, dilation = (_each(list, axes) for list in (stride, padding, dilation))
    attributes = {
        "kernel_shape": list(weight.shape[2:]),
        "strides": stride,
        "pads": padding * 2,
        "dilations": dilation,
        "group": groups,
    }
    if not transposed:
        return call.apply("Conv", input, weight, bias, **attributes)
    more = _each(output_padding, axes)
    return call.apply("ConvTranspose", input, weight, bias, output_padding=more, **attributes)


def _each(numbers: list[int], axes: int) -> list[int]:
    """One number for every axis; a single one counts for all."""
    return list(numbers) * axes if len(numbers) == 1 else list(numbers)
