"""Rounds: while a unit is blind, somebody reads its gauge every half hour and enters it.

A reading by hand is judged against the limits of the point and kept as
evidence with its person. It is no sign of life of the sensor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.alerts.wording import Text, readings_due
from hdmonitor.case import Case
from hdmonitor.draft import Draft
from hdmonitor.events import About, HandReading, Json, Kind, Notice
from hdmonitor.model import Level, Point, Priority, Response, Rule, Side, Site, Threshold
from hdmonitor.units import UnitError, convert, express, quantity_named, show, show_moment

EVERY = timedelta(minutes=30)  # practice
OLDEST = timedelta(hours=1)  # of a reading that is entered: practice, who forgot it reads again
AHEAD = timedelta(minutes=5)  # the clock of a phone

# What a gauge in a pharmacy can show, canonical unit: beyond is a slip of the pen. Wider than any
# limit, and narrower than what a sensor may send before it is a fault.
GAUGES: Mapping[str, tuple[float, float]] = {
    "temperature": (-200.0, 100.0),
    "humidity": (0.0, 100.0),
    "differential_pressure": (-2_500.0, 2_500.0),
    "pressure": (0.0, 300_000.0),
    "air_velocity": (0.0, 50.0),
    "airflow": (0.0, 200_000.0),
    "air_changes": (0.0, 1_000.0),
    "volume": (0.0, 1e6),
    "particle_count": (0.0, 1e10),
    "co2": (0.0, 100_000.0),
    "charge": (0.0, 100.0),
    "battery": (0.0, 100.0),
    "voltage": (-1_000.0, 1_000.0),
    "current": (-1_000.0, 1_000.0),
}


@dataclass(frozen=True, slots=True)
class Round:
    """A blind point, and since when nobody has read it."""

    alarm: str
    since: datetime

    @property
    def due(self) -> datetime:
        """When the next reading is owed."""
        return self.since + EVERY


def is_read_by_hand(point: Point) -> bool:
    """Tell whether a point that falls silent is to be read by hand: storage, rooms, hoods."""
    return (
        point.response in (Response.STORAGE, Response.CONTAINMENT)
        and not point.legs
        and bool(limits_of(point))
    )


def limits_of(point: Point) -> tuple[Threshold, ...]:
    """Return the strictest limit of each level and side, without delays: a reading by hand is one moment."""
    strictest: dict[tuple[Level, Side], Threshold] = {}
    for limit in (limit for rule in point.rules for limit in rule.thresholds):
        key = (limit.level, limit.side)
        strictest[key] = min(strictest.get(key, limit), limit, key=_room_left)
    return tuple(replace(limit, on_delay=timedelta(0)) for limit in strictest.values())


def rule_by_hand(point: Point, own: Rule) -> Rule:
    """Return the rule that judges readings of a point by hand: its own limits, at once."""
    first = next(rule for rule in point.rules if rule.thresholds)
    return replace(
        first,
        id=own.id,
        version=own.version,
        thresholds=limits_of(point),
        deadband=0.0,
        off_delay=timedelta(0),
        latched=False,
    )


def verdict(point: Point, value: float, unit: str) -> str:
    """Say how a canonical value stands to the limits of a point, those in the unit that was read."""
    if not limits_of(point):
        return "no limit judges it"
    worst = _worst(point, value)
    if worst is None:
        return "inside its limits"
    if quantity_named(point.quantity).words is not None:
        return worst.name
    side = "above" if worst.side is Side.HIGH else "below"
    return f"{worst.name}, {side} {show(worst.limit, point.quantity, unit)}"


def _worst(point: Point, value: float) -> Threshold | None:
    return max((limit for limit in limits_of(point) if limit.outside(value)), key=_rank, default=None)


def _impossible(value: float, act: HandReading, point: Point) -> str:
    """Say why no gauge shows this; nothing if one can."""
    quantity = quantity_named(point.quantity)
    if quantity.words is not None:
        zero, one = quantity.words
        return "" if value in (0.0, 1.0) else f"{point.id} is 0 for {zero} or 1 for {one}, not {act.value:g}"
    lowest, highest = GAUGES[point.quantity]
    if lowest <= value <= highest:
        return ""
    ends = " to ".join(f"{express(end, point.quantity, act.unit):g}" for end in (lowest, highest))
    return f"no gauge shows {act.value:g} {act.unit} here, only {ends}; read it again, nothing is on record"


@dataclass(slots=True)
class Rounds:
    """The blind points of a site that are to be read by hand.

    `whom` gives the alarm that a person has answered for a blind point and whom to remind:
    one that nobody has answered calls by itself. `paused` tells until when and why a point is left alone.
    """

    site: Site
    whom: Callable[[str], tuple[str, Sequence[str]]]
    paused: Callable[[str, datetime], tuple[datetime, str] | None]
    blind: dict[str, Round] = field(default_factory=dict)
    rank: int = field(default=0, init=False)  # on the agenda
    noted: datetime | None = field(default=None, init=False)

    def due(self) -> datetime | None:
        """Return when the next reading is owed."""
        return min((each.due for each in self.blind.values()), default=None)

    def advance(self, at: datetime, draft: Draft) -> None:
        """Remind of every reading that is owed at `at`, once to each destination."""
        owed: dict[tuple[str, str], list[Point]] = {}
        numbers: dict[tuple[str, str], int] = {}
        for name in [name for name, each in self.blind.items() if each.due <= at]:
            before = self.blind[name]
            self._write(name, replace(before, since=at), draft)
            alarm, targets = self.whom(name)
            if not targets or self.paused(name, at):
                continue
            detail: dict[str, Json] = {"since": before.since.isoformat(), "destinations": [*targets]}
            number = draft.event(at, Kind.READING_DUE, name, detail, before.alarm)
            for target in targets:
                owed.setdefault((alarm, target), []).append(self.site.points[name])
                numbers[alarm, target] = number
        for (alarm, target), points in owed.items():
            draft.outcome.notices.append(_notice(numbers[alarm, target], alarm, target, points, at))

    def opened(self, case: Case, at: datetime, draft: Draft) -> None:
        """Begin the round of a point that fell silent."""
        if case.cause == "silent" and case.alarm is not None and is_read_by_hand(case.point):
            self._write(case.point.id, Round(case.alarm.id, at), draft)

    def over(self, case: Case, draft: Draft) -> None:
        """End the round of a point that is heard again."""
        if case.cause == "silent" and case.point.id in self.blind:
            self._write(case.point.id, None, draft)

    def take(self, act: HandReading, at: datetime, draft: Draft) -> float | str:
        """Record a reading by hand; return its canonical value, or why it is refused."""
        point = self.site.points.get(act.point)
        if point is None:
            return f"there is no point {act.point!r:.60} in the site file"
        if not at - OLDEST <= act.read_at <= at + AHEAD:
            read_at = show_moment(act.read_at, self.site.zone)
            return f"a reading of {read_at} is not of the last hour; read the gauge again"
        try:
            value = convert(act.value, act.unit, point.quantity)
        except UnitError as error:
            return str(error)
        if refusal := _impossible(value, act, point):
            return refusal
        worst = _worst(point, value)
        detail: dict[str, Json] = {
            "by": act.by,
            "value": value,
            "read": act.value,
            "unit": act.unit,
            "read_at": min(act.read_at, at).isoformat(),
            "outside": worst.name if worst is not None else None,
            "verdict": verdict(point, value, act.unit),
        }
        blind = self.blind.get(point.id)
        draft.event(at, Kind.HAND_READING, point.id, detail, blind.alarm if blind is not None else None)
        if blind is not None:
            self._write(point.id, replace(blind, since=max(blind.since, min(act.read_at, at))), draft)
        return value

    def shift(self, by: timedelta, draft: Draft) -> None:
        """Go on after the wall clock stepped."""
        for point, each in [*self.blind.items()]:
            self._write(point, replace(each, since=each.since + by), draft)

    def _write(self, point: str, each: Round | None, draft: Draft) -> None:
        if each is None:
            del self.blind[point]
            draft.outcome.states[f"round:{point}"] = None
            return
        self.blind[point] = each
        draft.outcome.states[f"round:{point}"] = {"alarm": each.alarm, "since": each.since.isoformat()}

    def restore(self, states: Mapping[str, Any]) -> None:
        """Go on from the states of the journal; what the site file no longer has is forgotten."""
        for key, state in states.items():
            kind, _, point = key.partition(":")
            if kind == "round" and state is not None and point in self.site.points:
                self.blind[point] = Round(state["alarm"], datetime.fromisoformat(state["since"]))


def _notice(number: int, alarm: str, target: str, points: Sequence[Point], at: datetime) -> Notice:
    """Tell one destination of all that it is to have read, the worst first."""
    found = sorted(points, key=lambda point: -point.guards)
    said: Text = readings_due([point.name for point in found], alarm)
    contained = any(point.response is Response.CONTAINMENT for point in found)
    about, priority = About.REMINDED, found[0].guards
    return Notice(number, alarm, target, about, priority, contained, said.title, said.body, at)


def _room_left(limit: Threshold) -> tuple[float, bool]:
    return (limit.limit if limit.side is Side.HIGH else -limit.limit, limit.limit_is_inside)


def _rank(limit: Threshold) -> tuple[Level, Priority]:
    return limit.rank
