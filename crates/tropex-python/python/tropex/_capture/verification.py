"""Comparison of a captured network with its model, before the network is returned."""

from __future__ import annotations

import numpy

from .._errors import Error

#: Points of the example, and random points.
_EXAMPLE_POINTS, _RANDOM_POINTS = 2, 3

#: Numbers of all terms at the compared points up to which all classes are compared; beyond, the
#: predicted class and the last one are.
_MOST_NUMBERS = 1 << 22

#: Allowed difference in units of rounding of the model's numbers, relative to what was summed up.
#: Layers in between sum up more than their network does, which the factor allows for.
_ROUNDINGS = 1024


def points_to_compare(example: numpy.ndarray) -> numpy.ndarray:
    """The first points of an example `[n, ...]`, and random points in its range."""
    generator = numpy.random.default_rng(0)
    low, high = float(example.min()), float(example.max())
    if low == high:
        low, high = low - 1.0, high + 1.0
    shape = (_RANDOM_POINTS, *example.shape[1:])
    drawn = generator.uniform(low, high, shape).astype(example.dtype)
    return numpy.concatenate([example[:_EXAMPLE_POINTS], drawn])


def verify(network, points: numpy.ndarray, logits: numpy.ndarray, rounding: float) -> None:
    """Compares the linear terms of a network at points with the logits of its model.

    `points` is `[n, *input_shape]`, `logits` `[n, classes]`, and `rounding` the distance of 1 to the
    next number in the model's arithmetic. Differences are allowed relative to what a term sums up:
    the magnitudes of its products and of its bias.

    Raises `Error` if they differ.
    """
    if logits.shape != (len(points), network.classes):
        raise Error(
            f"the captured network has {network.classes} outputs, but for {len(points)} points the "
            f"model returns numbers of shape {list(logits.shape)}"
        )
    for classes in _compared(logits, points):
        found, sums, expected = _values(network, points, logits, classes, rounding)
        difference = numpy.abs(found - expected)
        tolerance = _ROUNDINGS * rounding * sums
        # Written so that a NaN fails.
        if not (difference <= tolerance).all():
            worst = numpy.unravel_index((difference - tolerance).argmax(), difference.shape)
            raise Error(
                f"the captured network differs from the model: an output is {found[worst]:.6g} "
                f"instead of {expected[worst]:.6g}, and rounding explains {tolerance[worst]:.1g}; "
                "the model may draw random numbers, mix the points of a batch, or decide by values "
                "of its input"
            )


def _compared(logits: numpy.ndarray, points: numpy.ndarray) -> list[str | int]:
    """The choices of classes to compare."""
    if logits.shape[1] * points.size <= _MOST_NUMBERS:
        return ["all"]
    return ["predicted", logits.shape[1] - 1]


def _values(network, points, logits, classes, rounding: float):
    """The values of terms at their points, the sums of magnitudes, and the model's values."""
    precision = "f64" if rounding < 1e-8 else "f32"
    terms = network.linear_terms(points, classes=classes, precision=precision)
    rows = terms.coefficients.reshape(*terms.bias.shape, -1).astype(numpy.float64)
    flat = points.reshape(len(points), *[1] * (terms.bias.ndim - 1), -1).astype(numpy.float64)
    bias = terms.bias.astype(numpy.float64)
    if classes == "all":
        expected = logits
    elif classes == "predicted":
        expected = numpy.take_along_axis(logits, terms.predicted[:, None], axis=1)[:, 0]
    else:
        expected = logits[:, classes]
    products = rows * flat
    return products.sum(-1) + bias, numpy.abs(products).sum(-1) + numpy.abs(bias), expected
