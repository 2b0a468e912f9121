"""What names of members, device classes and units say about the quantity, where they say it beyond doubt."""

from __future__ import annotations

from collections.abc import Mapping

from hdmonitor.units import QUANTITIES

# A pressure is not here: whether it is of the air or across a wall is not in the word.
NAMES: Mapping[str, str] = {
    "temperature": "temperature",
    "temp": "temperature",
    "humidity": "humidity",
    "hum": "humidity",
    "rh": "humidity",
    "relative humidity": "humidity",
    "relative_humidity": "humidity",
    "co2": "co2",
    "carbon_dioxide": "co2",
    "atmospheric_pressure": "pressure",
    "barometric_pressure": "pressure",
    "differential_pressure": "differential_pressure",
    "pressure_diff": "differential_pressure",
    "door": "contact",
    "window": "contact",
    "contact": "contact",
    "battery": "battery",
    "rssi": "rssi",
}
# Binary device classes of Home Assistant whose "on" is "open".
OPENINGS = frozenset(("door", "window", "opening", "garage_door"))
_UNITS: Mapping[str, tuple[str, str]] = {
    "Cel": ("temperature", "degC"),  # RFC 8428
    "celsius": ("temperature", "degC"),
    "fahrenheit": ("temperature", "degF"),
    "\N{OHM SIGN}": ("gas_resistance", "ohm"),
    "\N{GREEK CAPITAL LETTER OMEGA}": ("gas_resistance", "ohm"),
    "%RH": ("humidity", "%RH"),
    "%rh": ("humidity", "%RH"),
    "lx": ("illuminance", "lx"),
}
_TELLING = ("temperature", "co2", "airflow", "particle_count")  # whose units no other quantity has
UNITS: Mapping[str, tuple[str, str]] = {
    **{
        spelling: (name, unit.name)
        for name in _TELLING
        for unit in QUANTITIES[name].units
        for spelling in (unit.name, *unit.spellings)
        if spelling not in {"K", "L/s", "l/s"}
    },
    **_UNITS,
}


def quantity_of_name(name: str) -> str | None:
    """Return the quantity that a member or class of this name has, None if it may be several."""
    return NAMES.get(name.strip().casefold())


def quantity_of_unit(unit: object) -> str | None:
    """Return the quantity that alone has this unit, None if there are several or none."""
    return UNITS[unit][0] if isinstance(unit, str) and unit in UNITS else None


def unit_as_known(unit: object) -> object:
    """Return a unit in the spelling of `hdmonitor.units` where it is one of another world."""
    return _UNITS[unit][1] if isinstance(unit, str) and unit in _UNITS else unit
