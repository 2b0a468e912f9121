"""From one raw member of a message to one value of a point, and from those to what the message says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from hdmonitor.model import Decoded, Point, Rejected, Value
from hdmonitor.sensors.faults import fault_of, fault_of_text
from hdmonitor.sensors.states import polarity, state_of
from hdmonitor.sensors.strict import number, text_number
from hdmonitor.units import QUANTITIES, UnitError, convert, quantity_named, unit_named

UNREADABLE = "unreadable"
NAMES_SHOWN = 12

# What sits beside the measured value and must not be taken for it.
NOT_MEASURED = {
    "device_temperature": "the temperature of the chip",
    "ReferenceTemperature": "the cold junction of the amplifier",
    "DewPoint": "computed from temperature and humidity",
    "eCO2": "a smoothed estimate",
}


def read(point: Point, raw: object, unit: object) -> Value | Rejected:
    """Read a JSON member that carries `unit`; text is a state or a fault, never a number."""
    if raw is None:
        return _fault(point, "null")
    if not isinstance(unit, str):
        return Rejected(f"the unit of {point.field!r:.60} is {unit!r:.40}, not text")
    try:
        if QUANTITIES[point.quantity].words is not None:
            return _state(point, raw, unit)
        return _number(point, raw, unit)
    except UnitError as error:
        return Rejected(f"{point.field!r:.60}: {error}")


def read_text(point: Point, raw: object, unit: object) -> Value | Rejected:
    """Read like `read`, and also text such as "4.2" or "39.6 °F"; a unit in it wins over `unit`."""
    if not isinstance(raw, str) or QUANTITIES[point.quantity].words is not None:
        return read(point, raw, unit)
    figure = text_number(raw.strip())
    if figure is None:
        return read(point, raw, unit)
    return read(point, figure[0], figure[1] or unit)


def _fault(point: Point, fault: str) -> Value:
    return Value(point.field, point.quantity, None, fault)


def _number(point: Point, raw: object, unit: str) -> Value | Rejected:
    if isinstance(raw, str) and (fault := fault_of_text(raw)):
        return _fault(point, fault)
    value = number(raw)
    if value is None:
        return Rejected(f"no number in {point.field!r:.60}: {raw!r:.60}")
    if fault := fault_of(value, point.quantity, unit, point.family):
        return _fault(point, fault)
    return Value(point.field, point.quantity, convert(value, unit, point.quantity))


def _state(point: Point, raw: object, unit: str) -> Value | Rejected:
    state = state_of(raw, unit, point.quantity)
    if state is not None:
        return Value(point.field, point.quantity, state)
    if isinstance(raw, str) and (fault := fault_of_text(raw)):
        return _fault(point, fault)
    known = " nor ".join(repr(word) for word in polarity(unit, point.quantity))
    return Rejected(f"{raw!r:.60} in {point.field!r:.60} is neither {known}")


def said(
    found: Sequence[tuple[Point, Value | Rejected]],
    time: datetime | None = None,
    battery: float | None = None,
) -> Decoded | Rejected:
    """Put together what a message says, from the points it has something of (one at least).

    Where everything is unreadable the message is rejected, so that it is kept
    for inspection; where only a part is, that part is a fault beside the values.
    """
    reasons = [value.reason for _, value in found if isinstance(value, Rejected)]
    if len(reasons) == len(found):
        return Rejected("; ".join(reasons))
    values = tuple(
        _fault(point, UNREADABLE) if isinstance(value, Rejected) else value for point, value in found
    )
    return Decoded(values, time, battery)


def percentage(raw: object) -> float | None:
    """Return a battery level in percent, or None if `raw` is none."""
    level = number(raw)
    return level if level is not None and 0 <= level <= 100 else None  # noqa: PLR2004 - percent


def nothing_of(points: Iterable[Point], body: object) -> Rejected:
    """Say which fields were expected and which were there."""
    expected = ", ".join(f"{point.field!r:.60}" for point in points)
    return Rejected(f"has nothing of {expected}; it has {_names(body)}")


def _names(body: object) -> str:
    if not isinstance(body, dict):
        return f"{body!r:.60}"
    names = []
    for outer, member in body.items():
        names += [f"{outer}.{inner}" for inner in member] if isinstance(member, dict) and member else [outer]
    shown = ", ".join(f"{name!r:.60}" for name in names[:NAMES_SHOWN])
    return shown + (", …" if names[NAMES_SHOWN:] else "") if names else "no fields"


def wrong_with(point: Point, fixed_units: dict[str, str] | None = None) -> str | None:
    """Say what is wrong with quantity, unit or field in any family, or None.

    `fixed_units` are those that a family's protocol lays down, by quantity.
    """
    try:
        if quantity_named(point.quantity).words is not None:
            polarity(point.unit, point.quantity)
            return None
        unit = unit_named(point.unit, point.quantity).name
    except UnitError as error:
        return str(error)
    fixed = (fixed_units or {}).get(point.quantity, unit)
    if unit != fixed:
        return f"{point.family} sends {point.quantity} in {fixed}; write that unit, not {point.unit!r}"
    name = point.field.rpartition(".")[2].strip('"')
    if name in NOT_MEASURED:
        return f"the field {point.field!r} is {NOT_MEASURED[name]}, not what is measured; name another field"
    return None
