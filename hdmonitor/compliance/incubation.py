"""How long a plate or a medium has been where it should be: at temperature, and seen to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias

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
    incubator: str
    start: datetime
    end: datetime | None
    unseen: tuple[Span, ...] = ()  # when the incubator was out of its band, or nobody knew


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
    outside = _merged(run.unseen, run.start, until)
    paused = sum((end - start for start, end in outside), timedelta())
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


def _hours(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    return f"{int(hours * 10) / 10:g} h"
