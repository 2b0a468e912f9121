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

from hdmonitor.model import NO_TIME
from hdmonitor.rules.mkt import COVERED, MICROSECOND, Aged, micros, moment, rate

A_DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1) // MICROSECOND
HOUR = timedelta(hours=1) // MICROSECOND
NOTHING = Aged()


@dataclass(frozen=True, slots=True)
class Bucket:
    """What stood in one bucket: everything, and the doubted part of it."""

    index: int
    all: Aged = NOTHING
    doubted: Aged = NOTHING

    def state(self) -> list[int]:
        """Return it as JSON."""
        return [self.index, self.all.weight, self.all.ageing, self.doubted.weight, self.doubted.ageing]

    @classmethod
    def restored(cls, state: list[int]) -> Bucket:
        """Return the bucket that `state` wrote."""
        index, weight, ageing, doubted, doubted_ageing = state
        return cls(index, Aged(weight, ageing), Aged(doubted, doubted_ageing))


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
    """A trailing window of one point. Readings come in the order of their times."""

    __slots__ = (
        "_all",
        "_bucket",
        "_cap",
        "_closed",
        "_doubted",
        "_due",
        "_kept",
        "_last",
        "_length",
        "_newest",
        "_open",
        "_span",
        "window",
    )

    def __init__(self, window: timedelta, cap: timedelta) -> None:
        self.window = window
        self._span = window // MICROSECOND
        self._bucket = MINUTE if window <= A_DAY else HOUR
        self._length = self._span // self._bucket
        self._cap = cap // MICROSECOND
        self._closed: deque[Bucket] = deque()
        self._open = Bucket(0)
        self._all = self._doubted = NOTHING  # of the closed buckets
        self._last: tuple[int, float, bool] | None = None  # when, °C, doubted
        self._newest = 0
        self._kept: list[int] = []  # hours whose rows are in the journal
        self._due = False

    def take(self, at: datetime, celsius: float, *, doubted: bool = False) -> bool:
        """Add a reading; tell whether a bucket has ended, so that `mean` may be another."""
        stamp = micros(at)
        before, last = self._open.index, self._last
        # The journal's readings tell what came since, while they are in order and equally doubted.
        self._due |= doubted is not self.doubted or stamp <= self._newest
        if last is not None:
            self._stand(last[0], min(stamp, last[0] + self._cap), last[1], last[2])
        now = max(stamp // self._bucket, before)
        self._close(now)
        self._last, self._newest = (stamp, celsius, doubted), max(stamp, self._newest)
        self._due |= last is not None and now * self._bucket // HOUR != before * self._bucket // HOUR
        return now != before

    def _stand(self, start: int, end: int, celsius: float, doubted: bool) -> None:
        ageing = rate(celsius)
        while start < end:
            index = max(start // self._bucket, self._open.index)
            self._close(index)
            stop = min(end, (index + 1) * self._bucket)
            part = Aged(stop - start, (stop - start) * ageing)
            old = self._open
            self._open = Bucket(index, old.all + part, old.doubted + part if doubted else old.doubted)
            start = stop

    def _close(self, index: int) -> None:
        """Let the bucket `index` be the open one, and drop what the window has left behind."""
        if index == self._open.index:
            return
        if self._open.all.weight:
            self._closed.append(self._open)
            self._all += self._open.all
            self._doubted += self._open.doubted
        self._open = Bucket(index)
        while self._closed and self._closed[0].index < index - self._length:
            gone = self._closed.popleft()
            self._all -= gone.all
            self._doubted -= gone.doubted

    @property
    def doubted(self) -> bool:
        """Tell whether the newest reading was doubted."""
        return self._last is not None and self._last[2]

    # --- verdicts -----------------------------------------------------------

    def mean(self) -> Mean:
        """Return the mean over the buckets of the window that has ended last."""
        coverage = self._all.weight / self._span
        if coverage < COVERED:
            return Mean(coverage, None)
        trusted = None
        if self._doubted.weight:
            left = self._all - self._doubted
            trusted = left.mean() if left.weight / self._span >= COVERED else None
        return Mean(coverage, self._all.mean(), trusted)

    def bounds(self, lowest: float, highest: float) -> tuple[float | None, float | None]:
        """Return the means if the time nobody saw was at `lowest`, or at `highest`, °C."""
        missing = self._span - self._all.weight
        low, high = (self._all + Aged(missing, missing * rate(each)) for each in (lowest, highest))
        return low.mean(), high.mean()

    def left(self, celsius: float, limit: float) -> timedelta | None:
        """Return how long until the mean passes `limit`, if it stays at `celsius` from now on.

        None: it does not, or it is not known, because the window is covered too little.
        Over the limit already is no time left.
        """
        if self.mean().all is None:
            return None
        edge, pace = rate(limit), rate(celsius)
        excess = self._all.ageing - edge * self._all.weight
        if excess > 0:
            return NO_TIME
        excess += self._open.all.ageing - pace * self._open.all.weight  # what the open bucket knows better
        first = self._open.index - self._length
        leaving = {each.index: each.all for each in self._closed}
        for step in range(self._length):
            gone = leaving.get(first + step, NOTHING)
            gain = (pace - edge) * self._bucket - (gone.ageing - edge * gone.weight)
            if excess + gain > 0:
                since = self._last[0] - self._open.index * self._bucket if self._last else 0
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
        hour = self._open.index * self._bucket // HOUR
        rows: dict[str, Any] = {}
        current: list[list[int]] = []
        newest = self._kept[-1] if self._kept else -1
        for each in self._closed:
            its = each.index * self._bucket // HOUR
            if its >= hour:
                current.append(each.state())
            elif its > newest:
                rows.setdefault(str(its), []).append(each.state())
        self._kept.extend(int(key) for key in rows)
        oldest = (self._open.index - self._length) * self._bucket // HOUR
        while self._kept and self._kept[0] < oldest:
            rows[str(self._kept.pop(0))] = None
        rows[""] = {"last": list(self._last), "open": self._open.state(), "closed": current}
        return rows

    def restore(self, rows: dict[str, Any]) -> datetime | None:
        """Go on from what `changed` wrote; return the time of the newest reading in it."""
        from_rows = rows.get("")
        if from_rows is None:
            return None
        self._kept = sorted(int(key) for key in rows if key)
        closed = [each for hour in self._kept for each in rows[str(hour)]] + from_rows["closed"]
        self._open = Bucket.restored(from_rows["open"])
        self._closed = deque(
            bucket
            for bucket in map(Bucket.restored, closed)
            if bucket.index >= self._open.index - self._length
        )
        self._all = sum((bucket.all for bucket in self._closed), NOTHING)
        self._doubted = sum((bucket.doubted for bucket in self._closed), NOTHING)
        at, celsius, doubted = from_rows["last"]
        self._last, self._newest = (at, celsius, doubted), at
        return moment(at)


def rebuilt(window: timedelta, cap: timedelta, readings: Iterable[tuple[datetime, float]]) -> Rolling:
    """Return the window that readings, in the order of their times, add up to."""
    rolling = Rolling(window, cap)
    for at, celsius in readings:
        rolling.take(at, celsius)
    return rolling
