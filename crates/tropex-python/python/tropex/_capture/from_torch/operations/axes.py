"""Operations along one axis that several families are made of."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..call import Call, Operand
from ..dependent import Dependent


def pick(call: Call, value: Dependent | str, axis: int, positions: Sequence[int]) -> str:
    """The entries of an axis at positions."""
    return call.emit("Gather", value, list(positions), axis=axis)


def mix(call: Call, value: Operand, rank: int, axis: int, weights: torch.Tensor) -> str:
    """Every entry of an axis a weighted sum of entries: `weights` is `[inputs, outputs]`."""
    weights = call.typed(weights)
    if axis == rank - 1:
        return call.emit("MatMul", value, weights.contiguous())
    if axis == rank - 2:
        return call.emit("MatMul", weights.t().contiguous(), value)
    order = list(range(rank))
    order[axis], order[-1] = order[-1], order[axis]
    last = call.emit("Transpose", value, perm=order)
    mixed = call.emit("MatMul", last, weights.contiguous())
    return call.emit("Transpose", mixed, perm=order)


def response(extent: int, dtype: torch.dtype, function) -> torch.Tensor:
    """The weights `[inputs, outputs]` of a linear function `[1, channels, inputs] -> [1, channels,
    outputs]`: what it makes of unit vectors."""
    precise = dtype if dtype in (torch.float32, torch.float64) else torch.float32
    return function(torch.eye(extent, dtype=precise)[None])[0]
