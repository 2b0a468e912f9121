"""Any JSON: JMESPath expressions say where value, unit, time and battery are.

Field: the expression for the value. A unit written "@report.unit" is the
expression for the unit's text in the message.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.parser import ParsedResult

from hdmonitor.model import Decoded, Device, Message, Point, Rejected, Value
from hdmonitor.sensors.strict import strict_json
from hdmonitor.sensors.times import device_time
from hdmonitor.sensors.values import nothing_of, percentage, read_text, said, wrong_with
from hdmonitor.units import QUANTITIES


@lru_cache(maxsize=4096)
def compiled(expression: str) -> ParsedResult:
    """Return the parsed expression; raises JMESPathError."""
    return jmespath.compile(expression)


def decode(message: Message, device: Device) -> Decoded | Rejected:
    """Read what the expressions find; numbers written as text are read as well."""
    body = strict_json(message.payload)
    if isinstance(body, Rejected):
        return body
    found: list[tuple[Point, Value | Rejected]] = []
    marked = _marked(body) if b"null" in message.payload else None
    for point in device.points:
        raw = look(point.field, body)
        # JMESPath gives None for both; an explicit null is a fault, an absent member is nothing.
        if raw is not None or look(point.field, marked) == "null":
            found.append((point, raw if isinstance(raw, Rejected) else _read(point, raw, body)))
    if not found:
        return nothing_of(device.points, body)
    time = device_time(look(device.time, body), device.zone, message.received_at)
    return said(found, time, _battery(look(device.battery, body)))


def look(expression: str | None, body: object) -> object:
    """Return what the expression finds: None for nothing, Rejected where it cannot be applied."""
    if expression is None:
        return None
    try:
        found: object = compiled(expression).search(body)
    except (JMESPathError, ArithmeticError, TypeError, ValueError) as error:
        return Rejected(f"{expression!r:.60} cannot be applied: {str(error)!r:.80}")
    return found


def _marked(body: object) -> object:
    """Return a copy in which every null can be found."""
    if isinstance(body, dict):
        return {name: _marked(member) for name, member in body.items()}
    if isinstance(body, list):
        return [_marked(member) for member in body]
    return "null" if body is None else body


def _read(point: Point, raw: object, body: object) -> Value | Rejected:
    if not point.unit.startswith("@"):
        return read_text(point, raw, point.unit)
    unit = look(point.unit[1:], body)
    return unit if isinstance(unit, Rejected) else read_text(point, raw, unit)


def _battery(raw: object) -> float | None:
    if isinstance(raw, str):
        return 0.0 if raw.strip().casefold() == "low" else None
    return percentage(raw)


def wrong_with_expression(expression: str | None) -> str | None:
    """Say why a JMESPath expression cannot be used, or None."""
    if expression is None:
        return None
    if "to_number" in expression:  # it would take "1_0" and "infinity"
        return f"{expression!r}: leave out to_number; numbers written as text are read without it"
    try:
        compiled(expression).search({})  # names unknown functions, too
    except JMESPathTypeError:
        return None  # a function that an empty message cannot feed
    except JMESPathError as error:
        return f"{expression!r} is not a JMESPath expression: {' '.join(str(error).split())}"
    return None


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    if wrong := wrong_with_expression(point.field):
        return wrong
    if point.quantity not in QUANTITIES or not point.unit.startswith("@"):
        return wrong_with(point)
    if QUANTITIES[point.quantity].words is not None:
        return f"a message cannot say which word of {point.quantity} means what; write the unit as 'ON/OFF'"
    return wrong_with_expression(point.unit[1:]) or wrong_with(
        replace(point, unit=QUANTITIES[point.quantity].canonical)
    )
