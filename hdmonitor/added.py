"""Sums of several points over their history: what they would have been, had every part come in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from heapq import merge
from typing import NamedTuple

from hdmonitor.events import Measured
from hdmonitor.history import JUDGED, MICROSECOND, in_order, told_at
from hdmonitor.model import EPOCH, Leg, Point, Quality, Reading
from hdmonitor.rules.sums import added

TELLING = (*JUDGED, Quality.FAULT)  # a fault tells that there is no value


class Part(NamedTuple):
    """A point that is added up with others, and how long one reading of it vouches."""

    leg: Leg
    valid_for: timedelta


class Parts(NamedTuple):
    """What a point is the sum of. Of one moment the parts come in this order."""

    of: tuple[Part, ...]
    measured: Measured

    def since(self, point: Point, begin: datetime, batch: Sequence[Reading]) -> list[tuple[datetime, float]]:
        """Return the sums from `begin` on, from the record and what this `batch` adds to it."""
        lead = max(part.valid_for for part in self.of)
        told = [
            [*self.measured(part.leg.point, begin - lead), *_told(batch, part.leg.point)] for part in self.of
        ]
        return [each for each in series(point.base, self.of, told) if each[0] >= begin]


def measured_in(readings: Iterable[Reading], since: datetime) -> list[tuple[datetime, float | None]]:
    """Return what readings of one point told of the time since then, in any order."""
    return [
        (told_at(one), one.value) for one in readings if one.quality in TELLING and one.measured_at >= since
    ]


def series(
    base: float, parts: Sequence[Part], told: Sequence[Iterable[tuple[datetime, float | None]]]
) -> list[tuple[datetime, float]]:
    """Add up what each part told, in the one order of their times, as a monitor does reading by reading."""
    heard: list[datetime | None] = [None] * len(parts)
    values: list[float | None] = [None] * len(parts)
    ranked = ([(at, rank, value) for at, value in in_order(each, EPOCH)] for rank, each in enumerate(told))
    sums: list[tuple[datetime, float]] = []
    for at, rank, value in merge(*ranked, key=lambda each: each[:2]):
        heard[rank], values[rank] = at, value
        newest = zip(parts, heard, values, strict=True)
        found = added(base, ((part.leg, part.valid_for, when, its) for part, when, its in newest))
        if found is None:
            continue
        moment, figure = found
        if sums and moment <= sums[-1][0]:
            if figure == sums[-1][1]:
                continue
            moment = sums[-1][0] + MICROSECOND
        sums.append((moment, figure))
    return sums


def _told(batch: Sequence[Reading], point: str) -> list[tuple[datetime, float | None]]:
    return measured_in((one for one in batch if one.point == point), EPOCH)
