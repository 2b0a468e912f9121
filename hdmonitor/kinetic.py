"""Mean kinetic temperature of recorded readings, for `hdmonitor mkt`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from csv import DictReader
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hdmonitor.model import NO_TIME, Point
from hdmonitor.replay import NOT_OURS, UnusableFile, as_instant, read
from hdmonitor.rules.mkt import MICROSECOND, Series, Worst
from hdmonitor.units import QUANTITIES, show_duration

TEMPERATURE = "temperature"
FREEZING = 0.0  # °C: goods kept below are frozen, and the mean says nothing about them


@dataclass(frozen=True, slots=True)
class Kinetic:
    """What one temperature sensor of a recording adds up to."""

    sensor: str
    readings: int
    rejected: int  # lines of the sensor that gave no reading: faults, wrong times, repetitions
    coverage: float
    mean: float | None  # °C, of the whole series
    lowest: float | None
    worst: Worst | None  # of the full windows


@dataclass(frozen=True, slots=True)
class Kinetics:
    """All temperature sensors of a recording, and what could not be used of it."""

    sensors: list[Kinetic]
    named: list[str] = field(default_factory=list)  # lines, one by one
    unusable: Counter[str] = field(default_factory=Counter)  # by reason


def kinetics(
    path: Path, window: timedelta | None, cap: timedelta | None, *, by_count: bool = False
) -> Kinetics:
    """Add up every temperature sensor of a recording; raise `UnusableFile`."""
    lines = _sensors(path)
    points = {f"{quantity}:{sensor}": _point(sensor, quantity) for sensor, quantity in lines}
    recorded = read(path, points)
    sensors = []
    for (sensor, quantity), count in lines.items():
        if quantity == TEMPERATURE:
            name = f"{quantity}:{sensor}"
            told = [(r.measured_at, r.value) for r in recorded.readings if r.point == name]
            readings = _apart((at, value) for at, value in told if value is not None)
            series = Series(readings, cap, by_count=by_count)
            sensors.append(
                Kinetic(
                    sensor=sensor,
                    readings=len(readings),
                    rejected=count - len(readings),
                    coverage=series.coverage(),
                    mean=series.whole().mean(),
                    lowest=min((value for _, value in readings), default=None),
                    worst=series.worst(window) if window else None,
                )
            )
    if not sensors:
        raise UnusableFile(
            f"{path}: no line has the quantity 'temperature'; give a recording of temperatures"
        )
    del recorded.unusable[NOT_OURS]  # what is no temperature of a sensor is not asked for
    return Kinetics(sensors, [each for each in recorded.named if NOT_OURS not in each], recorded.unusable)


def _sensors(path: Path) -> Counter[tuple[str, str]]:
    """Count the lines of each sensor and quantity; what is wrong with others is told when they are read."""
    try:
        with path.open(encoding="utf-8-sig", errors="backslashreplace", newline="") as lines:
            return Counter(
                (row["sensor"], row["quantity"])
                for row in DictReader(lines)
                if row.get("sensor") and row.get("quantity") in QUANTITIES
            )
    except OSError as error:
        raise UnusableFile(f"{path}: {error.strerror}; give a readable CSV file") from error


def _point(sensor: str, quantity: str) -> Point:
    """Return what the reader of recordings needs to know of a sensor."""
    return Point(
        id=f"{quantity}:{sensor}",
        name=sensor,
        room="",
        equipment=None,
        quantity=quantity,
        topic="",
        family="plain",
        field=sensor,
        unit="",
        every=NO_TIME,
        valid_for=NO_TIME,
        rules=(),
        replay_as=sensor,
    )


def _apart(readings: Iterator[tuple[datetime, float]]) -> list[tuple[datetime, float]]:
    """Drop repetitions; another value of the same moment stands a microsecond later, as in the journal."""
    kept: list[tuple[datetime, float]] = []
    told: datetime | None = None
    values: set[float] = set()
    for at, value in readings:
        if at != told:
            told, values = at, set()
        if value not in values:
            values.add(value)
            kept.append((max(at, kept[-1][0] + MICROSECOND) if kept else at, value))
    return kept


def as_json(found: Kinetic, window: timedelta | None) -> dict[str, Any]:
    """Return one sensor for `--json`; `worst` stands there only when a window was asked for."""
    told: dict[str, Any] = {
        "sensor": found.sensor,
        "readings": found.readings,
        "rejected": found.rejected,
        "coverage": found.coverage,
        "mkt": found.mean,
    }
    if window is not None:
        worst = found.worst
        told["worst"] = (
            {"mkt": worst.mean, "from": as_instant(worst.start), "to": as_instant(worst.end)}
            if worst
            else None
        )
    return told


def as_lines(found: Kinetics, window: timedelta | None) -> Iterator[str]:
    """Yield the table for people."""
    last = f"worst full {show_duration(window)}" if window else ""
    yield f"{'sensor':20} {'readings':>8} {'rejected':>8} {'coverage':>8} {'MKT':>10}  {last}".rstrip()
    for each in found.sensors:
        mean = "no mean" if each.mean is None else f"{each.mean:.3f} C"
        worst = ""
        if each.worst:
            span = f"{each.worst.start:%Y-%m-%dT%H:%M:%SZ} to {each.worst.end:%Y-%m-%dT%H:%M:%SZ}"
            worst = f"{each.worst.mean:.3f} C, {span}"
        elif window:
            worst = "insufficient data: no full window"
        yield (
            f"{each.sensor:20} {each.readings:8} {each.rejected:8} {each.coverage:8.1%} {mean:>10}  {worst}"
        ).rstrip()


def remarks(found: Kinetics) -> Iterator[str]:
    """Yield what a mean must not be read as."""
    for each in found.sensors:
        if each.lowest is not None and each.lowest < FREEZING:
            yield (
                f"{each.sensor}: was as cold as {each.lowest:.1f} C; a mean kinetic temperature says nothing"
                " about freezing, nor about frozen goods"
            )
