"""Replays recorded readings through the one judge, in event time."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hdmonitor.events import Excursion, Measured, Outcome
from hdmonitor.model import Level, Point, Rule, Site
from hdmonitor.monitor import Monitor
from hdmonitor.sensors.faults import fault_of, fault_of_text
from hdmonitor.sensors.strict import text_number
from hdmonitor.units import UnitError, convert, show, show_duration

COLUMNS = ("time", "sensor", "quantity", "value", "unit")
NAMED_AT_MOST = 5  # lines of one kind that are told one by one


class UnusableFile(Exception):
    """A file that cannot be replayed at all: what is wrong, where."""


@dataclass(slots=True)
class Recorded:
    """The readings of a file, in event order, and the lines that gave none."""

    readings: list[Measured] = field(default_factory=list)
    unusable: Counter[str] = field(default_factory=Counter)  # by reason
    named: list[str] = field(default_factory=list)

    def refuse(self, line: int, reason: str, what: str) -> None:
        """Count a line that cannot be used, and name the first ones."""
        self.unusable[reason] += 1
        if self.unusable[reason] <= NAMED_AT_MOST:
            self.named.append(f"line {line}: {reason}: {what}")


def read(path: Path, points: Mapping[str, Point]) -> Recorded:
    """Read `time,sensor,quantity,value,unit`; a sensor is a point's id or its `replay_as`."""
    by_sensor = {(p.replay_as or p.id, p.quantity): p for p in points.values()}
    by_sensor |= {(p.id, p.quantity): p for p in points.values()}
    recorded = Recorded()
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.reader(lines)
            heading = next(rows, [])
            if missing := [column for column in COLUMNS if column not in heading]:
                raise UnusableFile(
                    f"{path}:1:1: no column {missing[0]!r}; the first line must name {','.join(COLUMNS)}"
                )
            places = [heading.index(column) for column in COLUMNS]
            for row in rows:
                _take(row, places, rows.line_num, by_sensor, recorded)
    except OSError as error:
        raise UnusableFile(f"{path}: {error.strerror}; give a readable CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnusableFile(f"{path}: not a UTF-8 CSV file: {error}") from error
    recorded.readings.sort(key=lambda reading: reading.measured_at)
    return recorded


def _take(
    row: list[str],
    places: list[int],
    line: int,
    by_sensor: Mapping[tuple[str, str], Point],
    recorded: Recorded,
) -> None:
    if len(row) <= max(places):
        recorded.refuse(line, "too few columns", ",".join(row)[:60])
        return
    time, sensor, quantity, text, unit = (row[place] for place in places)
    point = by_sensor.get((sensor, quantity))
    if point is None:
        recorded.refuse(line, "no point of the site replays this sensor", f"{sensor} {quantity}")
        return
    try:
        at = datetime.fromisoformat(time)
    except ValueError:
        recorded.refuse(line, "not an ISO 8601 time", time[:40])
        return
    if at.tzinfo is None:
        recorded.refuse(line, "a time without a zone", time[:40])
        return
    at = at.astimezone(UTC)
    numeric = text_number(text.strip())
    if numeric is None or numeric[1]:
        if fault := fault_of_text(text):
            recorded.readings.append(Measured(point.id, None, at, at, fault))
        else:
            recorded.refuse(line, "not a number", text[:40])
        return
    try:
        value = convert(numeric[0], unit, quantity)
        fault = fault_of(numeric[0], quantity, unit)
    except UnitError as error:
        recorded.refuse(line, str(error), unit[:20])
        return
    judged = None if fault else value * point.sign + point.offset
    recorded.readings.append(Measured(point.id, judged, at, at, fault))


@dataclass(slots=True)
class Replayed:
    """What the monitor made of a recording."""

    excursions: list[Excursion]
    until: datetime | None
    faults: Counter[str]
    duplicates: int


def replay(site: Site, own: Mapping[str, Rule], readings: list[Measured]) -> Replayed:
    """Judge `readings`, which are in event order, and return the excursions."""
    found: dict[tuple[str, str, Level, str, datetime], Excursion] = {}
    faults: Counter[str] = Counter()
    duplicates = 0
    if not readings:
        return Replayed([], None, faults, 0)
    monitor = Monitor(site, own, readings[0].measured_at)

    def collect(outcome: Outcome) -> None:
        for one in outcome.excursions:
            found[one.point, one.rule, one.level, one.side, one.start] = one

    for reading in readings:
        outcome = monitor.handle((reading,), reading.measured_at)
        if outcome.excursions:
            collect(outcome)
        duplicates += outcome.duplicates
        if reading.fault:
            faults[f"{reading.point}: {reading.fault}"] += 1
    for one in monitor.running_excursions():
        found[one.point, one.rule, one.level, one.side, one.start] = one
    ordered = sorted(found.values(), key=lambda one: (one.start, one.point, one.rule, one.level, one.side))
    return Replayed(ordered, readings[-1].measured_at, faults, duplicates)


def as_json(excursion: Excursion, until: datetime) -> dict[str, Any]:
    """Return one excursion for `--json`; values in canonical units, times in UTC."""
    return {
        "point": excursion.point,
        "rule": excursion.rule,
        "level": excursion.level.name.lower(),
        "start": _iso(excursion.start),
        "end": _iso(excursion.end),
        "peak": excursion.peak,
        "duration_s": ((excursion.end or until) - excursion.start).total_seconds(),
        "missing_s": excursion.missing.total_seconds(),
        "alarm_at": _iso(excursion.alarm_at),
    }


def as_lines(result: Replayed, site: Site) -> Iterator[str]:
    """Yield the table for people."""
    yield (
        f"{'point':24} {'rule':8} {'level':9} {'start (UTC)':20} {'end (UTC)':20} "
        f"{'peak':>12} {'lasted':>12} {'missing':>9}  alarm at"
    )
    for one in result.excursions:
        point = site.points[one.point]
        until = result.until or one.start
        lasted = show_duration((one.end or until) - one.start)
        unit = next(rule.unit for rule in point.rules if rule.id == one.rule)
        yield (
            f"{one.point:24} {one.rule:8} {one.level.name.lower():9} {_iso(one.start):20} "
            f"{_iso(one.end) or 'still outside':20} {show(one.peak, point.quantity, unit):>12} {lasted:>12} "
            f"{show_duration(one.missing):>9}  {_iso(one.alarm_at) or '-'}"
        )
    alarms = sum(one.alarm_at is not None for one in result.excursions)
    yield f"{len(result.excursions)} excursions, {alarms} of them alarms"
    for what, count in sorted(result.faults.items()):
        yield f"{count} fault readings, not values: {what}"
    if result.duplicates:
        yield f"{result.duplicates} repeated readings were dropped"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment is not None else None
