"""Parts of arrays of points, and the join of their results."""

from __future__ import annotations

import numpy as np

from .._errors import InputError
from .._tropex import Assignment, _assignment

#: The attributes of an assignment, in the order in which it is made of them.
FIELDS = ("classes", "value", "negative", "best", "best_classes", "best_values", "gaps")


def spans(arrays: dict[str, np.ndarray], parts: int) -> list[tuple[int, int]]:
    """Start and end of each part of arrays with equally many entries, whose names the errors say."""
    (first, points), *others = arrays.items()
    if points.ndim == 0:
        raise InputError(f"{first} is a number, expected an array of points")
    count = len(points)
    for name, array in others:
        if array.ndim == 0 or len(array) != count:
            raise InputError(f"{name} has shape {array.shape}, expected ({count},), one for each point")
    if not 1 <= parts <= count:
        raise InputError(f"parts is {parts}, expected 1 to {count}, the number of points")
    bounds = [count * part // parts for part in range(parts + 1)]
    return list(zip(bounds, bounds[1:]))


def join_assignments(parts: list[Assignment]) -> Assignment:
    """The assignment of all points."""
    return _assignment(*(np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS))


def join_evaluations(parts: list[dict]) -> dict:
    """The evaluation of all points. Shares are counts of points divided by their number."""
    points = sum(part["points"] for part in parts)
    shares = {
        name: sum(round(part[name] * part["points"]) for part in parts) / points
        for name in parts[0]
        if name != "points"
    }
    return {"points": points, **shares}
