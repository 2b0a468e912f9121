"""Quantities and units: converting at the edge, reading what people write, showing it again.

Inside the program every quantity has one canonical unit and full precision.
A value is converted when it enters and expressed in the unit of its limit
when it is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from math import copysign, inf, isfinite, nextafter
from types import MappingProxyType
from zoneinfo import ZoneInfo

PASCAL_PER_INCH_WATER = Fraction("249.0889")  # conventional (4 °C); other water is not mixed in
PASCAL_PER_MILLIMETRE_WATER = Fraction("9.80665")
HECTOPASCAL_PER_MILLIMETRE_MERCURY = Fraction("1.33322387415")
HECTOPASCAL_PER_PSI = Fraction("68.94757293168")
CUBIC_FEET_PER_CUBIC_METRE = Fraction("35.3147")
METRES_PER_SECOND_PER_FOOT_PER_MINUTE = Fraction("0.00508")
CELSIUS_IN_KELVIN = Fraction("273.15")

ONE, NOUGHT = Fraction(1), Fraction(0)  # of canonical units; told by identity, which is quick
DIGITS = 15  # so many digits of a decimal survive in a double; limits are written with no more
WRITTEN_PLACES = 12  # nor with more decimals than these
CONVERSION_PLACES = 10  # the finest that figures are rounded to, far below any instrument
LONGEST_FIGURE = 14  # with more digits than usual, which no phone has room for
FIGURES = 50_000  # a sensor repeats its figures; each is converted once while it is among the newest

AMOUNT = re.compile(r"([+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?)(?:\s+(\S.*)|([^\s0-9.].*))?")
DURATION = re.compile(r"(?:([0-9]{1,9})d)?\s*(?:([0-9]{1,9})h)?\s*(?:([0-9]{1,9})m)?\s*(?:([0-9]{1,9})s)?")


class UnitError(ValueError):
    """A quantity, unit, amount or duration that cannot be used, as a sentence."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit of a quantity: canonical = (value - zero) * scale."""

    name: str
    decimals: int  # usual when shown
    short: str  # as messages and pages write it
    scale: Fraction = ONE
    zero: Fraction = NOUGHT
    spellings: tuple[str, ...] = ()
    limit_decimals: int = 0  # at least so many for a limit: "0.020", but "8"


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is measured, its canonical unit (the first) and the others it may come in."""

    name: str
    units: tuple[Unit, ...]
    words: tuple[str, str] | None = None  # of a state: for 0.0 and for 1.0

    @property
    def canonical(self) -> str:
        """Name of the unit that values have inside the program."""
        return self.units[0].name


def _state(name: str, zero: str, one: str) -> Quantity:
    return Quantity(name, (Unit("state", 0, "", spellings=("bool",)),), words=(zero, one))


_PERCENT = Unit("%", 0, "%")
_QUANTITIES = (
    Quantity(
        "temperature",
        (
            Unit("degC", 1, "C", spellings=("°C", "C", "\N{DEGREE CELSIUS}")),
            Unit("degF", 1, "F", Fraction(5, 9), Fraction(32), ("°F", "F", "\N{DEGREE FAHRENHEIT}")),
            Unit("K", 1, "K", zero=CELSIUS_IN_KELVIN),
        ),
    ),
    Quantity(
        "humidity",
        (Unit("%RH", 0, "%RH", spellings=("%", "%rh", "% RH")), Unit("ratio", 2, "", Fraction(100))),
    ),
    Quantity(
        "differential_pressure",
        (
            Unit("Pa", 2, "Pa"),
            Unit("hPa", 3, "hPa", Fraction(100)),
            Unit("mbar", 3, "mbar", Fraction(100)),
            Unit(
                "inH2O",
                3,
                "in",
                PASCAL_PER_INCH_WATER,
                spellings=("inwc", "inWC", "in wc", "in w.c.", "inH\N{SUBSCRIPT TWO}O", "in H2O"),
                limit_decimals=3,
            ),
            Unit(
                "mmH2O", 2, "mmH2O", PASCAL_PER_MILLIMETRE_WATER, spellings=("mmwc", "mmH\N{SUBSCRIPT TWO}O")
            ),
        ),
    ),
    Quantity(
        "pressure",
        (
            Unit("hPa", 1, "hPa"),
            Unit("mbar", 1, "mbar"),
            Unit("Pa", 0, "Pa", Fraction(1, 100)),
            Unit("kPa", 2, "kPa", Fraction(10)),
            Unit("psi", 2, "psi", HECTOPASCAL_PER_PSI),
            Unit("mmHg", 1, "mmHg", HECTOPASCAL_PER_MILLIMETRE_MERCURY),
            Unit("inHg", 2, "inHg", Fraction("25.4") * HECTOPASCAL_PER_MILLIMETRE_MERCURY),
        ),
    ),
    Quantity(
        "air_velocity",
        (
            Unit("m/s", 2, "m/s"),
            Unit("ft/min", 0, "fpm", METRES_PER_SECOND_PER_FOOT_PER_MINUTE, spellings=("fpm", "FPM")),
        ),
    ),
    Quantity(
        "airflow",
        (
            Unit("m3/h", 0, "m3/h", spellings=("m³/h",)),
            Unit("cfm", 0, "cfm", 60 / CUBIC_FEET_PER_CUBIC_METRE, spellings=("CFM", "ft3/min", "ft³/min")),
            Unit("L/s", 1, "L/s", Fraction("3.6"), spellings=("l/s",)),
        ),
    ),
    Quantity("air_changes", (Unit("1/h", 1, "/h", spellings=("/h", "ACH", "ACPH")),)),
    Quantity(
        "volume",
        (
            Unit("m3", 1, "m3", spellings=("m³",)),
            Unit("ft3", 0, "ft3", 1 / CUBIC_FEET_PER_CUBIC_METRE, spellings=("ft³", "cu ft")),
        ),
    ),
    Quantity(
        "particle_count",
        (
            Unit("1/m3", 0, "/m3", spellings=("1/m³", "pcs/m3")),
            Unit("1/ft3", 0, "/ft3", CUBIC_FEET_PER_CUBIC_METRE, spellings=("1/ft³",)),
            Unit("1/L", 0, "/L", Fraction(1_000), spellings=("1/l",)),
            Unit("1/0.1L", 0, "/0.1L", Fraction(10_000), spellings=("1/0.1l",)),
            Unit("1/28.3L", 0, "/28.3L", 1000 / Fraction("28.3"), spellings=("1/28.3l",)),
        ),
    ),
    Quantity("co2", (Unit("ppm", 0, "ppm"),)),
    _state("contact", "closed", "open"),
    _state("running", "stopped", "running"),
    _state("mains", "lost", "on mains"),
    _state("flowing", "still", "flowing"),
    Quantity("charge", (_PERCENT,)),
    Quantity("battery", (_PERCENT,)),
    Quantity("voltage", (Unit("V", 2, "V"), Unit("mV", 0, "mV", Fraction(1, 1000)))),
    Quantity("current", (Unit("A", 2, "A"), Unit("mA", 1, "mA", Fraction(1, 1000)))),
)
QUANTITIES: Mapping[str, Quantity] = MappingProxyType({each.name: each for each in _QUANTITIES})


@cache
def quantity_named(name: str) -> Quantity:
    """Return the quantity; raise UnitError listing the known ones."""
    if name not in QUANTITIES:
        raise UnitError(f"{name!r} is not a quantity; known are {', '.join(QUANTITIES)}")
    return QUANTITIES[name]


@cache
def unit_named(unit: str, quantity: str) -> Unit:
    """Return the unit of `quantity` spelt `unit`; raise UnitError listing the known ones."""
    known = quantity_named(quantity).units
    for each in known:
        if unit == each.name or unit in each.spellings:
            return each
    listed = ", ".join(
        f"{each.name} ({each.spellings[0]})" if each.spellings else each.name for each in known
    )
    raise UnitError(f"{unit!r} is not a unit of {quantity}; known are {listed}")


def convert(value: float, unit: str, quantity: str) -> float:
    """Return `value`, given in `unit`, in the canonical unit of `quantity`.

    As people reckon: the decimal that was written, times an exact factor,
    rounded once. So 46.4 °F is 8 °C, and a limit is one limit in every unit.
    """
    known = unit_named(unit, quantity)
    return value if known.scale is ONE and known.zero is NOUGHT else _converted(value, unit, quantity)


@lru_cache(maxsize=FIGURES)
def _converted(value: float, unit: str, quantity: str) -> float:
    known = unit_named(unit, quantity)
    converted = _exactly(value, known)
    written = round(float(f"{value:.{DIGITS - 1}e}"), WRITTEN_PLACES)
    if written != value and converted == _exactly(written, known):
        # The smallest step in one unit may be less than one in the other. A value that is not
        # at a limit in its own unit must not come to lie on it.
        return nextafter(converted, inf if value > written else -inf)
    return converted


def _exactly(value: float, unit: Unit) -> float:
    if not isfinite(value):
        return value
    try:
        return float((Fraction(repr(value)) - unit.zero) * unit.scale)
    except OverflowError:
        return copysign(inf, value)


def express(value: float, quantity: str, unit: str) -> float:
    """Return canonical `value` in `unit`."""
    known = unit_named(unit, quantity)
    if (known.scale == 1 and known.zero == 0) or not isfinite(value):
        return value
    return float(Fraction(repr(value)) / known.scale + known.zero)


def difference(value: float, unit: str, quantity: str) -> float:
    """Return a delta (deadband, offset) in the canonical unit: 1.8 °F is 1 °C here, not -16.8."""
    known = unit_named(unit, quantity)
    return value if known.scale == 1 else float(Fraction(repr(value)) * known.scale)


def add(value: float, offset: float) -> float:
    """Add as people do: 0.1 and 0.2 is 0.3, so that a corrected value can be at a limit."""
    if offset == 0 or not isfinite(value):
        return value
    return float(Fraction(repr(value)) + Fraction(repr(offset)))


def _amount(text: str, quantity: str) -> tuple[float, str]:
    found = AMOUNT.fullmatch(text.strip())
    if found is None:
        raise UnitError(f"{text!r} is not an amount of {quantity}; write a number and its unit")
    unit = found[2] or found[3]
    if unit is None:
        canonical = quantity_named(quantity).canonical
        raise UnitError(f"{text!r} has no unit; write for instance '{text.strip()} {canonical}'")
    return float(found[1]), unit


def parse_amount(text: str, quantity: str) -> float:
    """Read "-0.020 inH2O", "46.4 °F", or "open" for a state; canonical unit."""
    words = quantity_named(quantity).words
    if words is None:
        return convert(*_amount(text, quantity), quantity)
    if text.strip() not in words:
        raise UnitError(f"{text!r} is not a state of {quantity}; write {words[1]!r} or {words[0]!r}")
    return float(words.index(text.strip()))


def parse_difference(text: str, quantity: str) -> float:
    """Read a delta such as "0.3 degC" or "0.5 °F"; canonical unit, no shift of the zero."""
    return difference(*_amount(text, quantity), quantity)


def parse_duration(text: str) -> timedelta:
    """Read "20s", "5m", "1h30m", "24h", "30d"; raise UnitError for anything else."""
    found = DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise UnitError(f"{text!r} is not a duration; write whole d, h, m, s in this order, such as '1h30m'")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise UnitError(f"{text!r} is longer than any duration that can be kept") from None


def show_moment(at: datetime, zone: str) -> str:
    """Write a moment to the minute in the time of a site: "2026-03-02 09:04 EST"."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M %Z}"


def show_duration(duration: timedelta) -> str:
    """Show the two largest parts, cut, not rounded: "1 h 12 min", "45 s", "3 d"."""
    seconds = int(abs(duration).total_seconds())
    sizes = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    first = next((at for at, (_, size) in enumerate(sizes) if seconds >= size), len(sizes) - 1)
    parts: list[str] = []
    for name, size in sizes[first : first + 2]:
        count, seconds = divmod(seconds, size)
        if count or not parts:
            parts.append(f"{count} {name}")
    return ("-" if duration < timedelta(0) else "") + " ".join(parts)


def show(value: float, quantity: str, unit: str, *limits: float) -> str:
    """Show canonical `value` in `unit`, customarily rounded: "9.4 C", "-0.001 in", "open".

    With `limits` (canonical) the figure gets as many decimals as it needs to
    stand on the same side of each as the value itself: 0.0196 is never shown
    as 0.020 beside a limit of 0.020. One that is nearer than any figure can
    tell is "<0.020" or ">0.020".
    """
    words = quantity_named(quantity).words
    if words is not None and value in (0.0, 1.0):
        return words[int(value)]
    known = unit_named(unit, quantity)
    figure = express(value, quantity, unit)
    edges = [(limit, float(show_limit(limit, quantity, unit))) for limit in limits] if words is None else []
    for places in range(known.decimals, CONVERSION_PLACES):
        text = f"{figure:z.{places}f}"
        if places > known.decimals and len(text) > LONGEST_FIGURE:
            break
        if all(_side(float(text), edge) == _side(value, limit) for limit, edge in edges):
            return f"{text} {known.short}".rstrip()
    if not edges:
        return f"{figure:z.{known.decimals}f} {known.short}".rstrip()
    nearest = min(limits, key=lambda limit: abs(limit - value))
    sign = {1: ">", -1: "<", 0: ""}[_side(value, nearest)]
    return f"{sign}{show_limit(nearest, quantity, unit)} {known.short}".rstrip()


def _side(value: float, edge: float) -> int:
    return (value > edge) - (value < edge)


@lru_cache(1_000)  # each message about a point shows its limits several times
def show_limit(limit: float, quantity: str, unit: str) -> str:
    """Show a limit exactly as it was written, without its unit: "8", "2.5", "-0.010", "open"."""
    words = quantity_named(quantity).words
    if words is not None and limit in (0.0, 1.0):
        return words[int(limit)]
    whole, _, places = f"{express(limit, quantity, unit):z.{CONVERSION_PLACES}f}".partition(".")
    places = places.rstrip("0").ljust(unit_named(unit, quantity).limit_decimals, "0")
    return f"{whole}.{places}" if places else whole
