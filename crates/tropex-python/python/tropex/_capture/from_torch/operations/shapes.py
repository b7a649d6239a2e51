"""Operations that change the shape of a value, and take parts of it."""

from __future__ import annotations

import torch

from ..call import POINTS_ARE_MIXED, Call
from ..dependent import Dependent, Shape, Stack, shape_for_one_point
from ..refusals import Refused


def reshape(call: Call, input, **_):
    """To the shape of the result, whatever the operation was told."""
    if input.shape == call.shape:
        return input
    if call.shape.count(None) > 1:
        raise Refused("two extents of its result depend on the number of points")
    # Points come first while extents change: axes of extent 1 before them are taken off, and put
    # there afterwards.
    before, after = _ones_before_points(input.shape), _ones_before_points(call.shape)
    value = call.emit("Squeeze", input, list(range(before))) if before else input
    shape = [-1 if extent is None else extent for extent in call.shape[after:]]
    value = call.emit("Reshape", value, shape)
    return call.result(call.emit("Unsqueeze", value, list(range(after))) if after else value)


def _ones_before_points(shape: Shape) -> int:
    """Number of axes before that of the points, if all of them have the extent 1."""
    axes = shape.index(None) if None in shape else 0
    return axes if shape[:axes] == (1,) * axes else 0


def squeeze(call: Call, input, dim=None):
    axes = range(input.rank) if dim is None else [dim] if isinstance(dim, int) else dim
    axes = [axis % input.rank for axis in axes] if input.rank else []
    axes = [axis for axis in axes if input.shape[axis] == 1]
    return call.apply("Squeeze", input, axes) if axes else input


def unsqueeze(call: Call, input, dim):
    return call.apply("Unsqueeze", input, [dim % (input.rank + 1)])


def permute(call: Call, input, dims):
    return call.apply("Transpose", input, perm=[axis % input.rank for axis in dims])


def transpose(call: Call, input, dim0, dim1):
    order = list(range(input.rank))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return permute(call, input, order)


def transpose_matrix(call: Call, input):
    return permute(call, input, list(range(input.rank))[::-1])


def expand(call: Call, input, **_):
    return _expanded(call, input)


def _expanded(call: Call, value: Dependent) -> Dependent:
    """A value repeated along axes of extent 1 to the shape of the result."""
    if value.shape == call.shape:
        return value
    own = (1,) * (len(call.shape) - value.rank) + value.shape
    if any(there is None and here is not None for here, there in zip(own, call.shape)):
        raise Refused(POINTS_ARE_MIXED)
    return call.apply("Expand", value, shape_for_one_point(call.shape))


def copy(call: Call, input, src, **_):
    """What is written over a value: only the shape of the value matters."""
    if isinstance(src, Dependent):
        return _expanded(call, call.typed(src))
    return call.typed(src).expand(shape_for_one_point(call.shape))


def filled(call: Call, input, value=0, fill_value=None, **_):
    """A value of the shape of another one, with one number everywhere."""
    number = value if fill_value is None else fill_value
    if isinstance(number, Dependent):
        return _expanded(call, call.typed(number))
    return torch.full(shape_for_one_point(call.shape), number, dtype=call.dtype)


def ones(call: Call, input, **_):
    return filled(call, input, 1)


def zeros(call: Call, input, **_):
    return filled(call, input, 0)


def repeat(call: Call, input, repeats):
    own = (1,) * (len(repeats) - input.rank) + input.shape
    if any(there is None and here is not None for here, there in zip(own, call.shape)):
        raise Refused(POINTS_ARE_MIXED)
    new = list(range(len(repeats) - input.rank))
    value = call.emit("Unsqueeze", input, new) if new else input
    if any(extent is None and times != 1 for extent, times in zip(own, repeats)):
        raise Refused(POINTS_ARE_MIXED)
    return call.apply("Tile", value, list(repeats))


def concatenate(call: Call, tensors, dim=0):
    # A tensor without entries can stand for nothing, whatever its rank is.
    values = [call.typed(value) for value in tensors if not _is_empty(value)]
    axis = dim % len(call.shape)
    return call.result(join(call, values, call.shape, axis))


def join(call: Call, values: list, shape: Shape, axis: int) -> str:
    """Values one after the other along an axis; constants are repeated for every point."""
    if shape[axis] is None:
        raise Refused(POINTS_ARE_MIXED)
    if None in shape:
        values = [_for_all_points(call, value, values, shape.index(None)) for value in values]
    return call.emit("Concat", *values, axis=axis)


def _for_all_points(call: Call, value, values: list, points: int):
    """A constant with one entry along the axis of the points, with as many as there are points."""
    if not isinstance(value, torch.Tensor):
        return value
    dependent = next(other for other in values if isinstance(other, Dependent))
    shape = call.emit("Shape", dependent, start=points, end=points + 1)
    before, after = list(value.shape[:points]), list(value.shape[points + 1 :])
    parts = [before or None, shape, after or None]
    shape = call.emit("Concat", *[part for part in parts if part is not None], axis=0)
    return call.emit("Expand", value, shape)


def _is_empty(value) -> bool:
    return isinstance(value, torch.Tensor) and value.numel() == 0


def stack(call: Call, tensors, dim=0):
    axis = dim % len(call.shape)
    if axis == 0 and call.shape[1:2] == (None,):
        parts = tuple(call.typed(value) for value in tensors)
        return Stack("", call.shape, call.dtype, parts=parts)
    values = [call.emit("Unsqueeze", call.typed(value), [axis]) for value in tensors]
    return call.apply("Concat", *values, axis=axis)


def split(call: Call, input, dim=0, **_):
    """Into parts of the extents of the results."""
    axis = call.axis(input, dim)
    extents = [shape[axis] for shape in call.shapes]
    return call.results(call.emit_several(len(extents), "Split", input, extents, axis=axis))


def unbind(call: Call, input, dim=0):
    axis = call.axis(input, dim)
    if isinstance(input, Stack) and axis == 0:
        return list(input.parts)
    extent = input.shape[axis]
    parts = [call.emit("Gather", input, torch.tensor(place), axis=axis) for place in range(extent)]
    return call.results(parts)


def select(call: Call, input, dim, index):
    axis = call.axis(input, dim)
    if isinstance(input, Stack) and axis == 0:
        return input.parts[index]
    place = torch.tensor(index % input.shape[axis])
    return call.apply("Gather", input, place, axis=axis)


def slice_axis(call: Call, input, dim=0, start=None, end=None, step=1):
    axis = dim % input.rank
    if input.shape[axis] is None and start in (None, 0) and step == 1 and call.shape[axis] is None:
        if end is None or end > 2**31:
            return input
    axis = call.axis(input, dim)
    start, end, step = slice(start, end, step).indices(input.shape[axis])
    if (start, end, step) == (0, input.shape[axis], 1):
        return input
    return call.apply("Slice", input, [start], [end], [axis], [step])


def flip(call: Call, input, dims):
    axes = call.axes(input, dims)
    starts, ends = [-1] * len(axes), [-(2**31)] * len(axes)
    return call.apply("Slice", input, starts, ends, axes, [-1] * len(axes))


def depth_to_space(call: Call, input, upscale_factor):
    if input.rank != 4:
        raise Refused("only planes of a batch can be shuffled")
    return call.apply("DepthToSpace", input, blocksize=upscale_factor, mode="CRD")


def extent(call: Call, input, dim):
    """An extent; the number of points counts as 1, as everywhere in constants."""
    return 1 if input.shape[dim] is None else input.shape[dim]
