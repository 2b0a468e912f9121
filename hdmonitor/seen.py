"""The newest value of a point, and the trend behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hdmonitor.model import ALWAYS, after

# A trend over single readings turns with the last digit of the sensor.
MARK_EVERY = timedelta(minutes=5)


@dataclass(slots=True)
class Seen:
    """The newest judged value of a point, as messages quote it, and the trend behind it."""

    value: float | None = None
    at: datetime | None = None
    marks: tuple[float, ...] = ()  # up to two older values, each `MARK_EVERY` apart, newest last
    next_mark_at: datetime = ALWAYS

    def note(self, value: float, at: datetime) -> None:
        """Take a newer value."""
        if at >= self.next_mark_at:
            self.marks, self.next_mark_at = (*self.marks[-1:], value), after(at, MARK_EVERY)
        self.value, self.at = value, at

    @property
    def marked_at(self) -> datetime | None:
        """When the newest mark was made."""
        return self.next_mark_at - MARK_EVERY if self.marks else None

    @property
    def rising(self) -> bool | None:
        """Tell the direction over the last minutes, None when there is none."""
        if self.value is None or not self.marks or self.value == self.marks[0]:
            return None
        return self.value > self.marks[0]
