"""A live reading beside a reference: whether a point says what the certified instrument says.

Sign and unit are suspected only where the reading agrees with the reference
after the change, and disagrees before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from hdmonitor.model import Point
from hdmonitor.site_points import LARGEST_OFFSET
from hdmonitor.units import QUANTITIES, add, convert, express, parse_difference, show, unit_named

# How near two good instruments are to each other; practice, not in a standard.
NEAR = {"temperature": "0.5 degC", "humidity": "3 %RH", "differential_pressure": "0.002 inH2O"}
NEAR_OTHERWISE = 0.05  # of the reference


@dataclass(frozen=True, slots=True)
class Compared:
    """How a reading stands to its reference, in the canonical unit, and what to do about it."""

    reading: float
    reference: float
    agrees: bool
    advice: str

    @property
    def difference(self) -> float:
        """What would have to be added to the reading."""
        return add(self.reference, -self.reading)


def compare(point: Point, reading: float, reference: float) -> Compared:
    """Compare a reading of `point`, as it is judged, with a reference; both canonical."""

    def near(value: float) -> bool:
        return abs(value - reference) <= _tolerance(point.quantity, reference)

    def said(advice: str) -> Compared:
        return Compared(reading, reference, near(reading), advice)

    if QUANTITIES[point.quantity].words is not None:
        words = QUANTITIES[point.quantity].words or ()
        wrong = f"it says {words[int(reading)]!r} for {words[int(reference)]!r}: exchange the words of 'unit'"
        return said("agrees" if reading == reference else wrong)
    if near(reading):
        return said("agrees")
    raw = add(reading, -point.offset) * point.sign
    if near(add(-raw * point.sign, point.offset)):
        return said(
            "the reference has the other sign: the two ports are exchanged; "
            f"write sign: {-point.sign}, and look at the piping"
        )
    for unit in _others(point):
        figure = express(raw, point.quantity, point.unit)
        if near(add(convert(figure, unit, point.quantity) * point.sign, point.offset)):
            return said(f"the figure is right in another unit: write unit: {unit} instead of {point.unit}")
    return said(_offset(point, add(reference, -reading)))


def _tolerance(quantity: str, reference: float) -> float:
    if quantity in NEAR:
        return parse_difference(NEAR[quantity], quantity)
    return abs(reference) * NEAR_OTHERWISE


def _others(point: Point) -> list[str]:
    if point.unit.startswith("@"):  # the message names it
        return []
    own = unit_named(point.unit, point.quantity).name
    return [unit.name for unit in QUANTITIES[point.quantity].units if unit.name != own]


def _offset(point: Point, difference: float) -> str:
    cap = LARGEST_OFFSET.get(point.quantity)
    if cap is None:
        return f"{point.quantity} cannot be corrected by an offset; adjust or replace the sensor"
    unit = QUANTITIES[point.quantity].canonical
    whole = add(point.offset, difference)
    written = f"{whole:.4g} {unit}"
    if abs(whole) > parse_difference(cap, point.quantity):
        return f"an offset of {written} exceeds the cap of {cap}; adjust or replace the sensor"
    return f"write offset: {written!r}"


def as_line(point: Point, found: Compared) -> str:
    """Say it in one line: reading, reference, difference, advice."""
    unit = point.rules[0].unit if point.rules else QUANTITIES[point.quantity].canonical
    shown = [show(value, point.quantity, unit) for value in (found.reading, found.reference)]
    return f"{point.name}: reads {shown[0]}, reference {shown[1]}: {found.advice}"
