"""The wire format of Protocol Buffers, read without a schema and without trust.

A message is a run of fields: a number that says which field and how it is
laid out, then its content. Nothing is copied before its length is known to be
inside the message, so a field that claims 4 GB costs nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
MAX_VARINT_BYTES = 10
UINT64 = 1 << 64


class WireError(ValueError):
    """Why bytes are no message, as a part of a sentence."""


def fields(message: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Give (field number, wire type, content) in order; content is bytes for all but a varint.

    Raises WireError at the first byte that cannot be right.
    """
    at, end = 0, len(message)
    while at < end:
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise WireError(f"field number 0 before byte {at}")
        if kind == VARINT:
            value, at = _varint(message, at)
            yield number, kind, value
            continue
        if kind == LENGTH:
            size, at = _varint(message, at)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise WireError(f"wire type {kind} before byte {at}")
        if size > end - at:
            raise WireError(f"field {number} claims {size} bytes where {end - at} are left")
        yield number, kind, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    if at < len(message) and (byte := message[at]) < 0x80:  # noqa: PLR2004  # most are a single byte
        return byte, at + 1
    value = 0
    for shift in range(MAX_VARINT_BYTES):
        if at + shift >= len(message):
            raise WireError("cut off inside a number")
        byte = message[at + shift]
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:  # noqa: PLR2004  # the high bit says that more follows
            if value >= UINT64:
                raise WireError(f"a number of more than 64 bits before byte {at + shift}")
            return value, at + shift + 1
    raise WireError(f"a number of more than {MAX_VARINT_BYTES} bytes at byte {at}")


def signed(value: int, bits: int) -> int:
    """Return the two's complement that an unsigned field of `bits` carries."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def float32(content: bytes) -> float:
    """Return the little-endian single-precision number."""
    number: float = struct.unpack("<f", content)[0]
    return number


def float64(content: bytes) -> float:
    """Return the little-endian double-precision number."""
    number: float = struct.unpack("<d", content)[0]
    return number
