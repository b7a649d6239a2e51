"""Operations that move entries to constant places: indexing, unfolding, assignments to parts.

What such an operation does is found by applying it to positions in place of values.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from ..call import Call
from ..dependent import Dependent
from ..refusals import Refused
from .axes import pick
from .reasons import DECIDES
from .shapes import join


def rearrangement(*sources: str) -> Callable:
    """The translation of an operation that moves the entries of the arguments with these names."""

    def translation(call: Call, **arguments):
        if any(_depends(arguments[name]) for name in arguments if name not in sources):
            raise Refused(DECIDES)
        values = [call.typed(arguments[name]) for name in sources]
        shapes = [_one_point(value) for value in values]
        counts = [math.prod(shape) for shape in shapes]
        # 0 stands for entries that the operation sets to zero.
        places = torch.arange(1, sum(counts) + 1, dtype=torch.float64).split(counts)
        replaced = {name: part.reshape(shape) for name, part, shape in zip(sources, places, shapes)}
        moved = call.compute(arguments | replaced)
        return _moved(call, values, counts, moved.reshape(-1).long())

    return translation


def _depends(argument) -> bool:
    if isinstance(argument, (list, tuple)):
        return any(_depends(item) for item in argument)
    return isinstance(argument, Dependent)


def _one_point(value: Dependent | torch.Tensor) -> list[int]:
    """The shape for one point. Positions are those of one point, so it must come first."""
    if isinstance(value, torch.Tensor):
        return list(value.shape)
    if value.rank == 0 or value.shape[0] is not None or None in value.shape[1:]:
        raise Refused(
            f"it moves entries of a value of shape {list(value.shape)}, whose first axis is not "
            "that of the points"
        )
    return [1, *value.shape[1:]]


def _moved(call: Call, values: list, counts: list[int], places: torch.Tensor):
    """The entries of flattened values at places, in the shape of the result."""
    first = 1
    for value, count in zip(values, counts):
        if isinstance(value, Dependent) and value.shape == call.shape:
            if places.tolist() == list(range(first, first + count)):
                return value
        first += count
    flat = [_flat(call, value) for value in values]
    if (places == 0).any():
        flat.append(call.number(0).reshape(1, 1))
        places = torch.where(places == 0, sum(counts) + 1, places)
    rows = (None, sum(value.shape[1] for value in flat))
    joined = join(call, flat, rows, 1) if len(flat) > 1 else flat[0]
    moved = pick(call, joined, 1, (places - 1).tolist())
    if call.shape[0] is not None or None in call.shape[1:]:
        raise Refused("the points are not along the first axis of its result")
    return call.apply("Reshape", moved, [-1, *call.shape[1:]])


def _flat(call: Call, value: Dependent | torch.Tensor):
    """A value as one row per point."""
    if isinstance(value, torch.Tensor):
        return value.reshape(1, -1)
    count = math.prod(value.shape[1:])
    return Dependent(call.emit("Reshape", value, [-1, count]), (None, count), value.dtype)


def index(call: Call, input, indices):
    """One list of positions is a node of its own; several are a rearrangement."""
    given = [axis for axis, positions in enumerate(indices) if positions is not None]
    if any(isinstance(indices[axis], Dependent) for axis in given):
        raise Refused(DECIDES)
    positions = indices[given[0]]
    if len(given) > 1 or positions.dtype in (torch.bool, torch.uint8):
        return rearrangement("input")(call, input=input, indices=indices)
    axis = call.axis(input, given[0])
    return call.apply("Gather", input, positions.long() % input.shape[axis], axis=axis)


def index_select(call: Call, input, dim, index):
    if isinstance(index, Dependent):
        raise Refused(DECIDES)
    return call.apply("Gather", input, index.long(), axis=call.axis(input, dim))


def index_put(call: Call, input, indices, values, accumulate=False):
    if accumulate:
        raise Refused("a sum over positions is not supported; write it as a matrix product")
    move = rearrangement("input", "values")
    return move(call, input=input, indices=indices, values=values, accumulate=False)
