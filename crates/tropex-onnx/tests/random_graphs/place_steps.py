"""Steps that move numbers to other places."""

import numpy as np
from onnx import TensorProto, numpy_helper


def transposed(b, x):
    order = list(range(1, len(b.shape)))
    b.random.shuffle(order)
    return b.node("Transpose", x, perm=[0, *order])


def reshaped(b, x):
    """Axes joined, or an axis split, with 0 and -1 where they are allowed."""
    shape = b.shape[1:]
    at = b.random.randrange(len(shape))
    if len(shape) > 1 and at + 1 < len(shape) and b.chance(0.6):
        target = [*shape[:at], shape[at] * shape[at + 1], *shape[at + 2 :]]
    elif shape[at] % 2 == 0 and len(shape) < 5:
        target = [*shape[:at], 2, shape[at] // 2, *shape[at + 1 :]]
    else:
        return None
    if b.batch > 0 and b.chance(0.5):
        target[b.random.randrange(len(target))] = -1
        return b.node("Reshape", x, b.ints(1, *target))
    zeros = dict(allowzero=0) if b.opset >= 14 and b.chance(0.3) else {}
    return b.node("Reshape", x, b.ints(b.random.choice([0, b.batch]), *target), **zeros)


def reshaped_by_shape(b, x):
    """A target that is computed from the shape of the value."""
    axis = b.weight(np.array(0, np.int64))
    first = b.node("Gather", b.node("Shape", x), axis, axis=0)
    inputs, attributes = b.listed("axes", [0], 13)
    target = b.node("Concat", b.node("Unsqueeze", first, *inputs, **attributes), b.ints(b.shape[-1], -1), axis=0)
    return b.node("Reshape", x, target)


def flattened(b, x):
    return b.node("Flatten", x, **({} if b.chance(0.5) else dict(axis=1)))


def axes_changed(b, x):
    ones = [axis for axis, extent in enumerate(b.shape) if axis and extent == 1]
    if ones and len(b.shape) > 2 and b.chance(0.7):
        inputs, attributes = b.listed("axes", [b.random.choice(ones)], 13)
        return b.node("Squeeze", x, *inputs, **attributes)
    at = b.random.randint(1, len(b.shape))
    inputs, attributes = b.listed("axes", [at], 13)
    return b.node("Unsqueeze", x, *inputs, **attributes)


def repeated(b, x):
    if b.chance(0.5):
        return b.node("Tile", x, b.ints(1, *(b.random.randint(1, 2) for _ in b.shape[1:])))
    if b.opset < 8:
        return None
    target = [b.random.choice([1, extent] if extent > 1 else [1, 3]) for extent in b.shape[1:]]
    return b.node("Expand", x, b.ints(1, *target))


def gathered(b, x):
    axis = b.axis()
    extent = b.shape[axis]
    shape = b.random.choice([[], [1], [3], [2, 2]] if len(b.shape) > 2 else [[1], [3], [2, 2]])
    least = -extent if b.opset >= 11 else 0
    indices = b.numpy.integers(least, extent, shape)
    if b.opset >= 11 and shape == [3] and extent >= 3:
        scalars = (b.weight(np.array(number, np.int64)) for number in (extent - 1, -1, -1))
        return b.node("Gather", x, b.node("Range", *scalars), axis=axis)
    return b.node("Gather", x, b.weight(np.array(indices, np.int64)), axis=axis)


def cut(b, x):
    axes = b.random.sample(range(1, len(b.shape)), b.random.randint(1, min(2, len(b.shape) - 1)))
    ranges = [b.random.choice([(0, b.shape[axis] - 1), (1, 2**62), (-2, b.shape[axis])]) for axis in axes]
    starts, ends = [list(side) for side in zip(*ranges)]
    if b.opset < 10:
        return b.node("Slice", x, starts=starts, ends=ends, axes=axes)
    steps = [b.random.randint(1, 2) for _ in axes]
    if b.chance(0.3):
        starts, ends, steps = [-1] * len(axes), [-(2**62)] * len(axes), [-step for step in steps]
    return b.node("Slice", x, *(b.ints(*list_) for list_ in (starts, ends, axes, steps)))


def split(b, x):
    axis = b.axis() if b.opset >= 11 else b.random.randrange(1, len(b.shape))
    extent = b.shape[axis]
    if extent < 2:
        return None
    if b.opset >= 18 and b.chance(0.5):
        parts = b.node("Split", x, outputs=2, axis=axis, num_outputs=2)
    elif extent % 2 == 0 and b.opset < 18 and b.chance(0.3):
        parts = b.node("Split", x, outputs=2, axis=axis)
    else:
        inputs, attributes = b.listed("split", [1, extent - 1], 13)
        parts = b.node("Split", x, *inputs, outputs=2, axis=axis, **attributes)
    return b.node("Concat", *reversed(parts), axis=axis) if b.chance(0.7) else parts[b.random.randint(0, 1)]


def padded(b, x):
    modes = ["constant", "constant", "reflect", "edge"] + (["wrap"] if b.opset >= 19 else [])
    mode = b.random.choice(modes)
    least = -1 if mode == "constant" and b.chance(0.3) else 0
    pads = np.zeros((2, len(b.shape)), np.int64)
    for axis in range(1, len(b.shape)):
        most = min(2, b.shape[axis] - 1)
        pads[:, axis] = [b.random.randint(least, most) for _ in range(2)]
    if b.opset < 11:
        return b.node("Pad", x, mode=mode, pads=pads.flatten().tolist(), value=0.25)
    number = [b.number(0.25)] if b.chance(0.7) else []
    if b.opset >= 18 and number and b.chance(0.4):
        axes = list(range(1, len(b.shape)))
        return b.node("Pad", x, b.ints(*pads[:, 1:].flatten()), *number, b.ints(*axes), mode=mode)
    return b.node("Pad", x, b.ints(*pads.flatten()), *number, mode=mode)


def beside_constant(b, x):
    """Constants beside the value, or one number for each of its numbers."""
    if b.opset >= 9 and (b.batch < 0 or b.chance(0.5)):
        filler = numpy_helper.from_array(np.array([0.5], np.float32))
        return b.node("Max", x, b.node("ConstantOfShape", b.node("Shape", x), value=filler))
    if b.batch < 0:
        return None
    axis = b.random.randrange(1, len(b.shape))
    shape = [2 if at == axis else extent for at, extent in enumerate(b.shape)]
    return b.node("Concat", x, b.floats(*shape), axis=axis)


def scaled_by_size(b, x):
    """The value divided by the number of its numbers at one point."""
    points = b.node("Gather", b.node("Shape", x), b.weight(np.array(0, np.int64)), axis=0)
    size = b.node("Div", b.node("Size", x), points)
    return b.node("Div", x, b.node("Cast", size, to=TensorProto.FLOAT))


STEPS = [transposed, reshaped, reshaped_by_shape, flattened, axes_changed, repeated, gathered, cut, split, padded, beside_constant, scaled_by_size]
