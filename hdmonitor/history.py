"""Judging a stretch of a point's history once more, with what came late.

The same machine goes over all readings in the order of their times, from a
snapshot of how the limits stood. What comes out is what would have been
recorded had every reading come when it was due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from hdmonitor.events import Excursion, Json, Kind, Past, Snapshot
from hdmonitor.model import EPOCH, NO_TIME, Level, Phase, Point, Quality, Reading, Rule
from hdmonitor.rules.alarm import Machine
from hdmonitor.rules.changes import Change, Moved, Span

MICROSECOND = timedelta(microseconds=1)
# The second of two readings of one moment is kept a microsecond later, the third two.
CROWD = timedelta(milliseconds=1)
A_DAY = timedelta(days=1)
NEVER = datetime.max.replace(tzinfo=UTC)
JUDGED = (Quality.GOOD, Quality.LATE)
RAISED = (Phase.ACTIVE, Phase.CLEARING)

Told = TypeVar("Told", float, "float | None")
Key: TypeAlias = tuple[str, Level, str, datetime]  # rule, level, side and start of an excursion


@lru_cache(maxsize=8)  # thousands of points turn the same days
def _turns(day: date, zone: str) -> tuple[datetime, datetime]:
    there = ZoneInfo(zone)
    first, second = (datetime.combine(d, time(), there).astimezone(UTC) for d in (day, day + A_DAY))
    return first, second


def midnights(at: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return the local midnight at or before `at` and the next one, UTC."""
    return _turns(at.astimezone(ZoneInfo(zone)).date(), zone)


def limits_mark(point: Point) -> str:
    """Return a mark that changes when what judges `point` does."""
    told = [
        (
            (r.id, r.version, r.deadband, r.off_delay, r.latched),
            [(t.level, t.side.value, t.limit, t.on_delay, t.limit_is_inside) for t in r.thresholds],
        )
        for r in point.rules
    ]
    # What a value is the sum of judges it, too; a point that is measured has nothing of the kind.
    parts = (point.base, point.legs) if point.legs else ()
    return sha256(repr((point.valid_for, told, *parts)).encode()).hexdigest()[:16]


def snapshot(point: Point, machines: Mapping[str, Machine], at: datetime, *, first: bool = False) -> Snapshot:
    """Return how the limits of `point` stand; a machine at rest needs no words."""
    body: dict[str, Json] = {rule: None if one.calm else one.state() for rule, one in machines.items()}
    return Snapshot(point.id, at, limits_mark(point), body, first)


def told_at(reading: Reading) -> datetime:
    """Return the time that a reading told, before it was moved aside for another of its moment."""
    told = reading.device_time
    return told if told and NO_TIME < reading.measured_at - told < CROWD else reading.measured_at


def values_of(readings: Iterable[Reading], since: datetime) -> list[tuple[datetime, float]]:
    """Return the values to judge that were measured since then, with the times that were told."""
    return [
        (told_at(one), one.value)
        for one in readings
        if one.value is not None and one.quality in JUDGED and one.measured_at >= since
    ]


def in_order(values: Iterable[tuple[datetime, Told]], since: datetime) -> list[tuple[datetime, Told]]:
    """Return the different values by time; of one moment, the smaller first and a fault last.

    So it does not matter in which order they came, nor how often.
    """
    ordered: list[tuple[datetime, Told]] = []
    last = EPOCH
    for at, value in sorted({(max(at, since), value) for at, value in values}, key=_by_size):
        last = at if at > last else last + MICROSECOND
        ordered.append((last, value))
    return ordered


def _by_size(told: tuple[datetime, float | None]) -> tuple[datetime, bool, float]:
    at, value = told
    return at, value is None, value or 0.0


@dataclass(slots=True)
class Judged:
    """What came of judging again."""

    machines: dict[str, Machine]
    spans: dict[Key, Span] = field(default_factory=dict)  # as last reported
    seeds: set[Key] = field(default_factory=set)  # ran already when the snapshot was taken
    snapshots: list[Snapshot] = field(default_factory=list)
    raised: dict[str, datetime] = field(default_factory=dict)  # since when, by rule; not while at rest
    moved_at: datetime | None = None  # the newest move that no reading made

    def note(self, rule: str, changes: Iterable[Change]) -> None:
        """Follow what a machine reports."""
        for change in changes:
            if isinstance(change, Span):
                t = change.threshold
                self.spans[rule, t.level, t.side.value, change.start] = change
            elif isinstance(change, Moved):
                if change.after not in RAISED:
                    self.raised.pop(rule, None)
                elif change.before not in RAISED:
                    self.raised[rule] = change.at


def judge(point: Point, past: Past, until: datetime, zone: str) -> Judged:
    """Judge what is recorded since the snapshot, and let time pass up to `until`."""
    begin = past.snapshot.at
    judged = _begun(point, past.snapshot)
    machines = judged.machines
    closings = [each for each in past.closings if each[1] in machines and begin <= each[0] <= until]
    last, midnight = begin, begin
    for at, value in in_order(past.values, begin):
        while closings and closings[0][0] < at:
            _close(judged, *closings.pop(0))
        if at >= midnight:
            day, midnight = midnights(at, zone)
            if last < day:
                _turn_of_day(judged, point, day)
        last = at
        for rule_id, machine in machines.items():
            if changes := machine.observe(at, value):
                judged.note(rule_id, changes)
    for closing in closings:
        _close(judged, *closing)
    for rule_id, machine in machines.items():
        _pass(judged, rule_id, machine, until)
    return judged


def _begun(point: Point, begin: Snapshot) -> Judged:
    """Return how the limits stood at a snapshot."""
    judged = Judged({rule.id: Machine(rule, point.valid_for) for rule in point.rules})
    for rule, machine in judged.machines.items():
        if rule in begin.body:
            state: Any = begin.body[rule]
            machine.restore(state, begin.at)
        judged.note(rule, machine.running())
        if machine.phase in RAISED:
            judged.raised[rule] = EPOCH
    judged.seeds.update(judged.spans)
    return judged


def _pass(judged: Judged, rule: str, machine: Machine, until: datetime) -> None:
    while (due := machine.due()) is not None and due <= until:
        judged.note(rule, machine.advance(due))
        judged.moved_at = max(judged.moved_at or due, due)


def _close(judged: Judged, at: datetime, rule: str) -> None:
    machine = judged.machines[rule]
    _pass(judged, rule, machine, at)
    judged.note(rule, machine.close(at))
    judged.moved_at = max(judged.moved_at or at, at + MICROSECOND)


def _turn_of_day(judged: Judged, point: Point, day: datetime) -> None:
    for rule, machine in judged.machines.items():
        judged.note(rule, machine.advance(day))
        judged.note(rule, machine.running())
    if day > EPOCH:
        judged.snapshots.append(snapshot(point, judged.machines, day))


def described(point: Point, rule: Rule, span: Span, alarm: str | None = None) -> Excursion:
    """Return an excursion as it is recorded."""
    return Excursion(
        point=point.id,
        rule=rule.id,
        version=rule.version,
        level=span.threshold.level,
        side=span.threshold.side.value,
        start=span.start,
        end=span.end,
        peak=span.peak,
        missing=span.missing,
        alarm_at=span.alarm_at,
        alarm=alarm if span.alarm_at else None,
    )


def key_of(one: Excursion) -> Key:
    """Name an excursion among those of its point."""
    return one.rule, one.level, one.side, one.start


# --- differences ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """One excursion that is not what was recorded."""

    kind: Kind
    before: tuple[Excursion, ...]
    after: Excursion | None

    @property
    def worst(self) -> Excursion:
        """The excursion as it is now, or as it was last told."""
        return self.after or self.before[-1]


def differences(recorded: Sequence[Excursion], now: Sequence[Excursion]) -> list[Difference]:
    """Compare what was recorded of a point with what is known now, in the order of time.

    Which alarm an excursion belongs to does not count.
    """
    found: list[Difference] = []
    left = {key_of(one): one for one in recorded}
    for new in now:
        old = left.get(key_of(new))
        if old is not None and same(old, new):
            del left[key_of(new)]
    known = set(left)
    for new in now:
        if any(same(old, new) for old in recorded):
            continue
        before = tuple(one for one in recorded if key_of(one) in known and _overlap(one, new))
        mine = tuple(one for one in before if left.pop(key_of(one), None) is not None)
        found.append(Difference(_kind(before, new), mine, new))
    found.extend(Difference(Kind.LATE_WITHDRAWN, (one,), None) for one in left.values())
    return sorted(
        found, key=lambda each: (each.worst.start, each.worst.rule, each.worst.level, each.worst.side)
    )


def same(one: Excursion, other: Excursion) -> bool:
    """Tell whether two excursions are one and the same, whatever alarm they belong to."""
    return (key_of(one), one.end, one.peak, one.missing, one.alarm_at) == (
        key_of(other),
        other.end,
        other.peak,
        other.missing,
        other.alarm_at,
    )


def _overlap(one: Excursion, other: Excursion) -> bool:
    if (one.rule, one.level, one.side) != (other.rule, other.level, other.side):
        return False
    return (one.end is None or other.start < one.end) and (other.end is None or one.start < other.end)


def _kind(before: Sequence[Excursion], new: Excursion) -> Kind:
    """Say what became of excursions that are one now."""
    if not before:
        return Kind.LATE_DISCOVERED
    further = max if new.side == "high" else min
    peaks = [one.peak for one in before]
    longer = new.start < before[0].start or (new.end or NEVER) > max(one.end or NEVER for one in before)
    worse = further([new.peak, *peaks]) == new.peak and new.peak not in peaks
    alarm = new.alarm_at is not None and all(one.alarm_at is None for one in before)
    return Kind.LATE_EXTENDED if longer or worse or alarm else Kind.LATE_REVISED
