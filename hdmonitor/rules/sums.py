"""Values that no sensor measures: pressures added up from room to room, flow over volume."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from hdmonitor.model import Leg


def total(base: float, terms: Iterable[tuple[Leg, float]]) -> float:
    """Add up as people do, in decimals: 1,290 m3/h through 43 m3 are 30 an hour, and nothing less."""
    exact = Fraction(repr(base))
    for leg, value in terms:
        exact += Fraction(repr(value)) * leg.sign / Fraction(repr(leg.over))
    return float(exact)
