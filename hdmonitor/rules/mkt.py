"""Mean kinetic temperature: the one temperature at which goods would have aged as much.

USP <1079.2> and <1160>: T = (ΔH/R) / -ln(Σ w·exp(-ΔH/(R·T)) / Σ w), in kelvin,
with ΔH = 83.144 kJ/mol, so that ΔH/R is 10,000 K. A reading stands until the next
one, at most for the cap; the last has no weight. Weights are whole microseconds and
rates are scaled to whole numbers: sums are exact, so neither the order of addition
nor a restart changes a digit. It says nothing about frozen goods or about cold.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from math import exp, log

from hdmonitor.model import EPOCH
from hdmonitor.units import CELSIUS_IN_KELVIN, CONVERSION_PLACES

ACTIVATION = 10_000.0  # ΔH/R in kelvin
REFERENCE = 25.0 + CELSIUS_IN_KELVIN  # where the rate is 1; any other gives the same mean
SCALE_BITS = 64
SCALE = float(1 << SCALE_BITS)
MICROSECOND = timedelta(microseconds=1)
COVERED = 0.95  # of a window, below which there is no verdict


@lru_cache(maxsize=8192)  # sensors repeat their figures
def rate(celsius: float) -> int:
    """Return how fast goods age, against 25 °C, in units of 2**-64."""
    return round(exp(ACTIVATION / REFERENCE - ACTIVATION / (celsius + CELSIUS_IN_KELVIN)) * SCALE)


def micros(moment: datetime) -> int:
    """Return the whole microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def moment(micros: int) -> datetime:
    """Return the moment that `micros` told."""
    return EPOCH + micros * MICROSECOND


@dataclass(frozen=True, slots=True)
class Aged:
    """What a span of readings adds up to."""

    weight: int = 0  # microseconds for which readings stood
    ageing: int = 0  # Σ weight · rate

    def __add__(self, other: Aged) -> Aged:
        """Return both spans together."""
        return Aged(self.weight + other.weight, self.ageing + other.ageing)

    def __sub__(self, other: Aged) -> Aged:
        """Return this span without a part of it."""
        return Aged(self.weight - other.weight, self.ageing - other.ageing)

    def mean(self) -> float | None:
        """Return the mean kinetic temperature in °C; None without weight, or below -140 °C.

        The last places are cut where binary fractions are noise: goods kept at the
        limit are at the limit.
        """
        if self.weight <= 0 or self.ageing <= 0:
            return None
        inverse = 1 / REFERENCE - log(self.ageing / (self.weight << SCALE_BITS)) / ACTIVATION
        return round(1 / inverse - CELSIUS_IN_KELVIN, CONVERSION_PLACES)

    def worse_than(self, other: Aged) -> bool:
        """Tell whether these goods aged faster, without rounding."""
        return self.ageing * other.weight > other.ageing * self.weight


def stood(celsius: float, span: timedelta) -> Aged:
    """Return what goods at one temperature add up to."""
    weight = span // MICROSECOND
    return Aged(weight, weight * rate(celsius))


@dataclass(frozen=True, slots=True)
class Worst:
    """The warmest full window of a series."""

    mean: float
    start: datetime
    end: datetime


class Series:
    """Readings in the order of their times, added up so that any window is two look-ups.

    Without a cap a reading stands until the next, however late that came.
    `by_count` gives each reading the same weight and no duration.
    """

    def __init__(
        self, readings: Sequence[tuple[datetime, float]], cap: timedelta | None, *, by_count: bool = False
    ) -> None:
        self._starts = [micros(at) for at, _ in readings]
        self._rates = [rate(celsius) for _, celsius in readings]
        self._stands = _stands(self._starts, cap)
        self._by_count = by_count
        weights = [1] * len(readings) if by_count else self._stands
        ages = (weight * each for weight, each in zip(weights, self._rates, strict=True))
        self._before = [*map(Aged, accumulate(weights, initial=0), accumulate(ages, initial=0))]
        self._standing = [*accumulate(self._stands, initial=0)]

    def whole(self) -> Aged:
        """Return the sums of everything."""
        return self._before[-1]

    def coverage(self) -> float:
        """Return the part between the first and the last reading for which readings stood."""
        span = self._starts[-1] - self._starts[0] if self._starts else 0
        return sum(self._stands) / span if span else 0.0

    def between(self, start: int, end: int) -> Aged:
        """Return the sums of what stood from `start` to `end`, in microseconds since 1970."""
        return self._until(end) - self._until(start)

    def worst(self, window: timedelta) -> Worst | None:
        """Return the warmest of all windows that lie within the series and are 95 % covered.

        A mean over a sliding window turns only where a reading begins or ends
        to stand at one of its ends: those are all that need a look.
        """
        if not self._starts:
            return None
        length, first, last = window // MICROSECOND, self._starts[0], self._starts[-1]
        stops = {end for at, span in zip(self._starts, self._stands, strict=True) for end in (at, at + span)}
        ends = sorted({*stops, *(stop + length for stop in stops)})
        best: tuple[Aged, int] | None = None
        for end in ends:
            if not first + length <= end <= last or self._covered(end - length, end) < COVERED * length:
                continue
            sums = self.between(end - length, end)
            if sums.weight and (best is None or sums.worse_than(best[0])):
                best = sums, end
        mean = best[0].mean() if best else None
        if best is None or mean is None:
            return None
        return Worst(mean, moment(best[1] - length), moment(best[1]))

    def _covered(self, start: int, end: int) -> int:
        return self._stood(end) - self._stood(start)

    def _stood(self, at: int) -> int:
        index = bisect_right(self._starts, at) - 1  # windows begin with the first reading at the earliest
        return self._standing[index] + min(at - self._starts[index], self._stands[index])

    def _until(self, at: int) -> Aged:
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return Aged()
        if self._by_count:
            return self._before[index + 1]
        weight = min(at - self._starts[index], self._stands[index])
        return self._before[index] + Aged(weight, weight * self._rates[index])


def _stands(starts: Sequence[int], cap: timedelta | None) -> list[int]:
    """Return for how long each reading stands; the last one has no weight."""
    spans = [after - at for at, after in pairwise(starts)]
    if cap is not None:
        longest = cap // MICROSECOND
        spans = [min(span, longest) for span in spans]
    return [*spans, *([0] if starts else [])]


def mean_of(parts: Iterable[tuple[float, timedelta]]) -> float | None:
    """Return the mean kinetic temperature of temperatures that stood for given spans."""
    return sum((stood(celsius, span) for celsius, span in parts), Aged()).mean()
