"""Steps on planes `[points, channels, extents..]` with one to three axes."""

import numpy as np


def is_planes(b):
    return 3 <= len(b.shape) <= 5


def windows(b, dilated=True):
    """Attributes of windows that fit the planes.

    Where onnxruntime contradicts ONNX, they have no `auto_pad`: for kernels that are shorter than a
    stride, and for dilated poolings.
    """
    extents = b.shape[2:]
    kernel = [b.random.randint(1, min(3, extent)) for extent in extents]
    strides = [b.random.randint(1, 3) for _ in extents]
    found = dict(kernel_shape=kernel, strides=strides)
    if dilated and b.chance(0.3):
        pairs = zip(kernel, extents)
        found["dilations"] = [2 if 2 * length - 1 <= extent and b.chance(0.5) else 1 for length, extent in pairs]
    elif all(length >= stride for length, stride in zip(kernel, strides)) and b.chance(0.5):
        found["auto_pad"] = b.random.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
    elif b.chance(0.7):
        # Padding smaller than the kernel, as ONNX asks for.
        found["pads"] = [b.random.randint(0, kernel[axis % len(kernel)] - 1) for axis in range(2 * len(kernel))]
    return found


def conv(b, x):
    if not is_planes(b):
        return None
    groups = b.random.choice([group for group in (1, 2, 3) if b.shape[1] % group == 0])
    attributes = windows(b)
    outputs = groups * b.random.randint(1, 3)
    kernel = b.floats(outputs, b.shape[1] // groups, *attributes["kernel_shape"])
    bias = [b.floats(outputs)] if b.chance(0.5) else []
    if b.chance(0.3):
        del attributes["kernel_shape"]
    return b.node("Conv", x, kernel, *bias, group=groups, **attributes)


def conv_transpose(b, x):
    if not is_planes(b):
        return None
    groups = b.random.choice([group for group in (1, 2) if b.shape[1] % group == 0])
    attributes = windows(b)
    outputs = b.random.randint(1, 3)
    if b.chance(0.5) and "auto_pad" not in attributes:
        attributes["output_padding"] = [b.random.randint(0, stride - 1) for stride in attributes["strides"]]
    elif b.chance(0.3):
        strides = zip(b.shape[2:], attributes["strides"])
        attributes["output_shape"] = [extent * stride for extent, stride in strides]
        attributes.pop("pads", None)
    kernel = b.floats(b.shape[1], outputs, *attributes["kernel_shape"])
    bias = [b.floats(outputs * groups)] if b.chance(0.5) else []
    return b.node("ConvTranspose", x, kernel, *bias, group=groups, **attributes)


def max_pool(b, x):
    if not is_planes(b):
        return None
    attributes = windows(b, dilated=b.opset >= 10)
    if b.opset >= 10 and "auto_pad" not in attributes:
        attributes["ceil_mode"] = b.random.randint(0, 1)
    return b.node("MaxPool", x, **attributes)


def average_pool(b, x):
    if not is_planes(b):
        return None
    attributes = windows(b, dilated=b.opset >= 19)
    if b.opset >= 10 and "auto_pad" not in attributes:
        attributes["ceil_mode"] = b.random.randint(0, 1)
    return b.node("AveragePool", x, count_include_pad=b.random.randint(0, 1), **attributes)


def global_pool(b, x):
    if not is_planes(b):
        return None
    pooled = b.node(b.random.choice(["GlobalAveragePool", "GlobalMaxPool"]), x)
    return b.node("Sub", x, pooled)


def batch_norm(b, x):
    channels = b.shape[1]
    parameters = [b.floats(channels, positive=positive) for positive in (False, False, False, True)]
    epsilon = dict(epsilon=1e-3) if b.chance(0.7) else {}
    return b.node("BatchNormalization", x, *parameters, **epsilon)


def resized(b, x):
    if not is_planes(b):
        return None
    axes = len(b.shape) - 2
    scales = [b.random.choice([0.6, 1.0, 1.5, 2.0, 2.3]) for _ in range(axes)]
    mode = b.random.choice(["nearest", "linear", "cubic"])
    if b.opset < 11:
        mode = "nearest" if mode == "cubic" else mode
        scales = [1.0, 1.0] + [max(1.0, scale) for scale in scales]
        if b.opset < 9:
            return b.node("Upsample", x, mode=mode, scales=scales)
        return b.node("Upsample" if b.opset < 10 else "Resize", x, b.weight(np.float32(scales)), mode=mode)
    ways = ["half_pixel", "asymmetric", "pytorch_half_pixel"]
    # The evaluators differ if corners are aligned and the result has no whole number of cells.
    ways += ["align_corners"] if all((scale * extent).is_integer() for scale, extent in zip(scales, b.shape[2:])) else []
    ways += ["half_pixel_symmetric"] if b.opset >= 19 else []
    attributes = dict(mode=mode, coordinate_transformation_mode=b.random.choice(ways))
    if mode == "nearest":
        roundings = ["floor", "ceil", "round_prefer_floor", "round_prefer_ceil"]
        attributes["nearest_mode"] = b.random.choice(roundings)
    if mode == "cubic":
        attributes["cubic_coeff_a"] = b.random.choice([-0.75, -0.5])
        attributes["exclude_outside"] = b.random.randint(0, 1)
    if b.opset >= 18 and mode != "nearest" and b.chance(0.3):
        attributes["antialias"] = 1
    empty = "" if b.opset >= 13 else b.weight(np.zeros(0, np.float32))
    if b.opset >= 18 and b.chance(0.4):
        attributes["axes"] = list(range(2, 2 + axes))
        if b.chance(0.5):
            attributes["keep_aspect_ratio_policy"] = b.random.choice(["stretch", "not_larger", "not_smaller"])
            sizes = [max(1, extent + b.random.randint(-2, 3)) for extent in b.shape[2:]]
            return b.node("Resize", x, empty, empty, b.ints(*sizes), **attributes)
        return b.node("Resize", x, empty, b.weight(np.float32(scales)), **attributes)
    if b.batch > 0 and b.chance(0.5):
        sizes = [max(1, extent + b.random.randint(-2, 3)) for extent in b.shape[2:]]
        return b.node("Resize", x, empty, empty, b.ints(*b.shape[:2], *sizes), **attributes)
    return b.node("Resize", x, empty, b.weight(np.float32([1, 1, *scales])), **attributes)


def blocks(b, x):
    if len(b.shape) != 4:
        return None
    _, channels, height, width = b.shape
    if channels % 4 == 0:
        mode = dict(mode=b.random.choice(["DCR", "CRD"])) if b.opset >= 11 else {}
        return b.node("DepthToSpace", x, blocksize=2, **mode)
    if height % 2 == 0 and width % 2 == 0:
        return b.node("SpaceToDepth", x, blocksize=2)
    return None


STEPS = [conv, conv, conv_transpose, max_pool, average_pool, batch_norm, global_pool, resized, blocks]
