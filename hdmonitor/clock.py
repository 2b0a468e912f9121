"""The one place where time is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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

    def run(self, speed: float) -> None:
        """Go on at another speed."""
        self._start, self._began = self.now(), monotonic()
        self._speed = speed

    def now(self) -> datetime:
        """Return the scaled time, aware, UTC."""
        return self._start + timedelta(seconds=(monotonic() - self._began) * self._speed)

    def seconds(self, span: timedelta) -> float:
        """Return how many real seconds `span` of scaled time takes."""
        return span.total_seconds() / self._speed

    def step(self) -> timedelta | None:
        """Return None: a scaled clock rests on the monotonic one."""
        return None
