"""Numbers for the quality of alarms, as ISA-18.2 and IEC 62682 ask for them.

They are about the alarms, not about the people: a shift that answers late may
have been given too many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from hdmonitor.events import Alarm
from hdmonitor.model import Priority

STALE = timedelta(hours=24)  # standing for longer (ISA-18.2)
PERIOD = timedelta(minutes=10)  # ISA-18.2 counts floods in these
FLOOD = 10  # alarms in a period; more are a flood
# ISA-18.2 says three in a minute. Our off-delays make that impossible, an hour shows the same fault.
CHATTERS, CHATTERS_WITHIN = 3, timedelta(hours=1)
MOST = 10  # in the list of the most frequent
A_DAY = timedelta(days=1)
# By the local hour in which the alarm opened.
SHIFTS = {"day": (7, 15), "evening": (15, 23), "night": (23, 7)}


@dataclass(frozen=True, slots=True)
class Answers:
    """How long alarms of one shift waited for a person."""

    alarms: int
    unanswered: int
    median_s: float | None
    longest_s: float | None


@dataclass(frozen=True, slots=True)
class Frequent:
    """A point and rule with the alarms it gave."""

    point: str
    rule: str
    alarms: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is worth knowing of the alarms opened in a span."""

    since: datetime
    until: datetime
    opened: Mapping[Priority, int]
    per_day: Mapping[Priority, float]
    answers: Mapping[str, Answers]  # by shift
    stale: tuple[str, ...]  # ids
    chattering: tuple[Frequent, ...]
    flood_share: float  # of the periods of the span, 0 to 1
    top: tuple[Frequent, ...]

    @property
    def total(self) -> int:
        """How many alarms opened."""
        return sum(self.opened.values())


def shift_of(at: datetime, zone: str) -> str:
    """Name the shift of a moment, by the local hour."""
    hour = at.astimezone(ZoneInfo(zone)).hour
    return next((name for name, (start, end) in SHIFTS.items() if start <= hour < end), "night")


def numbers(
    alarms: Sequence[Alarm], answered: Mapping[str, datetime], since: datetime, until: datetime, zone: str
) -> Numbers:
    """Count the alarms opened from `since` up to `until`; `answered` is when a person first answered each.

    `alarms` holds these and all that are active: of older ones only staleness is asked.
    """
    opened = [alarm for alarm in alarms if since <= alarm.opened_at < until]
    by_priority = Counter(alarm.priority for alarm in opened)
    days = max((until - since) / A_DAY, 1e-9)
    return Numbers(
        since=since,
        until=until,
        opened={priority: by_priority[priority] for priority in Priority},
        per_day={priority: by_priority[priority] / days for priority in Priority},
        answers=_answers(opened, answered, zone),
        stale=tuple(alarm.id for alarm in alarms if alarm.active and until - alarm.opened_at > STALE),
        chattering=_chattering(opened),
        flood_share=_flood_share(opened, since, until),
        top=_top(Counter((alarm.point, alarm.rule) for alarm in opened), MOST),
    )


def _answers(opened: Sequence[Alarm], answered: Mapping[str, datetime], zone: str) -> dict[str, Answers]:
    waits: dict[str, list[float | None]] = {name: [] for name in SHIFTS}
    for alarm in opened:
        if alarm.priority is Priority.LOW:
            continue  # nobody is called for it
        at = answered.get(alarm.id)
        waited = (at - alarm.opened_at).total_seconds() if at is not None else None
        waits[shift_of(alarm.opened_at, zone)].append(waited)
    found = {}
    for name, each in waits.items():
        times = [waited for waited in each if waited is not None]
        found[name] = Answers(
            alarms=len(each),
            unanswered=len(each) - len(times),
            median_s=median(times) if times else None,
            longest_s=max(times, default=None),
        )
    return found


def _chattering(opened: Sequence[Alarm]) -> tuple[Frequent, ...]:
    times: dict[tuple[str, str], list[datetime]] = {}
    for alarm in sorted(opened, key=lambda each: each.opened_at):
        times.setdefault((alarm.point, alarm.rule), []).append(alarm.opened_at)
    chatters = Counter(
        {
            key: len(moments)
            for key, moments in times.items()
            if any(
                last - first <= CHATTERS_WITHIN
                for first, last in zip(moments, moments[CHATTERS - 1 :], strict=False)
            )
        }
    )
    return _top(chatters, None)


def _flood_share(opened: Sequence[Alarm], since: datetime, until: datetime) -> float:
    periods = max(1, -((since - until) // PERIOD))
    counts = Counter((alarm.opened_at - since) // PERIOD for alarm in opened)
    return sum(count > FLOOD for count in counts.values()) / periods


def _top(counts: Counter[tuple[str, str]], most: int | None) -> tuple[Frequent, ...]:
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:most]
    return tuple(Frequent(point, rule, count) for (point, rule), count in ordered)


def as_json(n: Numbers) -> dict[str, Any]:
    """Return the numbers as plain values."""
    return {
        "since": n.since.isoformat(),
        "until": n.until.isoformat(),
        "opened": {priority.name.lower(): count for priority, count in n.opened.items()},
        "per_day": {priority.name.lower(): round(rate, 2) for priority, rate in n.per_day.items()},
        "answers": {
            name: {
                "alarms": each.alarms,
                "unanswered": each.unanswered,
                "median_s": each.median_s,
                "longest_s": each.longest_s,
            }
            for name, each in n.answers.items()
        },
        "stale": list(n.stale),
        "chattering": [_frequent(each) for each in n.chattering],
        "flood_share": round(n.flood_share, 4),
        "top": [_frequent(each) for each in n.top],
    }


def _frequent(each: Frequent) -> dict[str, Any]:
    return {"point": each.point, "rule": each.rule, "alarms": each.alarms}
