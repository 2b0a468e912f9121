"""What changed limits and delays would have made of recorded readings.

The same readings are judged twice by the same judge, once with the site as it
is and once as it might be, and the alarms of each limit are compared. What
the words mean stands in `docs/what-if.md`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from hdmonitor.events import Excursion
from hdmonitor.model import NO_TIME, Device, Level, Point, Reading, Rule, Side, Site, Threshold
from hdmonitor.monitor import Monitor
from hdmonitor.refusal import Refusal
from hdmonitor.replay import as_instant, batches
from hdmonitor.site_limits import limit_words
from hdmonitor.units import QUANTITIES, show, show_duration, unit_named

END_OF_TIME = datetime.max.replace(tzinfo=UTC)
LISTED = 20  # missed and new alarms that the table names one by one; --json has all

# Of a point, by what people call it: what a what-if leaves as it is.
DECIDED_BEFORE = (("quantity", "quantity"), ("sign", "sign"), ("offset", "offset"), ("legs", "sum"))

Limit: TypeAlias = tuple[str, Level, str]  # rule, level, side


class NotComparable(Refusal):
    """Both sites cannot be compared: what differs, what to do."""


@dataclass(frozen=True, slots=True)
class Call:
    """One alarm of one limit: from the first reading outside to the last one inside again."""

    point: str
    rule: str
    level: Level
    side: str
    start: datetime
    end: datetime | None
    alarm_at: datetime
    peak: float  # canonical unit

    @property
    def limit(self) -> Limit:
        """Rule, level and side."""
        return self.rule, self.level, self.side

    def meets(self, other: Call) -> bool:
        """Tell whether both are about the same side of the same point, at a time they share."""
        return (
            self.point == other.point
            and self.side == other.side
            and self.start <= (other.end or END_OF_TIME)
            and other.start <= (self.end or END_OF_TIME)
        )


@dataclass(slots=True)
class Shifts:
    """Alarms that come at another moment."""

    count: int = 0
    longest: timedelta = NO_TIME

    def add(self, by: timedelta) -> None:
        """Count one."""
        self.count += 1
        self.longest = max(self.longest, by)


@dataclass(slots=True)
class Compared:
    """What becomes of the alarms of one limit."""

    rule: Rule
    limit: Threshold  # as the present site has it, if it has it
    before: int = 0
    after: int = 0
    cut: int = 0
    missed: list[Call] = field(default_factory=list)
    new: list[Call] = field(default_factory=list)
    later: Shifts = field(default_factory=Shifts)
    earlier: Shifts = field(default_factory=Shifts)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The comparison of two sites over the same readings."""

    changed: list[str]  # sentences: which limit becomes which
    left_out: list[str]  # points that only one of the sites has
    limits: list[Compared]
    points: Mapping[str, Point]


def what_if(
    present: Site,
    other: Site,
    *,
    untightened: Site,
    own: Mapping[str, Rule],
    readings: Iterable[Reading],
    told: Collection[str],
) -> WhatIf:
    """Judge `readings`, in event order and of the points `told`, with both sites.

    `untightened` has the limits of the rules themselves: beyond those an alarm
    that is cut counts as missed. Raises `NotComparable`.
    """
    heard = {id_ for id_ in told if id_ in present.points and id_ in other.points}
    sites = [_ending(site.only(heard)) for site in (present, other)]
    both = sites[0].points.keys() & sites[1].points.keys()  # with the sums of what was heard
    for id_ in both:
        _comparable(present.points[id_], other.points[id_])
    monitors: list[Monitor] = []
    found: list[dict[tuple[str, str, Level, str, datetime], Excursion]] = [{}, {}]
    for batch in batches(reading for reading in readings if reading.point in heard):
        monitors = monitors or [Monitor(site, own, batch[0].measured_at) for site in sites]
        for monitor, excursions in zip(monitors, found, strict=True):
            _keep(monitor.handle(batch, batch[-1].measured_at).excursions, excursions)
    for monitor, excursions in zip(monitors, found, strict=False):
        _keep(monitor.running_excursions(), excursions)
    before, after = (
        [call for call in _calls(excursions.values()) if call.point in both] for excursions in found
    )
    return WhatIf(
        changed=[line for id_ in sorted(both) for line in _changes(present.points[id_], other.points[id_])],
        left_out=sorted(set(told) - heard),
        limits=_compare(before, after, _rules(sites), untightened),
        points={id_: present.points[id_] for id_ in both},
    )


def _comparable(present: Point, other: Point) -> None:
    for name_of, what in DECIDED_BEFORE:
        if getattr(present, name_of) != getattr(other, name_of):
            raise NotComparable(
                f"{present.id}: the {what} differs between both sites; "
                "a what-if compares limits and delays, so leave the rest as it is"
            )


def _ending(site: Site) -> Site:
    """Return the site without latches: in a recording nobody closes an alarm."""
    points = {
        id_: replace(point, rules=tuple(replace(rule, latched=False) for rule in point.rules))
        for id_, point in site.points.items()
    }
    devices: dict[str, Device] = {
        topic: replace(device, points=tuple(points[point.id] for point in device.points))
        for topic, device in site.devices.items()
    }
    return replace(site, points=points, devices=devices)


def _keep(
    seen: Iterable[Excursion], excursions: dict[tuple[str, str, Level, str, datetime], Excursion]
) -> None:
    for one in seen:
        if one.alarm_at is not None:
            excursions[one.point, one.rule, one.level, one.side, one.start] = one


def _calls(excursions: Iterable[Excursion]) -> list[Call]:
    """Return the alarms that excursions were part of; several of one alarm and limit are one call."""
    calls: dict[tuple[str | None, str, Limit], Call] = {}
    for one in sorted(excursions, key=lambda one: one.start):
        assert one.alarm_at is not None  # noqa: S101  # only those were kept
        key = (one.alarm, one.point, (one.rule, one.level, one.side))
        call = Call(one.point, one.rule, one.level, one.side, one.start, one.end, one.alarm_at, one.peak)
        if first := calls.get(key):
            further = max if one.side == Side.HIGH else min
            call = replace(first, end=one.end, peak=further(first.peak, one.peak))
        calls[key] = call
    return list(calls.values())


# --- comparing ------------------------------------------------------------------


def _rules(sites: Sequence[Site]) -> dict[Limit, tuple[Rule, Threshold]]:
    """Return every limit that one of the sites has, as the present one has it."""
    return {
        (rule.id, limit.level, limit.side.value): (rule, limit)
        for site in reversed(sites)
        for point in site.points.values()
        for rule in point.rules
        for limit in rule.thresholds
    }


def _compare(
    before: Sequence[Call],
    after: Sequence[Call],
    rules: Mapping[Limit, tuple[Rule, Threshold]],
    untightened: Site,
) -> list[Compared]:
    rows = {key: Compared(rule, limit) for key, (rule, limit) in rules.items()}
    for call in before:
        row = rows[call.limit]
        row.before += 1
        standing = [each for each in after if each.level >= call.level and each.meets(call)]
        if standing:
            first = min(each.alarm_at for each in before if each.level >= call.level and each.meets(call))
            by = min(each.alarm_at for each in standing) - first
            if by:
                (row.later if by > NO_TIME else row.earlier).add(abs(by))
            continue
        row.cut += 1
        if _really_outside(call, untightened.points[call.point]):
            row.missed.append(call)
    for call in after:
        row = rows[call.limit]
        row.after += 1
        if not any(each.level >= call.level and each.meets(call) for each in before):
            row.new.append(call)
    told = [row for row in rows.values() if row.before or row.after]
    return sorted(told, key=lambda row: (row.rule.id, row.limit.side, row.limit.level))


def _really_outside(call: Call, point: Point) -> bool:
    """Tell whether the value was beyond a limit of a rule itself, at alarm level or worse."""
    return any(
        limit.level >= Level.ALARM and limit.side == call.side and limit.outside(call.peak)
        for rule in point.rules
        for limit in rule.thresholds
    )


def _changes(present: Point, other: Point) -> Iterator[str]:
    """Tell which limits of a point become which."""
    here, there = _told(present), _told(other)
    for key in sorted(here.keys() | there.keys()):
        if here.get(key) != there.get(key):
            yield f"{present.id}, {key}: {here.get(key, 'none')} -> {there.get(key, 'none')}"


def _told(point: Point) -> dict[str, str]:
    """Return everything about the limits of a point that can change its alarms, in words."""
    told = {"a reading vouches": f"for {show_duration(point.valid_for)}"}
    for rule in (rule for rule in point.rules if rule.thresholds):
        told[f"{rule.id} off-delay"] = show_duration(rule.off_delay)
        deadband = rule.deadband / unit_named(rule.unit, point.quantity).scale if rule.unit else rule.deadband
        if not QUANTITIES[point.quantity].words:
            told[f"{rule.id} deadband"] = f"{round(deadband, 10):g} {rule.unit}"
        for limit in rule.thresholds:
            words = f"{limit_words(limit, rule, point.quantity)} for {show_duration(limit.on_delay)}"
            told[f"{rule.id} {limit.level.name.lower()} {limit.side}"] = words
    return told


# --- telling --------------------------------------------------------------------


def as_lines(result: WhatIf) -> Iterator[str]:
    """Yield the table for people."""
    for line in result.changed:
        yield f"changed: {line}"
    if not result.changed:
        yield "no limit and no delay of the points that were recorded differs"
    yield (
        f"{'rule':8} {'force':8} {'level':9} {'limit':14} {'before':>6} {'after':>6} {'cut':>6} "
        f"{'missed':>6} {'new':>6}  {'later':18} earlier"
    )
    for row in result.limits:
        yield (
            f"{row.rule.id:8} {row.limit.force:8} {row.limit.level.name.lower():9} {row.limit.name:14} "
            f"{row.before:6} {row.after:6} {row.cut:6} {len(row.missed):6} {len(row.new):6}  "
            f"{_shifts(row.later):18} {_shifts(row.earlier)}"
        )
    for what, calls in (("missed", _each(result, "missed")), ("new", _each(result, "new"))):
        for row, call in calls[:LISTED]:
            yield f"{what}: {_sentence(row, call, result.points[call.point])}"
        if len(calls) > LISTED:
            yield f"{what}: {len(calls) - LISTED} more; --json names all"
    before, after = (sum(getattr(row, what) for row in result.limits) for what in ("before", "after"))
    missed = len(_each(result, "missed"))
    yield f"{before} alarms before, {after} after; {missed} of those cut were really outside"


def _each(result: WhatIf, what: str) -> list[tuple[Compared, Call]]:
    calls = [(row, call) for row in result.limits for call in getattr(row, what)]
    return sorted(calls, key=lambda each: (each[1].start, each[1].point, each[1].level))


def _shifts(shifts: Shifts) -> str:
    return f"{shifts.count}, up to {show_duration(shifts.longest)}" if shifts.count else "-"


def _sentence(row: Compared, call: Call, point: Point) -> str:
    end = f"{call.end:%Y-%m-%dT%H:%M:%SZ}" if call.end else "the end, still outside"
    limits = [limit.limit for limit in row.rule.thresholds]
    peak = show(call.peak, point.quantity, row.rule.unit, *limits)
    return (
        f"{call.point}, {row.rule.id} {row.limit.name}, {call.start:%Y-%m-%dT%H:%M:%SZ} to {end}, peak {peak}"
    )


def as_json(row: Compared) -> dict[str, Any]:
    """Return one limit for `--json`; values in canonical units, times in UTC."""
    return {
        "rule": row.rule.id,
        "version": row.rule.version,
        "force": row.limit.force.value,
        "level": row.limit.level.name.lower(),
        "side": row.limit.side.value,
        "name": row.limit.name,
        "before": row.before,
        "after": row.after,
        "cut": row.cut,
        "missed": len(row.missed),
        "new": len(row.new),
        "later": {"count": row.later.count, "longest_s": row.later.longest.total_seconds()},
        "earlier": {"count": row.earlier.count, "longest_s": row.earlier.longest.total_seconds()},
        "missed_alarms": [_call_json(call) for call in row.missed],
        "new_alarms": [_call_json(call) for call in row.new],
    }


def _call_json(call: Call) -> dict[str, Any]:
    return {
        "point": call.point,
        "start": as_instant(call.start),
        "end": as_instant(call.end) if call.end else None,
        "alarm_at": as_instant(call.alarm_at),
        "peak": call.peak,
    }
