"""The decisions at the end of a model, such as a softmax, which keep the order of the classes.

A network leaves them out: its terms are those of the logits before them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .source import operation_name

#: Operations whose result has the order of the classes, or is the largest class.
_DECISIONS = {
    "aten._log_softmax",
    "aten._softmax",
    "aten.argmax",
    "aten.log_softmax",
    "aten.sigmoid",
    "aten.softmax",
}

#: Operations that may be between decisions.
_WRAPPINGS = {
    "aten._to_copy",
    "aten.clone",
    "aten.squeeze",
    "aten.unsqueeze",
    "aten.view",
}


def ending(output: torch.fx.Node) -> list[torch.fx.Node]:
    """The decisions that an output ends with and what is between them, in the order of the graph."""
    passed: list[torch.fx.Node] = []
    count = 0
    node = output
    while node.op == "call_function":
        name = operation_name(node)
        if name not in _DECISIONS and name not in _WRAPPINGS:
            break
        passed.append(node)
        if name in _DECISIONS:
            count = len(passed)
        node = node.args[0]
    return passed[:count][::-1]


def decided(logits: torch.Tensor, decisions: Sequence[torch.fx.Node]) -> torch.Tensor:
    """What decisions make of logits `[n, classes]`."""
    if not decisions:
        return logits
    points = logits.shape[0]
    shape = decisions[0].args[0].meta["val"].shape
    value = logits.reshape(_concrete(shape, points))
    for node in decisions:
        if operation_name(node) in ("aten.view", "aten.squeeze", "aten.unsqueeze"):
            value = value.reshape(_concrete(node.meta["val"].shape, points))
        else:
            value = node.target(value, *node.args[1:], **node.kwargs)
    return value


def _concrete(shape: Sequence[int | torch.SymInt], points: int) -> list[int]:
    return [extent if isinstance(extent, int) else points for extent in shape]
