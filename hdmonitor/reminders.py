"""Reminders: an alarm that is over and that nobody has written up is told again, once a day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.alerts.duty import Roster
from hdmonitor.alerts.wording import write_up
from hdmonitor.draft import Draft
from hdmonitor.events import About, Alarm, Kind
from hdmonitor.model import Response, Site

AFTER = timedelta(hours=24)  # practice


@dataclass(slots=True)
class Reminders:
    """When each alarm that waits to be written up is told again.

    `cleared` holds those alarms, `notify` has the destinations of the digest,
    `opening` tells when somebody is there.
    """

    site: Site
    cleared: Mapping[str, Alarm]
    notify: Sequence[str]
    roster: Roster
    opening: Callable[[datetime], datetime]
    at: dict[str, datetime] = field(default_factory=dict)
    rank: int = field(default=0, init=False)  # on the agenda
    noted: datetime | None = field(default=None, init=False)

    def due(self) -> datetime | None:
        """Return when the next alarm is told again."""
        return min(self.at.values(), default=None)

    def plan(self, alarm: str, at: datetime, draft: Draft) -> None:
        """Plan to tell an alarm again a day after `at`, when somebody is there."""
        self.at[alarm] = self.opening(at + AFTER)
        draft.outcome.states[f"remind:{alarm}"] = self.at[alarm].isoformat()

    def forget(self, alarm: str, draft: Draft) -> None:
        """Tell an alarm no more: it is closed."""
        if self.at.pop(alarm, None) is not None:
            draft.outcome.states[f"remind:{alarm}"] = None

    def advance(self, at: datetime, draft: Draft) -> None:
        """Tell again what is due at `at`; what is written up needs closing, not telling."""
        for name in [name for name, moment in self.at.items() if moment <= at]:
            alarm = self.cleared.get(name)
            if alarm is None:
                self.forget(name, draft)
                continue
            self.plan(name, at, draft)
            targets = [] if alarm.note else self._whom(alarm, at)
            if targets:
                self._tell(alarm, targets, at, draft)

    def _tell(self, alarm: Alarm, targets: Sequence[str], at: datetime, draft: Draft) -> None:
        number = draft.event(at, Kind.REMINDED, alarm.point, {"destinations": [*targets]}, alarm.id)
        said = write_up(self._named(alarm.point), alarm.id)
        draft.letter(number, alarm.id, targets, About.REMINDED, said, at)

    def _whom(self, alarm: Alarm, at: datetime) -> Sequence[str]:
        """Return who is to write an alarm up: who answered, who gets the digest, or the first called."""
        point = self.site.points.get(alarm.point)
        policy = self.site.policies[point.response if point is not None else Response.OTHER]
        first = policy.steps[0].notify
        return self.site.read_by(alarm.acknowledged_by) or self.notify or self.roster.reached(first, at)[0]

    def _named(self, point: str) -> str:
        found = self.site.points.get(point)
        return found.name if found is not None else point.removeprefix("hdmonitor.")

    def restore(self, states: Mapping[str, Any]) -> None:
        """Go on from the states of the journal."""
        for key, state in states.items():
            kind, _, alarm = key.partition(":")
            if kind == "remind" and state is not None:
                self.at[alarm] = datetime.fromisoformat(state)
