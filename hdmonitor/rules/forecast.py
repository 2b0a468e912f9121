"""When a value would reach its next limit if it went on as it has lately: a hint, never an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from hdmonitor.model import NO_TIME, Level, Side, Threshold

LOOKS_BACK = timedelta(minutes=30)
LEAST_READINGS = 5
LEAST_SPAN = timedelta(minutes=5)  # below it, noise is taken for a slope
FARTHEST = timedelta(hours=4)
ERRORS = 2.0  # standard errors of the slope to each side


@dataclass(frozen=True, slots=True)
class Forecast:
    """The limit that a value is on its way to, and between when and when it gets there."""

    threshold: Threshold
    earliest: timedelta
    latest: timedelta | None  # None: perhaps not within hours


def forecast(readings: Sequence[tuple[datetime, float]], limits: Sequence[Threshold]) -> Forecast | None:
    """Return where the last half hour leads, from a least-squares line through its readings.

    `readings` are in the order of their times, values in the unit of the limits.
    None where there are too few, where the slope may be none (zero lies within
    two standard errors), or where no limit of alarm level lies ahead for hours.
    """
    recent = [each for each in readings if readings[-1][0] - each[0] <= LOOKS_BACK]
    if len(recent) < LEAST_READINGS or recent[-1][0] - recent[0][0] < LEAST_SPAN:
        return None
    value, slope, error = _line(recent)
    side = Side.HIGH if slope > 0 else Side.LOW
    if abs(slope) <= ERRORS * error:
        return None
    ahead = [t for t in limits if t.level > Level.WARNING and t.side is side and not t.outside(value)]
    nearest = min(ahead, key=lambda limit: abs(limit.limit - value), default=None)
    if nearest is None:
        return None
    way = abs(nearest.limit - value)
    earliest = timedelta(seconds=way / (abs(slope) + ERRORS * error))
    slowest = way / (abs(slope) - ERRORS * error)
    if not NO_TIME <= earliest <= FARTHEST:
        return None
    far = slowest > FARTHEST.total_seconds()
    return Forecast(nearest, earliest, None if far else timedelta(seconds=slowest))


def _line(readings: Sequence[tuple[datetime, float]]) -> tuple[float, float, float]:
    """Return value at the last reading, slope a second and standard error of the slope."""
    last = readings[-1][0]
    times = [(at - last).total_seconds() for at, _ in readings]
    values = [value for _, value in readings]
    count = len(readings)
    middle, mean = sum(times) / count, sum(values) / count
    spread = sum((time - middle) ** 2 for time in times)
    pairs = zip(times, values, strict=True)
    slope = sum((time - middle) * (value - mean) for time, value in pairs) / spread
    start = mean - slope * middle
    pairs = zip(times, values, strict=True)
    scatter = sum((value - start - slope * time) ** 2 for time, value in pairs) / (count - 2)
    return start, slope, sqrt(scatter / spread)
