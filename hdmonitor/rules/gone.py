"""Gone: a gateway that is not there explains the silence of what stands behind it.

Its own alarm opens with the first silence it explains, so that it comes
neither sooner nor later than that silence would have.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hdmonitor.model import Phase
from hdmonitor.rules.changes import Change, Moved
from hdmonitor.rules.silence import Silence


class Gone(Silence):
    """The watch over one gateway: what it or the broker says of it, and silence behind it."""

    __slots__ = ("again", "back_at", "gone")

    def __init__(self, valid_for: timedelta, since: datetime) -> None:
        super().__init__(valid_for, since)
        self.heard = True
        self.phase = Phase.NORMAL
        self.gone = False
        self.back_at: datetime | None = None  # it came back then; what is behind needs time to report
        self.again: datetime | None = None  # a closed alarm opens again then, if it is still gone

    @property
    def calm(self) -> bool:
        """Tell whether it was never gone."""
        return self.phase is Phase.NORMAL and not self.gone and self.back_at is None

    def left(self, at: datetime) -> None:
        """Take the news that the gateway is gone."""
        if not self.gone:
            self.gone, self.since = True, at

    def observe(self, at: datetime) -> list[Change]:
        """Take the news that the gateway is there."""
        self.gone, self.again, self.back_at = False, None, at
        before, self.phase, self.top = self.phase, Phase.NORMAL, None
        return [Moved(at, before, Phase.NORMAL, None)] if before is Phase.ACTIVE else []

    def explains(self, at: datetime) -> list[Change]:
        """Take a silence behind the gateway that it explains."""
        if not self.gone or self.phase is Phase.ACTIVE or self.again is not None:
            return []
        before, self.phase = self.phase, Phase.ACTIVE
        return [Moved(at, before, Phase.ACTIVE, None)]

    def due(self) -> datetime | None:
        """Return when a closed alarm opens again."""
        return self.again

    def advance(self, at: datetime) -> list[Change]:
        """Let time pass up to and including `at`."""
        if self.again is None or self.again > at:
            return []
        due, self.again = self.again, None
        return self.explains(due)

    def close(self, at: datetime) -> list[Change]:
        """End the alarm by a named act; it opens again if the gateway stays away."""
        before, self.phase = self.phase, Phase.UNKNOWN
        self.again = at + self.valid_for
        return [Moved(at, before, Phase.UNKNOWN, None)]

    def shift(self, by: timedelta) -> None:
        """Move what runs with a clock that stepped."""
        self.since += by
        self.again = self.again + by if self.again else None
        self.back_at = self.back_at + by if self.back_at else None

    def state(self) -> dict[str, Any]:
        """Return what a restart needs, as JSON."""
        again = self.again.isoformat() if self.again else None
        back_at = self.back_at.isoformat() if self.back_at else None
        return super().state() | {"gone": self.gone, "again": again, "back_at": back_at}

    def restore(self, state: dict[str, Any] | None, live_at: datetime | None) -> None:
        """Go on from `state`."""
        super().restore(state, live_at)
        if state is not None:
            self.gone = state["gone"]
            self.again = datetime.fromisoformat(state["again"]) if state["again"] else None
            self.back_at = datetime.fromisoformat(state["back_at"]) if state["back_at"] else None
