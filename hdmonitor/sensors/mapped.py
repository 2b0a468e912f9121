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

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import strict_json, text_number
from hdmonitor.sensors.values import wrong_with
from hdmonitor.units import QUANTITIES


@lru_cache(maxsize=4096)
def compiled(expression: str) -> ParsedResult:
    """Return the parsed expression; raises JMESPathError."""
    return jmespath.compile(expression)


def read(message: Message, context: Context) -> Answer:
    """Read what the expressions find; numbers written as text are read as well."""
    body = strict_json(message.payload)
    if isinstance(body, Rejected):
        return body
    if not context.channels:
        return Rejected("mapped needs channels: which expression finds which quantity, in which unit")
    time = look(context.time, body)
    out = Gathering("mapped", message, context, message.topic, time=time)
    marked = _marked(body) if b"null" in message.payload else None
    for expression, channel in context.channels.items():
        raw = look(expression, body)
        # JMESPath gives None for both; an explicit null is a fault, an absent member is nothing.
        if isinstance(raw, Rejected):
            out.unreadable(expression, channel.quantity, raw.reason)
        elif raw is not None or look(expression, marked) == "null":
            _take(out, expression, channel.unit, raw, body)
    battery = look(context.battery, body)
    if isinstance(battery, str):
        out.beside("battery_low", battery.strip().casefold() == "low" or None)
    else:
        out.beside("battery", battery)
    return out.findings(body)


def _take(out: Gathering, expression: str, written: str | None, raw: object, body: object) -> None:
    if written is None or not written.startswith("@"):
        out.add(expression, raw, text=True)
        return
    unit = look(written[1:], body)
    own = text_number(raw.strip()) if isinstance(raw, str) else None
    if unit is None and raw is not None and not (own and own[1]):
        unit = Rejected(f"the unit of {expression!r:.60} is None, not text")
    if isinstance(unit, Rejected):
        out.unreadable(expression, out.context.channels[expression].quantity, unit.reason)
    else:
        out.add(expression, raw, said=unit or "", text=True)


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


def recognise(_message: Message) -> Sure:
    """Nothing is mapped unless a site says how."""
    return Sure.NO


FAMILY = Family(
    "mapped", 1, Evidence.DOCUMENTED, "any JSON, by JMESPath expressions", recognise, stateless(read), check
)
