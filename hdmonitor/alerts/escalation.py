"""Who is told next: an escalation runs until a person answers or the alarm is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.events import About
from hdmonitor.model import Level, Policy

# practice: an acknowledgement lasts 30 min for a critical alarm, 60 min for storage
ACKNOWLEDGEMENT_LASTS = {
    Level.WARNING: timedelta(minutes=60),
    Level.ALARM: timedelta(minutes=60),
    Level.CRITICAL: timedelta(minutes=30),
}


@dataclass(slots=True)
class Call:
    """One run through a policy, from its first step to the answer."""

    policy: Policy
    about: About  # of the first step
    started_at: datetime
    escalates: bool  # a warning is told once, to the first step
    step: int = 0  # the next one
    last_at: datetime | None = None

    def due(self) -> datetime | None:
        """Return when the next step, or the next repetition, is owed; None when nothing is."""
        if self.step > 0 and not self.escalates:
            return None
        if self.step < len(self.policy.steps):
            return self.started_at + self.policy.steps[self.step].after
        return (self.last_at or self.started_at) + self.policy.repeat

    def take(self, at: datetime) -> tuple[About, tuple[str, ...]]:
        """Take the step that is due at `at`: why, and the destinations and duties to tell."""
        self.last_at = at
        if self.step < len(self.policy.steps):
            about = self.about if self.step == 0 else About.ESCALATED
            targets = self.policy.steps[self.step].notify
            self.step += 1
        else:
            about = About.REPEATED
            targets = tuple(dict.fromkeys(d for step in self.policy.steps for d in step.notify))
        return about, targets

    def shift(self, by: timedelta) -> None:
        """Move the running steps with a clock that stepped."""
        self.started_at += by
        if self.last_at is not None:
            self.last_at += by

    def state(self) -> dict[str, Any]:
        """Return what a restart needs, as JSON."""
        return {
            "about": self.about.value,
            "escalates": self.escalates,
            "started_at": self.started_at.isoformat(),
            "step": self.step,
            "last_at": self.last_at.isoformat() if self.last_at else None,
        }

    @classmethod
    def restored(cls, policy: Policy, state: dict[str, Any]) -> Call:
        """Go on with a call; a policy that became shorter goes on with repetitions."""
        last_at = datetime.fromisoformat(state["last_at"]) if state["last_at"] else None
        started_at = datetime.fromisoformat(state["started_at"])
        about = About(state["about"])
        return cls(policy, about, started_at, state["escalates"], state["step"], last_at)
