"""An alarm on the shelf: a named person stopped its calls for a while, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.units import show_moment


@dataclass(frozen=True, slots=True)
class Shelf:
    """Who shelved an alarm, why, and until when at most."""

    by: str  # id of a person
    reason: str
    until: datetime

    def said(self, zone: str) -> str:
        """Say why nobody is called."""
        return f"shelved until {show_moment(self.until, zone)}: {self.reason} ({self.by})"

    def moved(self, by: timedelta) -> Shelf:
        """Return the shelf after the clock stepped."""
        return replace(self, until=self.until + by)

    def state(self) -> dict[str, Any]:
        """Return what a restart needs, as JSON."""
        return {"by": self.by, "reason": self.reason, "until": self.until.isoformat()}

    @classmethod
    def restored(cls, state: dict[str, Any]) -> Shelf:
        """Go on from a state."""
        return cls(state["by"], state["reason"], datetime.fromisoformat(state["until"]))
