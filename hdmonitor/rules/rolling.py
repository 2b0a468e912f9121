"""The mean kinetic temperature of a trailing window, kept up to date reading by reading.

Time is cut into buckets: of a minute for a window of 24 hours, of an hour for 30 days.
A window is the buckets that have ended, up to its length; every reading is in the sums,
for as long as it stood in each bucket. The sums are whole numbers, so that a
restart, which puts them together from rows and a few readings, changes no digit.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.model import EPOCH, NO_TIME
from hdmonitor.rules.mkt import COVERED, MICROSECOND, Aged, moment, rate

A_DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1) // MICROSECOND
HOUR = timedelta(hours=1) // MICROSECOND


@dataclass(frozen=True, slots=True)
class Mean:
    """The verdict over one window; without one, bounds for the time nobody saw."""

    coverage: float
    all: float | None  # None: covered to less than 95 %
    trusted: float | None = None  # without doubted readings; None where there are none, or too few are left

    @property
    def governing(self) -> float | None:
        """Return the worse of both."""
        return max((mean for mean in (self.all, self.trusted) if mean is not None), default=None)


class Rolling:
    """A trailing window of one point. Readings come in the order of their times.

    A bucket is its index, weight and ageing, and how much of both is doubted: plain
    numbers, since every reading passes here.
    """

    __slots__ = (
        "_bucket",
        "_cap",
        "_closed",
        "_doubts",
        "_due",
        "_index",
        "_kept",
        "_last",
        "_length",
        "_newest",
        "_open",
        "_span",
        "_stale",
        "_totals",
        "window",
    )

    def __init__(self, window: timedelta, cap: timedelta) -> None:
        self.window = window
        self._span = window // MICROSECOND
        self._bucket = MINUTE if window <= A_DAY else HOUR
        self._length = self._span // self._bucket
        self._cap = cap // MICROSECOND
        self._closed: deque[tuple[int, int, int, int, int]] = deque()
        self._index = 0  # of the open bucket
        self._open = [0, 0, 0, 0]  # weight, ageing, and the doubted part of both
        self._totals = [0, 0, 0, 0]  # the same of the closed buckets
        self._last: tuple[int, float, bool] | None = None  # when, °C, doubted
        self._newest = 0
        self._kept: list[int] = []  # hours whose rows are in the journal
        self._stale: list[int] = []  # those that are not so any more
        self._doubts: list[list[Any]] = []  # from the first doubted reading to the next that is not, or None
        self._due = False

    def take(self, at: datetime, celsius: float, doubted: bool = False) -> bool:
        """Add a reading; tell whether a bucket has ended, so that `mean` may be another."""
        since = at - EPOCH
        stamp = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        before, last = self._index, self._last
        # The journal's readings tell what came since, while they are in order and equally doubted.
        if stamp <= self._newest or doubted is not (last is not None and last[2]):
            self._due = True
            self._note(stamp, doubted)
        if last is not None:
            self._stand(last[0], min(stamp, last[0] + self._cap), last[1], last[2])
        now = max(stamp // self._bucket, before)
        if now != self._index:
            self._close(now)
        self._last = (stamp, celsius, doubted)
        self._newest = max(stamp, self._newest)
        if now == before:
            return False
        if last is not None and now * self._bucket // HOUR != before * self._bucket // HOUR:
            self._due = True
        return True

    def _note(self, stamp: int, doubted: bool) -> None:
        """Remember from when until when readings are doubted."""
        standing = bool(self._doubts) and self._doubts[-1][1] is None
        if doubted and not standing:
            self._doubts.append([stamp, None])
        elif standing and not doubted:
            self._doubts[-1][1] = stamp

    def retake(self, since: datetime, values: Iterable[tuple[datetime, float]]) -> None:
        """Add up again from the bucket of `since` on, with what came late.

        `values` are in the order of their times and reach back to before that bucket, as
        far as one vouches. What was doubted is so still, and what came late in between.
        """
        index = min((since - EPOCH) // MICROSECOND // self._bucket, self._index)
        start, doubts, newest = index * self._bucket, self._doubts, self._newest
        self._closed = deque(each for each in self._closed if each[0] < index)
        self._totals = [sum(part) for part in zip(*self._closed, strict=True)][1:] or [0, 0, 0, 0]
        self._index, self._open, self._last = index, [0, 0, 0, 0], None
        self._doubts, hour = [], start // HOUR
        self._stale = [each for each in self._kept if each >= hour]
        self._kept = [each for each in self._kept if each < hour]
        before: tuple[int, float, bool] | None = None
        for at, celsius in values:
            stamp = (at - EPOCH) // MICROSECOND
            doubted = any(begin <= stamp and (end is None or stamp < end) for begin, end in doubts)
            if stamp < start:
                before = (stamp, celsius, doubted)
                continue
            if before is not None:
                self._stand(start, min(stamp, before[0] + self._cap), before[1], before[2])
                before = None
            self.take(at, celsius, doubted=doubted)
        self._last = self._last or before
        self._doubts, self._newest, self._due = doubts, max(newest, self._newest), True

    def _stand(self, start: int, end: int, celsius: float, doubted: bool) -> None:
        pace, size = rate(celsius), self._bucket
        while start < end:
            index = start // size
            if index > self._index:
                self._close(index)
            else:
                index = self._index
            stop = min(end, (index + 1) * size)
            weight = stop - start
            self._open[0] += weight
            self._open[1] += weight * pace
            if doubted:
                self._open[2] += weight
                self._open[3] += weight * pace
            start = stop

    def _close(self, index: int) -> None:
        """Let the bucket `index` be the open one, and drop what the window has left behind."""
        closed, totals = self._closed, self._totals
        if self._open[0]:
            weight, ageing, doubted, doubted_ageing = self._open
            closed.append((self._index, weight, ageing, doubted, doubted_ageing))
            totals[0] += weight
            totals[1] += ageing
            totals[2] += doubted
            totals[3] += doubted_ageing
            self._open = [0, 0, 0, 0]
        self._index = index
        oldest = index - self._length
        while closed and closed[0][0] < oldest:
            _, weight, ageing, doubted, doubted_ageing = closed.popleft()
            totals[0] -= weight
            totals[1] -= ageing
            totals[2] -= doubted
            totals[3] -= doubted_ageing

    @property
    def doubted(self) -> bool:
        """Tell whether the newest reading was doubted."""
        return self._last is not None and self._last[2]

    @property
    def all(self) -> Aged:
        """Everything in the window."""
        return Aged(self._totals[0], self._totals[1])

    # --- verdicts -----------------------------------------------------------

    def silent_below(self, edge: int) -> bool:
        """Tell, in whole numbers, whether there is no verdict, or none above the rate `edge`."""
        weight, ageing, doubted, _ = self._totals
        return weight < COVERED * self._span or (not doubted and ageing <= edge * weight)

    def mean(self) -> Mean:
        """Return the mean over the buckets of the window that has ended last."""
        weight, ageing, doubted, doubted_ageing = self._totals
        coverage = weight / self._span
        if coverage < COVERED:
            return Mean(coverage, None)
        trusted = None
        if doubted:
            left = Aged(weight - doubted, ageing - doubted_ageing)
            trusted = left.mean() if left.weight / self._span >= COVERED else None
        return Mean(coverage, Aged(weight, ageing).mean(), trusted)

    def bounds(self, lowest: float, highest: float) -> tuple[float | None, float | None]:
        """Return the means if the time nobody saw was at `lowest`, or at `highest`, °C."""
        missing = self._span - self._totals[0]
        low, high = (self.all + Aged(missing, missing * rate(each)) for each in (lowest, highest))
        return low.mean(), high.mean()

    def left(self, celsius: float, limit: float) -> timedelta | None:
        """Return how long until the mean passes `limit`, if it stays at `celsius` from now on.

        None: it does not, or it is not known, because the window is covered too little.
        Over the limit already is no time left.
        """
        if self.mean().all is None:
            return None
        edge, pace = rate(limit), rate(celsius)
        excess = self._totals[1] - edge * self._totals[0]
        if excess > 0:
            return NO_TIME
        excess += self._open[1] - pace * self._open[0]  # what the open bucket knows better
        first = self._index - self._length
        leaving = {index: (weight, ageing) for index, weight, ageing, *_ in self._closed}
        for step in range(self._length):
            weight, ageing = leaving.get(first + step, (0, 0))
            gain = (pace - edge) * self._bucket - (ageing - edge * weight)
            if excess + gain > 0:
                since = self._last[0] - self._index * self._bucket if self._last else 0
                ahead = round((step + max(0.0, -excess / gain)) * self._bucket) - since
                return max(NO_TIME, timedelta(microseconds=ahead))
            excess += gain
        return None

    # --- persistence --------------------------------------------------------

    def shift(self, by: timedelta) -> None:
        """Go on after the clock was set back: readings come with earlier times."""
        if self._last is not None and by < NO_TIME:
            self._last = (self._last[0] + by // MICROSECOND, *self._last[1:])
            self._due = True

    def changed(self) -> dict[str, Any]:
        """Return what a restart needs and the journal's readings do not tell; None forgets a row.

        A row for each hour that has ended, by its number, and under "" where the open one stands.
        """
        if not self._due or self._last is None:
            return {}
        self._due = False
        hour = self._index * self._bucket // HOUR
        rows: dict[str, Any] = {}
        current: list[list[int]] = []
        newest = self._kept[-1] if self._kept else -1
        for each in reversed(self._closed):
            its = each[0] * self._bucket // HOUR
            if its <= newest:
                break
            (current if its >= hour else rows.setdefault(str(its), [])).insert(0, list(each))
        self._kept.extend(sorted(int(key) for key in rows))
        oldest = (self._index - self._length) * self._bucket // HOUR
        while self._kept and self._kept[0] < oldest:
            rows[str(self._kept.pop(0))] = None
        gone = {str(each): None for each in self._stale}
        begin = (self._index - self._length) * self._bucket
        self._stale, self._doubts = [], [one for one in self._doubts if one[1] is None or one[1] > begin]
        rows[""] = {
            "last": list(self._last),
            "newest": self._newest,
            "open": [self._index, *self._open],
            "closed": current,
            "doubts": [list(one) for one in self._doubts],
        }
        return gone | rows

    def restore(self, rows: dict[str, Any]) -> datetime | None:
        """Go on from what `changed` wrote; return the time of the newest reading in it."""
        from_rows = rows.get("")
        if from_rows is None:
            return None
        self._kept = sorted(int(key) for key in rows if key)
        closed = [each for hour in self._kept for each in rows[str(hour)]] + from_rows["closed"]
        self._index, *self._open = from_rows["open"]
        oldest = self._index - self._length
        self._closed = deque((i, w, a, dw, da) for i, w, a, dw, da in closed if i >= oldest)
        self._totals = [sum(part) for part in zip(*self._closed, strict=True)][1:] or [0, 0, 0, 0]
        at, celsius, doubted = from_rows["last"]
        self._last, self._newest = (at, celsius, doubted), from_rows["newest"]
        self._doubts = [list(one) for one in from_rows["doubts"]]
        return moment(self._newest)


def rebuilt(window: timedelta, cap: timedelta, readings: Iterable[tuple[datetime, float]]) -> Rolling:
    """Return the window that readings, in the order of their times, add up to."""
    rolling = Rolling(window, cap)
    for at, celsius in readings:
        rolling.take(at, celsius)
    return rolling
