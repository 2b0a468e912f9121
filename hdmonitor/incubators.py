"""From when samples can be read, by what was recorded of the incubators in which they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from hdmonitor.completions import Completion
from hdmonitor.compliance.awaited import Awaited, awaited, stages_of
from hdmonitor.compliance.incubation import (
    COOL,
    WARM,
    NotPlaced,
    Placed,
    Run,
    Stage,
    Watched,
    pauses,
    placed,
    readable_at,
    too_short,
    watched,
)
from hdmonitor.compliance.obligation import Obligation, Programme, Subject
from hdmonitor.model import EPOCH, Equipment, Level, Point, Quality, Reading, Site
from hdmonitor.reader import Reader

KINDS: Final = {"incubator-30-35": WARM, "incubator-20-25": COOL}
A_DAY: Final = timedelta(days=1)
MICROSECOND: Final = timedelta(microseconds=1)
# Of a day: one every five seconds. Of more, the reader gives the ends of each part of the span.
MOST_READINGS: Final = 20_000
# No run asks for more than 7 days. What nobody has read for weeks is overdue, and is looked at no further.
LONGEST_RUN: Final = timedelta(days=21)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sample without a result, and whose it is."""

    subject: Subject
    obligation: Obligation
    sample: Awaited


def incubators(site: Site) -> list[Equipment]:
    """Return the incubators of a site in the order of its file."""
    return [each for each in site.equipment.values() if each.kind in KINDS]


def waiting(
    site: Site,
    programme: Programme,
    filed: Mapping[tuple[str, str], Sequence[Completion]],
    journal: Reader,
    now: datetime,
) -> list[Waiting]:
    """Return every sample that was taken and not read, with the day from which it can be."""
    record = _Record(journal)
    return [
        Waiting(subject, obligation, _counted(site, record, stages_of(case.rule), each, now))
        for obligation, subject, case in programme.duties()
        for each in awaited(case.rule, filed.get((obligation.id, subject.key), ()))
    ]


class _Record:
    """What incubators measured; each of their days is read once, however many samples were in there."""

    def __init__(self, journal: Reader) -> None:
        self._journal = journal
        self._days: dict[tuple[str, int], list[Reading]] = {}

    def readings(self, point: str, start: datetime, until: datetime) -> list[Reading]:
        """Return what was measured in a span, its ends included, in the order of time."""
        days = range((start - EPOCH) // A_DAY, (until - EPOCH) // A_DAY + 1)
        return [each for day in days for each in self._day(point, day) if start <= each.measured_at <= until]

    def _day(self, point: str, day: int) -> list[Reading]:
        if (point, day) not in self._days:
            begin = EPOCH + day * A_DAY
            end = begin + A_DAY - MICROSECOND
            self._days[point, day] = self._journal.history(point, begin, end, MOST_READINGS)
        return self._days[point, day]


def _counted(
    site: Site, record: _Record, stages: tuple[Stage, ...], sample: Awaited, now: datetime
) -> Awaited:
    """Return the sample with the day that its incubators give; by the clock where it names none."""
    try:
        places = placed(sample.entry.values)
    except NotPlaced:
        return sample  # filed before incubators were asked for
    if not places:
        return sample
    now = min(now, places[-1].since + LONGEST_RUN)
    runs: list[Run] = []
    says: list[str] = []
    ends = [*(each.since for each in places[1:]), None]
    for place, end in zip(places, ends, strict=True):
        equipment = site.equipment.get(place.incubator)
        stage = _stage(stages, equipment)
        if equipment is None or stage is None:
            return replace(sample, says=f"by the clock: {place.incubator} is no incubator of the site now")
        run, told = _run(site, record, stage, equipment, place, end, now)
        runs.append(run)
        says += told
    ended = [run.stage for run in runs if run.end is not None and run.stage != runs[-1].stage]
    says += too_short([stage for stage in stages if stage in ended], runs, now)
    says += [
        f"{stage.low:g} to {stage.high:g} degC by the clock: no incubator was named"
        for stage in stages
        if all(run.stage != stage for run in runs)
    ]
    ready = readable_at(stages, runs, now).astimezone(ZoneInfo(site.zone)).date()
    return replace(sample, ready_on=ready, says="; ".join(says))


def _stage(stages: Sequence[Stage], equipment: Equipment | None) -> Stage | None:
    band = KINDS.get(equipment.kind) if equipment else None
    return next((stage for stage in stages if (stage.low, stage.high) == band), None)


def _run(
    site: Site,
    record: _Record,
    stage: Stage,
    equipment: Equipment,
    place: Placed,
    end: datetime | None,
    now: datetime,
) -> tuple[Run, tuple[str, ...]]:
    """Return a run, and in words what is to be known of it."""
    run = Run(stage, equipment.name, place.since, end)
    points = [point for point in site.points.values() if _watches(point, equipment)]
    if not points:
        return run, (f"by the clock: nobody watched {equipment.name}",)
    seen = [_seen(record, point, place.since, end or now) for point in points]
    run = replace(
        run,
        unseen=tuple(span for each in seen for span in each.unseen),
        outside=tuple(span for each in seen for span in each.outside),
    )
    return run, pauses(run, now)


def _watches(point: Point, equipment: Equipment) -> bool:
    measures = point.equipment == equipment.id and point.quantity == "temperature"
    return measures and any(each.level > Level.WARNING for rule in point.rules for each in rule.thresholds)


def _seen(record: _Record, point: Point, start: datetime, until: datetime) -> Watched:
    readings = record.readings(point.id, start - point.valid_for, until)
    told = [
        (each.measured_at, _inside(point, each)) for each in readings if each.quality is not Quality.RETAINED
    ]
    return watched(told, point.valid_for, start, until)


def _inside(point: Point, reading: Reading) -> bool | None:
    """Tell whether a reading lies in the band of the point's rule; None for a fault."""
    value = reading.value
    if value is None:
        return None
    limits = (each for rule in point.rules for each in rule.thresholds if each.level > Level.WARNING)
    return not any(limit.outside(value) for limit in limits)
