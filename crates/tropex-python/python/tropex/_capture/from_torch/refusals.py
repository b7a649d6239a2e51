"""Operations that cannot be captured, and the error that lists all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..._errors import UnsupportedOperationError

#: Places that are named before the rest is counted.
_NAMED_PLACES = 6


class Refused(Exception):
    """Raised by the translation of an operation; the text is the reason and what can be done."""


@dataclass(frozen=True)
class Refusal:
    """An operation that cannot be captured."""

    #: Path of the module, and the line of source if the module is the user's own.
    place: str
    #: Such as `aten.gelu`.
    operation: str
    #: Shape of its input, such as `[n, 64]`.
    shape: str
    reason: str


def unsupported(refusals: Sequence[Refusal]) -> UnsupportedOperationError:
    """The error for operations that cannot be captured. Its text names those of a kind together."""
    kinds: dict[tuple[str, str], list[Refusal]] = {}
    for refusal in refusals:
        kinds.setdefault((refusal.operation, refusal.reason), []).append(refusal)
    text = "; ".join(_text(alike) for alike in kinds.values())
    if len(refusals) > 1:
        text = f"{len(refusals)} operations of the model cannot be captured: {text}"
    listed = [(one.place, one.operation, one.shape, one.reason) for one in refusals]
    return UnsupportedOperationError(text, listed)


def _text(alike: Sequence[Refusal]) -> str:
    first = alike[0]
    places = list(dict.fromkeys(refusal.place for refusal in alike))
    text = ", ".join(places[:_NAMED_PLACES])
    if len(places) > _NAMED_PLACES:
        text += f" and {len(places) - _NAMED_PLACES} more"
    on = f" on {first.shape}" if first.shape else ""
    return f"{text} ({first.operation}{on}): {first.reason}"
