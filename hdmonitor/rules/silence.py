"""Silence: a point that says nothing is never normal.

A point is due to be heard within `valid_for` of its newest sign of life, or
of the moment from which it was watched. Only live readings count; see
`hdmonitor.model.Reading.live`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hdmonitor.model import Level, Phase, Priority, Side, Threshold, after
from hdmonitor.rules.changes import Change, Moved, Span


class Silence:
    """The watch over one point's signs of life, in the time of reception."""

    __slots__ = ("heard", "phase", "since", "top", "valid_for", "waiting")

    def __init__(self, valid_for: timedelta, since: datetime) -> None:
        self.valid_for = valid_for
        self.since = since  # newest sign of life, or when the watch began
        self.heard = False
        self.phase = Phase.UNKNOWN
        self.top: Threshold | None = None
        self.waiting: tuple[datetime, timedelta] | None = None  # from which sign of life, how long

    @property
    def calm(self) -> bool:
        """Tell whether the newest sign of life tells it all."""
        return self.heard and self.phase is Phase.NORMAL

    def observe(self, at: datetime) -> list[Change]:
        """Take a sign of life received at `at`."""
        self.since = max(self.since, at)
        self.heard = True
        if self.phase is Phase.NORMAL:
            return []
        before, self.phase, self.top = self.phase, Phase.NORMAL, None
        return [Moved(at, before, Phase.NORMAL, None)] if before is Phase.ACTIVE else []

    def due(self) -> datetime | None:
        """Return when silence becomes an alarm."""
        if self.phase is Phase.ACTIVE:
            return None
        waits = self.waiting is not None and self.waiting[0] == self.since
        return after(self.since, self.waiting[1] if waits and self.waiting else self.valid_for)

    def wait(self, longer: timedelta, at: datetime) -> bool:
        """Let `longer` pass since the newest sign of life; tell whether that is still to come at `at`."""
        self.waiting = self.since, longer
        return self.heard and self.since + longer > at

    def advance(self, at: datetime) -> list[Change]:
        """Let time pass up to and including `at`."""
        due = self.due()
        if due is None or due > at:
            return []
        before, self.phase = self.phase, Phase.ACTIVE
        return [Moved(due, before, Phase.ACTIVE, None)]

    def priced(self, priority: Priority) -> Threshold:
        """Set the priority of the alarm that has just opened: that of what the point guards."""
        self.top = Threshold(Level.ALARM, Side.HIGH, 0.0, self.valid_for, priority, "silent")
        return self.top

    def running(self) -> list[Span]:
        """Return nothing: silence is a gap, not an excursion."""
        return []

    def close(self, at: datetime) -> list[Change]:
        """End the alarm by a named act; the watch starts again at `at`."""
        before, self.phase, self.since, self.top = self.phase, Phase.UNKNOWN, at, None
        return [Moved(at, before, Phase.UNKNOWN, None)]

    def shift(self, by: timedelta) -> None:
        """Move the deadline with a clock that stepped, or past our own downtime."""
        self.since += by

    def state(self) -> dict[str, Any]:
        """Return what a restart needs, as JSON."""
        return {
            "since": self.since.isoformat(),
            "heard": self.heard,
            "phase": self.phase.value,
            "priority": int(self.top.priority) if self.top else None,
        }

    def restore(self, state: dict[str, Any] | None, live_at: datetime | None) -> None:
        """Go on from `state` and the newest sign of life in the journal."""
        if state is not None:
            self.since = datetime.fromisoformat(state["since"])
            self.heard, self.phase = state["heard"], Phase(state["phase"])
            if state["priority"] is not None:
                self.priced(Priority(state["priority"]))
        if live_at is not None:
            self.since, self.heard = max(self.since, live_at) if state else live_at, True
            if self.phase is Phase.UNKNOWN:
                self.phase = Phase.NORMAL
