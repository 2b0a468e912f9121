"""Values that no sensor measures: pressures added up from room to room, flow over volume."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from hdmonitor.model import Leg


@lru_cache(maxsize=8192)  # sensors repeat their figures
def _part(value: float, sign: int, over: float) -> Fraction:
    return Fraction(repr(value)) * sign / Fraction(repr(over))


def total(base: float, terms: Iterable[tuple[Leg, float]]) -> float:
    """Add up as people do, in decimals: 1,290 m3/h through 43 m3 are 30 an hour, and nothing less."""
    parts = (_part(value, leg.sign, leg.over) for leg, value in terms)
    return float(sum(parts, Fraction(repr(base))))


def added(
    base: float, parts: Iterable[tuple[Leg, timedelta, datetime | None, float | None]]
) -> tuple[datetime, float] | None:
    """Add up the newest values of the parts, as of the newest of them.

    A part is how long its readings vouch, when it was heard last, and what it said.
    None where one is faulty (it said nothing), or nobody vouches for it by then: a
    guess about containment is worse than a gap.
    """
    newest = list(parts)
    at = max((heard for _, _, heard, _ in newest if heard is not None), default=None)
    terms: list[tuple[Leg, float]] = []
    for leg, valid_for, heard, value in newest:
        if at is None or heard is None or value is None or at - heard >= valid_for:
            return None
        terms.append((leg, value))
    return (at, total(base, terms)) if at is not None else None
