"""Parsing that takes nothing for granted: JSON, text and numbers from a network.

Python's own readers accept more than a sensor may mean: `json.loads` takes
NaN, Infinity and duplicate keys, `float` takes "1_0", "infinity" and Arabic
digits, and True is an int. Nothing here raises, whatever the bytes.
"""

from __future__ import annotations

import json
import re
from math import isfinite

from hdmonitor.model import Rejected

# The longest message any supported sensor sends is about 8 KiB (a full Tasmota
# bus). 64 KiB leaves room for gateways and parses in about a millisecond, so a
# 1 MB payload cannot hold up the alarms behind it.
MAX_BYTES = 64 * 1024
MAX_DEPTH = 16
MAX_DIGITS = 20  # of an integer; every 64-bit number fits

BLANKS = b" \t\r\n\0"  # around a payload
_BLANKS = BLANKS.decode()
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


class _Refused(ValueError):
    """What is wrong inside a document that JSON's grammar lets pass."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Refused(f"the key {twice!r:.60} stands there twice")
    return found


def _float(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise _Refused(f"the number {text:.30} is too large")
    return value


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _Refused(f"the number {text:.30}… has more than {MAX_DIGITS} digits")
    return int(text)


def _constant(name: str) -> float:
    raise _Refused(f"{name} is not a number")


_JSON = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_float, parse_int=_int, parse_constant=_constant
)


def strict_text(payload: bytes, at_most: int = MAX_BYTES) -> str | Rejected:
    """Return the payload as text without the blanks around it, or why it is none."""
    if len(payload) > at_most:
        return Rejected(f"the payload has {len(payload)} bytes; at most {at_most} are read")
    try:
        return payload.decode("utf-8").strip(_BLANKS)
    except UnicodeDecodeError as error:
        return Rejected(f"the payload is not UTF-8 text: byte {error.start} is 0x{payload[error.start]:02x}")


def strict_json(payload: bytes, at_most: int = MAX_BYTES) -> object | Rejected:
    """Return the JSON document, or why it is none: finite numbers, unique keys, bounded depth and size."""
    text = strict_text(payload, at_most)
    if isinstance(text, Rejected):
        return text
    try:
        document: object
        document, end = _JSON.raw_decode(text)
        if end != len(text):
            _JSON.decode(text)  # says what is wrong; for the rest of them it looks for blanks that are gone
    except _Refused as error:
        return Rejected(f"unsafe JSON: {error}")
    except RecursionError:
        return Rejected(f"unsafe JSON: nested deeper than {MAX_DEPTH}")
    except json.JSONDecodeError as error:
        return Rejected(f"not JSON: {error.msg} at character {error.pos}: {text[error.pos :][:20]!r}")
    # As many brackets as that are needed to nest so deep; most messages have fewer.
    if text.count("{") + text.count("[") > MAX_DEPTH and _too_deep(document):
        return Rejected(f"unsafe JSON: nested deeper than {MAX_DEPTH}")
    return document


def strict_object(payload: bytes) -> dict[str, object] | Rejected:
    """Return the JSON object, or why it is none."""
    document = strict_json(payload)
    if isinstance(document, (dict, Rejected)):
        return document
    return Rejected("is not a JSON object")


def _too_deep(document: object) -> bool:
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, dict | list) for each in level)


def number(value: object) -> float | None:
    """Return a JSON number as a finite float; None for anything else, booleans included."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def text_number(text: str) -> tuple[float, str] | None:
    """Split "4.2 °C" into (4.2, "°C"); None if no plain finite number stands first."""
    found = NUMBER.match(text)
    if found is None:
        return None
    value = float(found[0])
    return (value, text[found.end() :].strip()) if isfinite(value) else None
