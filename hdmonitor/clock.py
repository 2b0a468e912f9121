"""The one place where time is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic

STEP = timedelta(seconds=2)  # below this, the clock is being slewed, not stepped


class Clock:
    """UTC as the machine has it, and whether it jumped against the monotonic clock."""

    def __init__(self) -> None:
        self._wall = datetime.now(UTC)
        self._steady = monotonic()

    def now(self) -> datetime:
        """Return the time, aware, UTC."""
        return datetime.now(UTC)

    def seconds(self, span: timedelta) -> float:
        """Return how many real seconds `span` takes."""
        return span.total_seconds()

    def step(self) -> timedelta | None:
        """Return by how much the wall clock jumped since the last call, None when it did not."""
        wall, steady = datetime.now(UTC), monotonic()
        step = (wall - self._wall) - timedelta(seconds=steady - self._steady)
        self._wall, self._steady = wall, steady
        return step if abs(step) > STEP else None


class ScaledClock(Clock):
    """A clock for demonstrations: it starts now and runs `speed` times as fast."""

    def __init__(self, speed: float) -> None:
        super().__init__()
        self._start = datetime.now(UTC)
        self._began = monotonic()
        self._speed = speed
        self._limit: datetime | None = None
        self._lock = Lock()

    def run(self, speed: float) -> None:
        """Go on at another speed."""
        self._start, self._began = self.now(), monotonic()
        self._speed = speed

    def allow(self, until: datetime) -> None:
        """Stand still at `until`, until a later moment is allowed; then go on from there.

        A machine that is held up for two seconds would otherwise be two minutes
        late on a clock that runs sixty times as fast, and every sensor silent.
        """
        # Asked first: what has not passed for anybody does not pass at once when more is allowed.
        self._limit = max(self.now(), until)

    def now(self) -> datetime:
        """Return the scaled time, aware, UTC."""
        with self._lock:
            steady = monotonic()
            moment = self._start + timedelta(seconds=(steady - self._began) * self._speed)
            if self._limit is not None and moment > self._limit:
                moment = self._start = self._limit
                self._began = steady
        return moment

    def seconds(self, span: timedelta) -> float:
        """Return how many real seconds `span` of scaled time takes."""
        return span.total_seconds() / self._speed

    def step(self) -> timedelta | None:
        """Return None: a scaled clock rests on the monotonic one."""
        return None
