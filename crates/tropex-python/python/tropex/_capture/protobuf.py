"""Writing of protocol buffers: messages are lists of byte strings, which are joined once at the end."""

from __future__ import annotations

import struct

# Wire types of https://protobuf.dev/programming-guides/encoding.
_VARINT = 0
_LENGTH = 2
_FIXED32 = 5


class Message:
    """A message that is written field by field.

    Byte strings and buffers are kept by reference, so that weights are copied once, by `to_bytes`.
    """

    def __init__(self) -> None:
        self._parts: list[bytes | memoryview] = []
        self._size = 0

    def integer(self, field: int, number: int) -> None:
        """Adds an int32, int64 or enum field."""
        self._append(_tag(field, _VARINT) + _varint(number))

    def float32(self, field: int, number: float) -> None:
        """Adds a float field."""
        self._append(_tag(field, _FIXED32) + struct.pack("<f", number))

    def text(self, field: int, text: str) -> None:
        """Adds a string field."""
        self.data(field, text.encode())

    def data(self, field: int, content: bytes | memoryview) -> None:
        """Adds a bytes field. `content` has one byte per item."""
        self._append(_tag(field, _LENGTH) + _varint(len(content)))
        self._append(content)

    def message(self, field: int, message: Message) -> None:
        """Adds a message field; `message` must be complete."""
        self._append(_tag(field, _LENGTH) + _varint(message._size))
        self._parts.extend(message._parts)
        self._size += message._size

    def to_bytes(self) -> bytes:
        """The encoded message."""
        return b"".join(self._parts)

    def _append(self, part: bytes | memoryview) -> None:
        self._parts.append(part)
        self._size += len(part)


def _tag(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _varint(number: int) -> bytes:
    """Seven bits per byte, the lowest first; negative numbers as 64-bit two's complement."""
    number &= 0xFFFF_FFFF_FFFF_FFFF
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
