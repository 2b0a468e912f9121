"""What the newest reading of a point is worth at a moment, and how pages name the point.

A value that nobody vouches for any more is unknown, whatever it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from hdmonitor.alerts.situation import Situation
from hdmonitor.events import LastHeard
from hdmonitor.model import NO_TIME, Level, Point, Quality, Rule, Side, Site, Threshold
from hdmonitor.units import show_duration


class Look(StrEnum):
    """How a point looks."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Away:
    """A point that is out of service: until when, why, by whom (a name)."""

    until: datetime
    why: str
    by: str


@dataclass(frozen=True, slots=True)
class Worth:
    """What a point's newest reading is worth."""

    look: Look
    says: str  # "inside", "too warm", "silent for 20 min"
    limit: Threshold | None = None  # the worst that it is beyond
    rule: Rule | None = None  # and the rule of that limit
    until: datetime | None = None  # how long the reading vouches
    asked: bool = True  # whether there is a verdict on the point now


NOBODY: Mapping[str, Away] = MappingProxyType({})


def away(site: Site, now: datetime) -> dict[str, Away]:
    """Return the points that a planned span of the site file has out of service at `now`."""
    return {
        point: Away(span.end, span.reason, _name(site, span.by))
        for span in site.maintenance
        if span.start <= now < span.end
        for point in span.points
    }


def worth(
    point: Point, heard: Mapping[str, LastHeard], now: datetime, out: Mapping[str, Away] = NOBODY
) -> Worth:
    """Judge what was last `heard` of `point`; `out` are the points out of service at `now`."""
    last = heard.get(point.id)
    if (says := _unseen(point, last, now, out.get(point.id))) or last is None or last.live_at is None:
        return Worth(Look.UNKNOWN, says)
    until, value = last.live_at + point.valid_for, last.value or 0.0
    beyond = [(limit, rule) for rule in point.rules for limit in rule.thresholds if limit.outside(value)]
    gate = heard.get(point.only_while) if point.only_while else None
    asked = gate is None or gate.value != 0.0
    if not beyond:
        return Worth(Look.INSIDE, "inside", until=until, asked=asked)
    limit, rule = max(beyond, key=lambda each: each[0].rank)
    if not asked:
        return Worth(Look.INSIDE, "not judged now", until=until, asked=False)
    return Worth(Look.OUTSIDE, limit.name, limit, rule, until)


def _unseen(point: Point, last: LastHeard | None, now: datetime, gone: Away | None) -> str:
    """Say why nobody vouches for the newest reading; nothing if it is vouched for."""
    if gone is not None:
        return f"out of service for {show_duration(max(gone.until - now, NO_TIME))} more: {gone.why}"
    if last is None:
        return "never heard"
    if last.live_at is None:
        return "silent"
    if now - last.live_at > point.valid_for:
        return f"silent for {show_duration(now - last.live_at)}"
    return "sensor fault" if last.quality is Quality.FAULT or last.value is None else ""


def situation(site: Site, point: Point, now: datetime) -> Situation:
    """Return a point as messages see it, for the same names and figures."""
    return Situation(
        alarm="",
        point=point,
        rule=_strictest(point),
        threshold=None,
        cause="",
        value=None,
        measured_at=None,
        began_at=now,
        at=now,
        peak=None,
        rising=None,
        room=site.rooms.get(point.room),
    )


def _strictest(point: Point) -> Rule:
    """Return one rule with the innermost limits of all that judge a point."""
    if len(point.rules) == 1:
        return point.rules[0]
    limits = [each for rule in point.rules for each in rule.thresholds]
    limits = [each for each in limits if each.level > Level.WARNING] or limits
    inner = {
        Side.HIGH: min((each for each in limits if each.side is Side.HIGH), key=_figure, default=None),
        Side.LOW: max((each for each in limits if each.side is Side.LOW), key=_figure, default=None),
    }
    return replace(point.rules[0], thresholds=tuple(each for each in inner.values() if each))


def _figure(limit: Threshold) -> float:
    return limit.limit


def _name(site: Site, person: str) -> str:
    return site.people[person].name if person in site.people else person
