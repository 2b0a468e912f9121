"""What can be wrong with quantity, unit and field of a point, in any family."""

from __future__ import annotations

from hdmonitor.model import Point
from hdmonitor.sensors.states import polarity
from hdmonitor.units import UnitError, quantity_named, unit_named

# What sits beside the measured value and must not be taken for it.
NOT_MEASURED = {
    "device_temperature": "the temperature of the chip",
    "ReferenceTemperature": "the cold junction of the amplifier",
    "DewPoint": "computed from temperature and humidity",
    "eCO2": "a smoothed estimate",
}


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
