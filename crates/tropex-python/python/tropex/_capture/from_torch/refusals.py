"""Operations that cannot be captured, and the message that lists all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def message(refusals: Sequence[Refusal]) -> str:
    """One line for a single kind of operation, else a list with one line for every kind."""
    kinds: dict[tuple[str, str], list[Refusal]] = {}
    for refusal in refusals:
        kinds.setdefault((refusal.operation, refusal.reason), []).append(refusal)
    lines = [_line(alike) for alike in kinds.values()]
    if len(lines) == 1:
        return lines[0]
    listed = "".join(f"\n  {line}" for line in lines)
    return f"{len(refusals)} operations of the model cannot be captured:{listed}"


def _line(alike: Sequence[Refusal]) -> str:
    first = alike[0]
    places = list(dict.fromkeys(refusal.place for refusal in alike))
    text = ", ".join(places[:_NAMED_PLACES])
    if len(places) > _NAMED_PLACES:
        text += f" and {len(places) - _NAMED_PLACES} more"
    on = f" on {first.shape}" if first.shape else ""
    return f"{text} ({first.operation}{on}): {first.reason}"
