"""Replays recorded readings through the one judge, in event time.

A recording is CSV with the columns `time,sensor,quantity,value,unit`. Values
are read as those of a message on a plain topic are, and sign and offset of
the point apply to them. One reading is one line.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, groupby, islice
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, TypeAlias

from hdmonitor.clock import Clock
from hdmonitor.events import Excursion
from hdmonitor.model import Level, Point, Quality, Reading, Rejected, Rule, Site
from hdmonitor.monitor import Monitor
from hdmonitor.reader import Reader
from hdmonitor.refusal import Refusal
from hdmonitor.sensors.measured import measured_text
from hdmonitor.sensors.times import DEVICE_TIME_AHEAD
from hdmonitor.units import add, show, show_duration

COLUMNS = ("time", "sensor", "quantity", "value", "unit")
NAMED_AT_MOST = 5  # lines of one kind that are told one by one
BATCH = 1_000  # readings decided at once; any other figure gives the same outcome
FAULT = Quality.FAULT
NOT_OURS = "no point of the site replays this sensor"
FIGURES = 50_000  # a sensor repeats its figures; each is read once while it is among the newest

# Clocks that were never set begin in 1970, 1980 or 2000. A recording may be older than
# what the daemon believes a device (2020), but not as old as that.
RECORDED_FROM = datetime(2001, 1, 1, tzinfo=UTC)

# Value and unit as recorded -> canonical value and fault, or why it is neither.
Read: TypeAlias = Callable[[str, str], "tuple[float | None, str | None] | Rejected"]


class UnusableFile(Refusal):
    """A file that cannot be replayed at all: what is wrong, where."""


class _Unusable(Exception):
    """A line that cannot be used: why, and what stands there."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(f"{reason}: {what}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Form:
    """How the lines of a file are read."""

    width: int  # columns
    columns: Callable[[list[str]], tuple[str, ...]]  # picks ours
    sensors: Mapping[tuple[str, str], tuple[str, Read]]  # by sensor and quantity
    until: datetime  # the newest time that is believed


@dataclass(slots=True)
class Recorded:
    """The readings of a file, in event order, and the lines that gave none."""

    readings: list[Reading] = field(default_factory=list)
    unusable: Counter[str] = field(default_factory=Counter)  # by reason
    named: list[str] = field(default_factory=list)


def read(path: Path, points: Mapping[str, Point], now: datetime | None = None) -> Recorded:
    """Read a recording; a sensor is a point's id or its `replay_as`.

    A time after `now`, by default that of this machine, is not believed.
    Raises `UnusableFile`.
    """
    recorded = Recorded()
    try:
        # One damaged byte must not cost the file: it is read as text like "\xff".
        with path.open(encoding="utf-8-sig", errors="backslashreplace") as lines:
            form = _form(path, next(lines, ""), points, (now or Clock().now()) + DEVICE_TIME_AHEAD)
            for number, line in enumerate(lines, start=2):
                try:
                    if reading := _reading(line, form):
                        recorded.readings.append(reading)
                except _Unusable as error:
                    recorded.unusable[error.reason] += 1
                    if recorded.unusable[error.reason] <= NAMED_AT_MOST:
                        recorded.named.append(f"{path}:{number}: {error}")
    except OSError as error:
        raise UnusableFile(f"{path}: {error.strerror}; give a readable CSV file") from error
    if not recorded.readings:
        recorded.named.append(f"{path}: no reading of any point of the site")
    ranks = {id_: rank for rank, id_ in enumerate(points)}
    recorded.readings.sort(key=lambda reading: _in_event_order(reading, ranks))
    return recorded


def _names(point: Point) -> Iterable[str]:
    return {point.id, point.replay_as or point.id}


def _reader(point: Point) -> Read:
    """Return how values of `point` are read, each figure once."""

    def figure(text: str, unit: str) -> tuple[float | None, str | None] | Rejected:
        value = measured_text(point.field, text, point.quantity, unit, point.family)
        if isinstance(value, Rejected):
            return value
        return (None, value) if isinstance(value, str) else (add(value * point.sign, point.offset), None)

    return lru_cache(maxsize=FIGURES)(figure)


def _form(path: Path, heading: str, points: Mapping[str, Point], until: datetime) -> _Form:
    if not heading.strip():
        raise UnusableFile(f"{path}:1:1: no heading; the first line must name {','.join(COLUMNS)}, each once")
    try:
        names = _quoted(heading)
    except _Unusable as error:
        raise UnusableFile(f"{path}:1:1: {error}") from error
    told = f"the first line must name {','.join(COLUMNS)}, each once"
    for column in COLUMNS:
        if column not in names:
            raise UnusableFile(f"{path}:1:1: no column {column!r} in {heading.rstrip()!r:.80}; {told}")
        if names.count(column) > 1:
            place = len(",".join(names[: names.index(column, names.index(column) + 1)])) + 2
            raise UnusableFile(f"{path}:1:{place}: the column {column!r} stands there twice; {told}")
    measured = [point for point in points.values() if not point.legs]
    sensors = {(sensor, p.quantity): (p.id, _reader(p)) for p in measured for sensor in _names(p)}
    return _Form(len(names), itemgetter(*(names.index(column) for column in COLUMNS)), sensors, until)


def _quoted(line: str) -> list[str]:
    """Split a line of CSV that may hold quotation marks."""
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error as error:
        raise _Unusable("not a line of CSV", f"{error} in {line!r:.60}") from error


def _reading(line: str, form: _Form) -> Reading | None:
    """Return the reading that a line holds; a blank one holds none."""
    row = _quoted(line) if '"' in line else line.rstrip("\n").split(",")
    if len(row) != form.width:
        if line.isspace():
            return None
        raise _Unusable(f"not {form.width} columns, as the first line has", f"{len(row)} in {line!r:.60}")
    time, sensor, quantity, text, unit = form.columns(row)
    known = form.sensors.get((sensor, quantity))
    if known is None:
        raise _Unusable(NOT_OURS, f"{sensor!r:.40} {quantity!r:.40}")
    point, read_value = known
    try:
        at = datetime.fromisoformat(time)
    except ValueError as error:
        raise _Unusable("not an ISO 8601 time", f"{time!r:.40}") from error
    if at.tzinfo is None:
        raise _Unusable("a time without a zone", f"{time!r:.40}")
    if not RECORDED_FROM <= at <= form.until:
        raise _Unusable("a time that cannot be right: before 2001 or still to come", f"{time!r:.40}")
    if at.tzinfo is not UTC:
        at = at.astimezone(UTC)
    figure = read_value(text, unit)
    if isinstance(figure, Rejected):
        raise _Unusable("a value that cannot be read", figure.reason)
    value, fault = figure
    return Reading(point, value, at, at) if fault is None else Reading(point, None, at, at, fault=fault)


@dataclass(slots=True)
class Replayed:
    """What the monitor made of a recording."""

    excursions: list[Excursion]
    until: dict[str, datetime]  # the newest value of each point
    faults: Counter[str]
    duplicates: int


def replay(
    site: Site, own: Mapping[str, Rule], readings: Iterable[Reading], told: Collection[str]
) -> Replayed:
    """Judge `readings`, which are in event order and of the points `told`, and return the excursions."""
    found: dict[tuple[str, str, Level, str, datetime], Excursion] = {}
    result = Replayed([], {}, Counter(), 0)
    monitor: Monitor | None = None
    for batch in batches(readings):
        # the others were not recorded, not silent
        monitor = monitor or Monitor(site.only(told), own, batch[0].measured_at)
        outcome = monitor.handle(batch, batch[-1].measured_at)
        for one in outcome.excursions:
            found[_key(one)] = one
        result.duplicates += outcome.duplicates
        for reading in outcome.readings:
            if reading.quality is FAULT:
                result.faults[f"{reading.point} ({reading.fault})"] += 1
        result.until.update({r.point: r.measured_at for r in batch if r.value is not None})
        sums = (r for r in outcome.readings if site.points[r.point].legs)
        result.until.update({r.point: r.measured_at for r in sums if r.value is not None})
    for one in monitor.running_excursions() if monitor else ():
        found[_key(one)] = one
    result.excursions = sorted(found.values(), key=lambda o: (o.start, o.point, o.rule, o.level, o.side))
    return result


def batches(readings: Iterable[Reading]) -> Iterator[list[Reading]]:
    """Cut readings into what is decided at once."""
    rest = iter(readings)
    while batch := list(islice(rest, BATCH)):
        yield batch


def of_journal(reader: Reader, site: Site) -> tuple[list[str], Iterator[Reading]]:
    """Return the points of the site that a journal tells, and their readings in event order."""
    # Sums are made again from what they are the sum of.
    told = [id_ for id_ in reader.points() if (point := site.points.get(id_)) and not point.legs]
    ranks = {id_: rank for rank, id_ in enumerate(site.points)}
    moments = groupby(map(_as_measured, reader.in_event_order(told)), key=attrgetter("measured_at"))
    return told, chain.from_iterable(
        sorted(one, key=lambda reading: ranks[reading.point]) for _, one in moments
    )


def _as_measured(stored: Reading) -> Reading:
    """Return a reading as if it had come in time."""
    at = stored.measured_at
    return Reading(stored.point, stored.value, at, at, fault=stored.fault)


def _in_event_order(reading: Reading, ranks: Mapping[str, int]) -> tuple[datetime, int, bool, float]:
    """Order readings as late data are judged: of one moment the smaller value first, faults last."""
    return reading.measured_at, ranks[reading.point], reading.value is None, reading.value or 0.0


def _key(one: Excursion) -> tuple[str, str, Level, str, datetime]:
    return one.point, one.rule, one.level, one.side, one.start


def as_json(excursion: Excursion, until: Mapping[str, datetime]) -> dict[str, Any]:
    """Return one excursion for `--json`; values in canonical units, times in UTC.

    One that has not ended lasts up to the newest value of its point.
    """
    end = excursion.end or until[excursion.point]
    return {
        "point": excursion.point,
        "rule": excursion.rule,
        "level": excursion.level.name.lower(),
        "start": _iso(excursion.start),
        "end": _iso(excursion.end),
        "peak": excursion.peak,
        "duration_s": (end - excursion.start).total_seconds(),
        "missing_s": excursion.missing.total_seconds(),
        "alarm_at": _iso(excursion.alarm_at),
    }


def as_lines(result: Replayed, site: Site) -> Iterator[str]:
    """Yield the table for people."""
    yield (
        f"{'point':24} {'rule':8} {'level':9} {'start (UTC)':20} {'end (UTC)':20} "
        f"{'peak':>12} {'lasted':>12} {'missing':>12}  alarm at (UTC)"
    )
    for one in result.excursions:
        lasted = (one.end or result.until[one.point]) - one.start
        yield (
            f"{one.point:24} {one.rule:8} {one.level.name.lower():9} {_second(one.start):20} "
            f"{_second(one.end) or 'still outside':20} {_peak(one, site.points[one.point]):>12} "
            f"{show_duration(lasted):>12} {show_duration(one.missing):>12}  {_second(one.alarm_at) or '-'}"
        )
    alarms = sum(one.alarm_at is not None for one in result.excursions)
    yield f"{len(result.excursions)} excursions, {alarms} of them alarms"


def remarks(result: Replayed) -> Iterator[str]:
    """Yield what else was in the recording: faults, repeated readings."""
    for what, count in sorted(result.faults.items()):
        yield f"faults, not values: {count} of {what}"
    if result.duplicates:
        yield f"repeated readings, dropped: {result.duplicates}"


def _peak(one: Excursion, point: Point) -> str:
    rule = next(rule for rule in point.rules if rule.id == one.rule)
    return show(one.peak, point.quantity, rule.unit, *(limit.limit for limit in rule.thresholds))


def _iso(moment: datetime | None) -> str | None:
    return as_instant(moment) if moment is not None else None


def as_instant(moment: datetime) -> str:
    """Write a moment in UTC as recordings do."""
    return moment.isoformat().replace("+00:00", "Z")


def _second(moment: datetime | None) -> str | None:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment is not None else None
