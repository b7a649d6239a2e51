"""The choice of one tensor of what a model returns."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from ..._errors import InputError

#: Names of logits, the most specific one first: Transformers, and segmentation in torchvision.
_LOGITS = ("logits", "out")


class OneOutput(torch.nn.Module):
    """A model of which one output is computed.

    Its attribute `model` is the user's model, which keeps its mode.
    """

    def __init__(self, model: torch.nn.Module, output: str | int | None) -> None:
        super().__init__()
        self.model = model
        self.training = False
        self._output = output
        #: What was chosen without being asked for, in words.
        self.chosen: str | None = None

    def forward(self, points: torch.Tensor) -> torch.Tensor:
        returned = self.model(points)
        if isinstance(returned, torch.Tensor) and self._output is None:
            return returned
        parts = _parts(returned)
        name = _choose(parts, self._output)
        if self._output is None and len(parts) > 1:
            self.chosen = f"output `{name}` of the model is captured; it also returns " + ", ".join(
                f"`{other}`" for other in parts if other != name
            )
        return parts[name]


def _parts(returned: object) -> dict[str, torch.Tensor]:
    """The tensors of what a model returned, by their names or numbers."""
    if isinstance(returned, torch.Tensor):
        named = {"0": returned}
    elif isinstance(returned, Mapping):
        named = {str(key): value for key, value in returned.items()}
    elif hasattr(returned, "_fields"):
        named = dict(zip(returned._fields, returned))
    elif isinstance(returned, (list, tuple)):
        named = {str(index): value for index, value in enumerate(returned)}
    else:
        named = dict(vars(returned)) if hasattr(returned, "__dict__") else {}
    tensors = {name: value for name, value in named.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise InputError(f"the model returns {type(returned).__name__}, not a tensor of logits")
    return tensors


def _choose(parts: Mapping[str, torch.Tensor], output: str | int | None) -> str:
    names = ", ".join(f"`{name}`" for name in parts)
    if output is not None:
        if str(output) not in parts:
            raise InputError(f"the model has no output `{output}`; there are {names}")
        return str(output)
    if len(parts) == 1:
        return next(iter(parts))
    for name in _LOGITS:
        if name in parts:
            return name
    raise InputError(f"the model returns several tensors, {names}; choose one by its name or number")
