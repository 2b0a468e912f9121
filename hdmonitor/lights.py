"""What the light at the door of a room shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hdmonitor.events import Alarm
from hdmonitor.model import Level
from hdmonitor.watch import Watch


@dataclass(frozen=True, slots=True)
class Face:
    """What the light at a room's door shows."""

    room: str
    level: Level | None  # of the worst active alarm
    unknown: bool  # some point is silent, faulty or was never heard
    unacknowledged: bool
    alarms: tuple[Alarm, ...]
    lost: bool  # containment is lost now, whether or not that is an alarm yet
    silenced: bool = False  # a person turned the sounder off for everything that nobody has answered
    latched: tuple[str, ...] = ()  # units, or the room, that wait to be returned to service


def face_of(room: str, watches: Sequence[Watch], *, blind: bool, latched: tuple[str, ...]) -> Face:
    """Return what the light of `room` shows; `blind` says that one of its points cannot be relied on."""
    cases = [case for watch in watches for case in watch.cases() if case.alarm]
    alarms = [case.alarm for case in cases if case.alarm]
    lost = any(case.lost for watch in watches for case in watch.rules)
    levels = [alarm.level for alarm in alarms] + [Level.CRITICAL] * (lost or bool(latched))
    unanswered = [case for case in cases if case.alarm and case.alarm.acknowledged_by is None]
    return Face(
        room=room,
        level=max(levels, default=None),
        unknown=blind,
        unacknowledged=bool(unanswered),
        alarms=tuple(sorted(alarms, key=lambda alarm: (-alarm.level, -alarm.priority, alarm.id))),
        lost=lost,
        silenced=bool(unanswered) and all(case.silenced_by for case in unanswered),
        latched=latched,
    )
