"""Whether pressures exist at which every pair of rooms is inside its band.

Each band says how far one room may stand above or below another. Such bands
are difference constraints: they can be met together if and only if no way
around through the rooms adds up to less than nothing (Bellman-Ford).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

STEP = 1e-10  # Pa, the last place of a converted limit


@dataclass(frozen=True, slots=True)
class Band:
    """`low` <= P(room) - P(to) <= `high`, Pa; an end that is exclusive is itself outside."""

    room: str
    to: str
    low: float = -inf
    high: float = inf
    low_exclusive: bool = False
    high_exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Bands that cannot be met together, or at one set of pressures only."""

    bands: tuple[int, ...]  # indices, in order
    possible: bool  # exactly one set of pressures meets them


@dataclass(frozen=True, slots=True)
class _Bound:
    """P(upper) - P(lower) <= most, in steps."""

    lower: str
    upper: str
    most: int
    band: int


def conflicts(bands: Sequence[Band]) -> list[Conflict]:
    """Return every way in which `bands` contradict each other, each once.

    The last band of a contradiction is left out before the next is looked for.
    """
    found: list[Conflict] = []
    left = list(enumerate(bands))
    for margin in (0, 1):
        while cycle := _cycle([bound for index, band in left for bound in _bounds(index, band, margin)]):
            found.append(Conflict(tuple(sorted(cycle)), possible=margin > 0))
            left = [each for each in left if each[0] != max(cycle)]
    return found


def _bounds(index: int, band: Band, margin: int) -> list[_Bound]:
    bounds = []
    if band.high < inf:
        most = round(band.high / STEP) - margin - band.high_exclusive
        bounds.append(_Bound(band.to, band.room, most, index))
    if band.low > -inf:
        most = round(-band.low / STEP) - margin - band.low_exclusive
        bounds.append(_Bound(band.room, band.to, most, index))
    return bounds


def _cycle(bounds: Sequence[_Bound]) -> set[int]:
    """Return the bands of a way around that adds up to less than nothing, or none."""
    if not bounds:
        return set()
    rooms = {bound.lower for bound in bounds} | {bound.upper for bound in bounds}
    highest = dict.fromkeys(rooms, 0)
    through: dict[str, _Bound] = {}
    moved = ""
    for _ in rooms:
        moved = ""
        for bound in bounds:
            if highest[bound.lower] + bound.most < highest[bound.upper]:
                highest[bound.upper] = highest[bound.lower] + bound.most
                through[bound.upper] = bound
                moved = bound.upper
        if not moved:
            return set()
    for _ in rooms:  # back onto the way around, which the last change may only hang from
        moved = through[moved].lower
    start, found = moved, {through[moved].band}
    while (moved := through[moved].lower) != start:
        found.add(through[moved].band)
    return found
