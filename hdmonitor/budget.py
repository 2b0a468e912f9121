"""What the readings of a point add up to by now, and what is left of it: for pages, from the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.alerts import sums
from hdmonitor.binding import binding
from hdmonitor.events import LastHeard
from hdmonitor.exposure import gauge_of, left_of
from hdmonitor.model import Exposure, Level, Measure, Point
from hdmonitor.reader import Reader
from hdmonitor.rules.outside import Outside
from hdmonitor.rules.rolling import Rolling

PREFIX = "exposure:"


@dataclass(frozen=True, slots=True)
class Budget:
    """One rule about what adds up, in words."""

    rule: str
    binding: str
    what: str
    so_far: str
    left: str


def budgets(journal: Reader, point: Point, heard: LastHeard | None, now: datetime) -> list[Budget]:
    """Return what adds up at a point, as the newest commit has it."""
    if not point.exposures or heard is None or heard.value is None:
        return []
    rows = journal.states(f"{PREFIX}{point.id}|")
    found = []
    for exposure in point.exposures:
        key = f"{PREFIX}{point.id}|{exposure.rule.id}|"
        its = {name.removeprefix(key): body for name, body in rows.items() if name.startswith(key)}
        gauge = _restored(journal, point, exposure, its)
        found.append(_told(exposure, gauge, heard.value, since=now - heard.measured_at))
    return found


def _restored(
    journal: Reader, point: Point, exposure: Exposure, rows: Mapping[str, Any]
) -> Rolling | Outside:
    gauge = gauge_of(point, exposure)
    newest = gauge.restore(dict(rows))
    if isinstance(gauge, Rolling) and newest is not None:
        after: Sequence[tuple[datetime, float]] = journal.recent([point.id], newest).get(point.id, ())
        doubted = gauge.doubted
        for at, value in after:
            if at > newest:
                gauge.take(at, value, doubted=doubted)
    return gauge


def _told(exposure: Exposure, gauge: Rolling | Outside, value: float, *, since: timedelta) -> Budget:
    rule = exposure.rule
    return Budget(
        rule=rule.id,
        binding=binding(rule, Level.ALARM),
        what=rule.what,
        so_far=_mean(exposure, gauge) if isinstance(gauge, Rolling) else _outside(exposure, gauge),
        left=left_of(exposure, gauge, value, since) or _nothing_left_to_say(gauge),
    )


def _nothing_left_to_say(gauge: Rolling | Outside) -> str:
    if isinstance(gauge, Outside):
        return "none is allowed"
    return "not known" if gauge.mean().all is None else "stays within its limit"


def _outside(exposure: Exposure, gauge: Outside) -> str:
    figure = gauge.total() if exposure.measure is Measure.TOTAL else gauge.event()
    return sums.shown(exposure, exposure.rule.thresholds[-1], figure)


def _mean(exposure: Exposure, gauge: Rolling) -> str:
    mean = gauge.mean()
    if mean.all is None:
        return f"insufficient data, covered to {mean.coverage:.0%}"
    shown = sums.shown(exposure, exposure.rule.thresholds[-1], mean.governing or mean.all)
    both = sums.both(mean.all, mean.trusted)
    return f"mean kinetic temperature {shown}" + (f"; {both[:1].lower()}{both[1:]}" if both else "")
