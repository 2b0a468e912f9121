"""Alarms that come and go: told as that, instead of each time.

Never for what is critical or about a hood or a hazardous room: there every
opening calls. What stands instead of going is called as ever, a little later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

AGAIN_WITHIN = timedelta(minutes=60)  # of its end: later, it is a new story
COMES_AND_GOES = 3  # times
TOLD_FOR = timedelta(minutes=60)  # then it is told once more
# One that stands for so long does not go by itself.
VALUE_STANDS = timedelta(minutes=10)
BLIND_STANDS = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Comings:
    """How often an alarm has opened in one story."""

    times: int
    since: datetime  # the first opening
    over_at: datetime | None = None  # the newest end; None while it stands
    told_at: datetime | None = None  # that it comes and goes

    @property
    def many(self) -> bool:
        """Whether it comes and goes."""
        return self.times >= COMES_AND_GOES

    def over(self, at: datetime) -> Comings:
        """Note its end."""
        return replace(self, over_at=at)

    def told(self, at: datetime) -> Comings:
        """Note that people were told, if it comes and goes."""
        return replace(self, told_at=at) if self.many else self

    def held(self, at: datetime, stands_after: timedelta) -> tuple[datetime, str] | None:
        """Return until when, and why, an opening at `at` calls nobody; None if it calls."""
        if not self.many or self.told_at is None or at - self.told_at >= TOLD_FOR:
            return None
        since = self.since.isoformat()
        return at + stands_after, f"comes and goes, {self.times} times since {since}, which was told"

    def shifted(self, by: timedelta) -> Comings:
        """Move with a clock that stepped."""
        over_at, told_at = (
            moment + by if moment is not None else None for moment in (self.over_at, self.told_at)
        )
        return Comings(self.times, self.since + by, over_at, told_at)

    def state(self) -> dict[str, Any]:
        """Return what a restart needs, as JSON."""
        return {
            "times": self.times,
            "since": self.since.isoformat(),
            "over_at": self.over_at.isoformat() if self.over_at else None,
            "told_at": self.told_at.isoformat() if self.told_at else None,
        }

    @classmethod
    def restored(cls, state: Any) -> Comings | None:
        """Go on from what `state` wrote."""
        if not state:
            return None
        over_at, told_at = (
            datetime.fromisoformat(state[name]) if state[name] else None for name in ("over_at", "told_at")
        )
        return cls(state["times"], datetime.fromisoformat(state["since"]), over_at, told_at)


def again(before: Comings | None, at: datetime) -> Comings:
    """Return how often an alarm has come once it opens at `at`."""
    if before is None or before.over_at is None or at - before.over_at > AGAIN_WITHIN:
        return Comings(1, at)
    return replace(before, times=before.times + 1, over_at=None)
