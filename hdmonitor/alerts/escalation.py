"""Who is told next: an escalation runs until a person answers or the alarm is over."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.events import About
from hdmonitor.model import Level, Policy, Priority

# practice: an acknowledgement lasts 30 min for a critical alarm, 60 min for storage
ACKNOWLEDGEMENT_LASTS = {
    Level.WARNING: timedelta(minutes=60),
    Level.ALARM: timedelta(minutes=60),
    Level.CRITICAL: timedelta(minutes=30),
}
A_DAY = timedelta(hours=24)


def lasts(level: Level, *, added_up: bool) -> timedelta:
    """Return how long an answer holds; nobody at the unit can bring down what has added up."""
    return A_DAY if added_up else ACKNOWLEDGEMENT_LASTS[level]


def reaching(
    targets: Sequence[str], unreachable: Collection[str], everybody: Sequence[str]
) -> tuple[tuple[str, ...], list[str]]:
    """Return whom a step tells, and why that is everybody where nobody it names can be reached.

    Those who cannot be reached are owed the message all the same.
    """
    if not targets or not all(target in unreachable for target in targets):
        return tuple(targets), []
    why = f"{' and '.join(targets)} cannot be reached, so everybody is told"
    return tuple(dict.fromkeys((*targets, *everybody))), [why]


@dataclass(slots=True)
class Call:
    """One run through a policy, from its first step to the answer."""

    policy: Policy
    about: About  # of the first step
    started_at: datetime
    escalates: bool  # a warning is told once, to the first step
    step: int = 0  # the next one
    last_at: datetime | None = None
    repeated: int = 0  # how often everybody was told again
    endless: bool = True  # however often that was

    @classmethod
    def at_step(
        cls, policy: Policy, about: About, at: datetime, step: int, escalates: bool, priority: Priority
    ) -> Call:
        """Begin a call at `at` with a step of its policy; where those are used up, with the last again."""
        step = min(step, len(policy.steps) - 1)
        started_at = at - policy.steps[step].after if step else at
        return cls(policy, about, started_at, escalates, step, endless=priority is Priority.CRITICAL)

    def due(self) -> datetime | None:
        """Return when the next step, or the next repetition, is owed; None when nothing is."""
        if self.step > 0 and not self.escalates:
            return None
        if self.step < len(self.policy.steps):
            return self.started_at + self.policy.steps[self.step].after
        if self._spent:
            return None
        return (self.last_at or self.started_at) + self.policy.repeat

    @property
    def _spent(self) -> bool:
        """Whether everybody was told as often as the policy says; a critical alarm is never left alone."""
        most = self.policy.repeat_at_most
        return most is not None and not self.endless and self.repeated >= most

    def last_words(self) -> list[str]:
        """Say why nothing follows the step that was just taken, if nothing does."""
        spent = self.step >= len(self.policy.steps) and self.escalates and self._spent
        return [f"the last of {self.repeated} repetitions; the digest goes on"] if spent else []

    def take(self, at: datetime) -> tuple[About, tuple[str, ...]]:
        """Take the step that is due at `at`: why, and the destinations and duties to tell."""
        self.last_at = at
        if self.step < len(self.policy.steps):
            about = self.about if self.step == 0 else About.ESCALATED
            targets = self.policy.steps[self.step].notify
            self.step += 1
        else:
            about = About.REPEATED
            self.repeated += 1
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
            "repeated": self.repeated,
            "endless": self.endless,
        }

    @classmethod
    def restored(cls, policy: Policy, state: dict[str, Any]) -> Call:
        """Go on with a call; a policy that became shorter goes on with repetitions."""
        return cls(
            policy,
            About(state["about"]),
            datetime.fromisoformat(state["started_at"]),
            state["escalates"],
            state["step"],
            datetime.fromisoformat(state["last_at"]) if state["last_at"] else None,
            state.get("repeated", 0),  # older journals do not know these two
            state.get("endless", True),
        )
