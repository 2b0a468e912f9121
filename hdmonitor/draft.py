"""An outcome while it is written, and the alarms that outlive it: over, and closed by nobody yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hdmonitor.alerts.wording import Text
from hdmonitor.events import About, Alarm, Event, Json, Kind, Notice, Outcome
from hdmonitor.model import Level, Priority, iso, moment_of

CLEARED = "cleared:"
TIMES = ("began_at", "opened_at", "acknowledged_at", "cleared_at", "closed_at")


@dataclass(slots=True)
class Draft:
    """An outcome being written, with the number of its next event."""

    next_event: int
    cleared: dict[str, Alarm]  # alarms that are over but not closed, by id
    outcome: Outcome = field(default_factory=Outcome)

    def event(
        self, at: datetime, kind: Kind, subject: str, detail: dict[str, Json], alarm: str | None = None
    ) -> int:
        """Write an event and return its number."""
        number = self.next_event
        self.next_event += 1
        self.outcome.events.append(Event(number, at, kind, subject, detail, alarm))
        return number

    def letter(
        self, event: int, alarm: str, targets: Iterable[str], about: About, said: Text, at: datetime
    ) -> None:
        """Owe these destinations a message that wakes nobody."""
        self.outcome.notices.extend(
            Notice(event, alarm, target, about, Priority.LOW, False, said.title, said.body, at)
            for target in targets
        )

    def keep(self, alarm: Alarm) -> None:
        """Keep an alarm that is over until somebody closes it."""
        self.cleared[alarm.id] = self.outcome.alarms[alarm.id] = alarm
        self.outcome.states[f"{CLEARED}{alarm.id}"] = alarm_state(alarm)

    def forget(self, alarm: str) -> None:
        """Keep an alarm no more: it is closed."""
        self.outcome.states[f"{CLEARED}{alarm}"] = None
        self.cleared.pop(alarm, None)


def alarm_state(alarm: Alarm) -> dict[str, Any]:
    """Return an alarm as JSON."""
    return {  # written out: this is asked for with every reading while an alarm stands
        "id": alarm.id,
        "point": alarm.point,
        "rule": alarm.rule,
        "version": alarm.version,
        "level": int(alarm.level),
        "priority": int(alarm.priority),
        "began_at": alarm.began_at.isoformat(),
        "opened_at": alarm.opened_at.isoformat(),
        "title": alarm.title,
        "active": alarm.active,
        "acknowledged_by": alarm.acknowledged_by,
        "acknowledged_at": iso(alarm.acknowledged_at),
        "cleared_at": iso(alarm.cleared_at),
        "closed_by": alarm.closed_by,
        "closed_at": iso(alarm.closed_at),
        "note": alarm.note,
    }


def restored_alarm(state: dict[str, Any]) -> Alarm:
    """Return the alarm that `alarm_state` wrote."""
    facts = state | {name: moment_of(state[name]) for name in TIMES}
    return Alarm(**facts | {"level": Level(state["level"]), "priority": Priority(state["priority"])})


def cleared_in(states: Mapping[str, Any]) -> dict[str, Alarm]:
    """Return the alarms that `Draft.keep` kept, oldest first."""
    kept = {key.removeprefix(CLEARED): state for key, state in states.items() if key.startswith(CLEARED)}
    return {id_: restored_alarm(state) for id_, state in kept.items() if state is not None}
