"""How long a point was outside a band: in the event that is running, and in a trailing window.

Readings vouch for time as they do everywhere: each until the next, at most for the
cap. Doubted readings count like others, since the worse governs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from hdmonitor.model import NO_TIME
from hdmonitor.rules.mkt import MICROSECOND, micros
from hdmonitor.rules.rolling import A_DAY, HOUR, MINUTE

SECOND = 1_000_000


@lru_cache(maxsize=64)  # most points have the same
def _whole(span: timedelta) -> int:
    return span // MICROSECOND


class Outside:
    """Time beyond `above` or `below` (both inside), kept by minutes for a day and by hours for longer."""

    __slots__ = ("_bucket", "_buckets", "_cap", "_due", "_event", "_last", "_out", "_span", "above", "below")

    def __init__(self, window: timedelta, cap: timedelta, above: float | None, below: float | None) -> None:
        self.above, self.below = above, below
        self._span = _whole(window)
        self._bucket = MINUTE if window <= A_DAY else HOUR
        self._cap = _whole(cap)
        self._buckets: list[list[int]] = []  # index, microseconds outside
        self._event = 0  # microseconds of the event that is running, or that has just ended
        self._last = 0
        self._out = False
        self._due = False

    def beyond(self, value: float) -> bool:
        """Tell whether a value lies outside the band."""
        return (self.above is not None and not value <= self.above) or (
            self.below is not None and not value >= self.below
        )

    @property
    def idle(self) -> bool:
        """Tell whether there is nothing outside to remember."""
        return not (self._out or self._buckets or self._event)

    def ignores(self, value: float) -> bool:
        """Tell whether a value is inside, and nothing outside to remember."""
        return not (self._out or self._buckets or self._event or self.beyond(value))

    def take(self, at: datetime, value: float) -> bool:
        """Add a reading; tell whether there is anything outside to speak of."""
        if self.ignores(value):
            return False
        out = self.beyond(value)
        stamp = micros(at)
        if self._out:
            self._stand(self._last, min(stamp, self._last + self._cap))
        else:
            self._event = 0
        oldest = (stamp - self._span) // self._bucket  # the whole bucket in which the window begins
        while self._buckets and self._buckets[0][0] < oldest:
            del self._buckets[0]
        self._due |= out or self._out or not self._buckets
        self._last, self._out = stamp, out
        return True

    def retake(self, values: Iterable[tuple[datetime, float]]) -> None:
        """Begin anew with values in the order of their times: of the window, or as far as it was empty."""
        self._buckets.clear()
        self._event, self._last, self._out = 0, 0, False
        for at, value in values:
            self.take(at, value)
        self._due = True

    def _stand(self, start: int, end: int) -> None:
        self._event += max(0, end - start)
        while start < end:
            index = start // self._bucket
            stop = min(end, (index + 1) * self._bucket)
            if self._buckets and self._buckets[-1][0] >= index:
                self._buckets[-1][1] += stop - start
            else:
                self._buckets.append([index, stop - start])
            start = stop

    def total(self) -> float:
        """Return the seconds outside within the window."""
        return sum(span for _, span in self._buckets) / SECOND

    def event(self) -> float:
        """Return the seconds of the event that is running, or that the newest reading has ended."""
        return self._event / SECOND

    # --- persistence --------------------------------------------------------

    def shift(self, by: timedelta) -> None:
        """Go on after the clock was set back."""
        if by < NO_TIME:
            self._last += by // MICROSECOND
            self._due = self._out

    def changed(self) -> dict[str, Any]:
        """Return what a restart needs, under ""; None when there is nothing outside to remember."""
        if not self._due:
            return {}
        self._due = False
        if not (self._out or self._buckets or self._event):
            return {"": None}
        kept = [list(each) for each in self._buckets]
        return {"": {"last": self._last, "out": self._out, "event": self._event, "buckets": kept}}

    def restore(self, rows: dict[str, Any]) -> None:
        """Go on from what `changed` wrote."""
        if state := rows.get(""):
            self._last, self._out, self._event = state["last"], state["out"], state["event"]
            self._buckets = [list(each) for each in state["buckets"]]
