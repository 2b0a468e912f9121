"""How long a plate or a medium has been where it should be: at temperature, and seen to be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from hdmonitor.units import show_duration

Span: TypeAlias = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Stage:
    """One temperature for so long at least."""

    low: float  # degC
    high: float
    at_least: timedelta


WARM, COOL = (30.0, 35.0), (20.0, 25.0)
SAMPLES: Final = (Stage(*WARM, timedelta(hours=48)), Stage(*COOL, timedelta(days=5)))  # 797-I1
MEDIA: Final = (Stage(*COOL, timedelta(days=7)), Stage(*WARM, timedelta(days=7)))  # 797-I2, order by the SOP


@dataclass(frozen=True, slots=True)
class Run:
    """A stage in one incubator; None for the end while it is still in there."""

    stage: Stage
    incubator: str  # its name
    start: datetime
    end: datetime | None
    unseen: tuple[Span, ...] = ()  # when nobody knew how warm the incubator was
    outside: tuple[Span, ...] = ()  # when it was out of its band


@dataclass(frozen=True, slots=True)
class Incubated:
    """What one run amounts to."""

    counted: timedelta
    paused: timedelta
    enough_at: datetime | None  # when it had, or will have, been long enough; None if it ended before

    @property
    def enough(self) -> bool:
        """Tell whether a run that has ended was long enough."""
        return self.enough_at is not None


def incubated(run: Run, now: datetime) -> Incubated:
    """Return what a run amounts to at `now`; its clock stands while the incubator is out of band."""
    until = run.end or now
    outside = _merged([*run.outside, *run.unseen], run.start, until)
    paused = _length(outside)
    counted = max(until - run.start, timedelta()) - paused
    enough_at: datetime | None = None
    done, at = timedelta(), run.start
    for start, end in [*outside, (until, until)]:
        if done + (start - at) >= run.stage.at_least:
            enough_at = at + (run.stage.at_least - done)
            break
        done, at = done + (start - at), end
    if enough_at is None and run.end is None:
        enough_at = max(until, at) + (run.stage.at_least - counted)
    return Incubated(counted, paused, enough_at)


def readable_at(stages: Sequence[Stage], runs: Sequence[Run], now: datetime) -> datetime:
    """Return from when a plate can be read: the newest of its runs, which goes on, has been long enough.

    What an earlier run lacks cannot be made up at another temperature, and is not added. A stage
    without a run is counted by the clock.
    """
    *before, last = runs
    had = sum((incubated(run, now).counted for run in before if run.stage == last.stage), timedelta())
    left = max(last.stage.at_least - had, timedelta())
    enough_at = incubated(replace(last, stage=replace(last.stage, at_least=left)), now).enough_at
    rest = [stage.at_least for stage in stages if all(run.stage != stage for run in runs)]
    return (enough_at or now) + sum(rest, timedelta())


def pauses(run: Run, now: datetime) -> tuple[str, ...]:
    """Say for how long the clock of a run stood and why, as far as the run needed that time."""
    enough_at = incubated(run, now).enough_at
    until = min(run.end or now, now, enough_at or now)
    all_ = _length(_merged([*run.outside, *run.unseen], run.start, until))
    outside = _length(_merged(run.outside, run.start, until))
    told = []
    if outside:
        told.append(f"paused {show_duration(outside)}: {run.incubator} was out of its band")
    if all_ > outside:
        told.append(f"paused {show_duration(all_ - outside)}: nobody watched {run.incubator}")
    return tuple(told)


@dataclass(frozen=True, slots=True)
class Watched:
    """What is not known to have been in band, of a span of time."""

    outside: tuple[Span, ...]
    unseen: tuple[Span, ...]


def watched(
    told: Iterable[tuple[datetime, bool | None]], valid_for: timedelta, start: datetime, until: datetime
) -> Watched:
    """Return when an incubator was out of its band, and when nobody knew, from `start` to `until`.

    `told` are its readings in the order of time: in band or not, None for a fault. Each holds until
    the next one, at most for `valid_for`.
    """
    outside: list[Span] = []
    unseen: list[Span] = []
    known = start
    for (at, inside), (following, _) in pairwise([*told, (until, None)]):
        if at > known:
            unseen.append((known, at))
        end = min(at + valid_for, following)
        if inside is not True:
            (unseen if inside is None else outside).append((at, end))
        known = max(known, end)
    if known < until:
        unseen.append((known, until))
    return Watched(tuple(_merged(outside, start, until)), tuple(_merged(unseen, start, until)))


# --- what is filed ---------------------------------------------------------------

INCUBATION: Final = "incubation"  # among the values of a sample
MOST_PLACES: Final = 4
FIRST_YEAR: Final = 2000  # before it, and in the last there is, no zone need be able to show a moment


@dataclass(frozen=True, slots=True)
class Placed:
    """Since when a sample has been in which incubator."""

    incubator: str  # id of equipment
    since: datetime


class NotPlaced(ValueError):
    """What is filed of an incubation cannot be meant: why, what to write."""


def placed(values: Mapping[str, Any]) -> tuple[Placed, ...]:
    """Read where a sample is incubated, nothing where that was not filed; raise `NotPlaced`."""
    filed = values.get(INCUBATION, [])
    if not isinstance(filed, list) or len(filed) > MOST_PLACES:
        raise NotPlaced(f"an incubation is a list of at most {MOST_PLACES} incubators")
    places = tuple(_placed(each) for each in filed)
    for one, other in pairwise(places):
        if other.since <= one.since:
            raise NotPlaced(f"it was put into {other.incubator} before {one.incubator}; write them in order")
    return places


def _placed(filed: object) -> Placed:
    if not isinstance(filed, dict) or not isinstance(filed.get("incubator"), str) or not filed["incubator"]:
        raise NotPlaced("which incubator? name its id in the site file")
    try:
        since = datetime.fromisoformat(str(filed.get("since", "")))
    except ValueError:
        since = None
    if since is None or since.tzinfo is None or not FIRST_YEAR <= since.year < MAXYEAR:
        raise NotPlaced(
            f"when was it put into {filed['incubator']:.40}? write 2026-03-02T14:30:00-05:00 for instance"
        )
    return Placed(filed["incubator"], since)


def misplaced(values: Mapping[str, Any], taken: date, now: datetime, zone: ZoneInfo) -> str:
    """Say why an incubation cannot be filed, or nothing."""
    try:
        places = placed(values)
    except NotPlaced as error:
        return str(error)
    for each in places:
        there = each.since.astimezone(zone)
        if each.since > now:
            return (
                f"{there:%Y-%m-%d %H:%M} has not come yet; write down when it was put into {each.incubator}"
            )
        if there.date() < taken:
            return f"it was put into {each.incubator} on {there.date()}, before it was taken on {taken}"
    return ""


def too_short(stages: Sequence[Stage], runs: Sequence[Run], now: datetime) -> tuple[str, ...]:
    """Say which stages of an incubation were not long enough; runs that still go on do not count."""
    missing = []
    for stage in stages:
        found = [incubated(run, now) for run in runs if run.stage == stage and run.end is not None]
        counted = sum((each.counted for each in found), timedelta())
        if counted < stage.at_least:
            paused = sum((each.paused for each in found), timedelta())
            told = f"{_hours(counted)} of {_hours(stage.at_least)} at {stage.low:g} to {stage.high:g} degC"
            out = f"; {_hours(paused)} out of band or unseen do not count" if paused else ""
            missing.append(f"incubated {told}{out}")
    return tuple(missing)


def _merged(spans: Sequence[Span], start: datetime, until: datetime) -> list[Span]:
    merged: list[Span] = []
    for begin, end in sorted((max(a, start), min(b, until)) for a, b in spans):
        if begin >= end:
            continue
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((begin, end))
    return merged


def _length(spans: Iterable[Span]) -> timedelta:
    return sum((end - start for start, end in spans), timedelta())


def _hours(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{int(hours * 10) / 10:g} h"
