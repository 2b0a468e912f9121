"""One point of a site with everything that judges it, and its newest reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from hdmonitor.case import Case
from hdmonitor.doubt import Doubt
from hdmonitor.draft import Draft
from hdmonitor.exposure import Tally
from hdmonitor.late import LateCase, Track
from hdmonitor.model import ALWAYS, NO_TIME, Leg, Phase, Point, Priority, Side, Threshold
from hdmonitor.rules.alarm import Machine
from hdmonitor.rules.silence import Silence
from hdmonitor.seen import Seen

AT_REST = (Phase.NORMAL, Phase.UNKNOWN)


class Watch:
    """One point with its cases and its newest reading."""

    __slots__ = (
        "battery",
        "charge",
        "clock",
        "crossed",
        "doubt",
        "fault",
        "feeds",
        "frontier",
        "gate",
        "hand",
        "is_door",
        "last_at",
        "last_value",
        "late",
        "legs",
        "midnight",
        "moment",
        "point",
        "rules",
        "seen",
        "signs",
        "silence",
        "tallies",
        "track",
        "values",
    )

    def __init__(
        self, point: Point, seen: Seen, rules: tuple[Case, ...], silence: Case, signs: Silence
    ) -> None:
        self.point = point
        self.seen = seen
        self.rules = rules
        self.silence = silence
        self.signs = signs  # of life: what judges the silence
        # About the sensor, built when there is something; those of a device are at its first point.
        self.fault: Case | None = None
        self.charge: Seen | None = None  # of the battery
        self.battery: Case | None = None
        self.clock: Case | None = None
        self.legs: tuple[tuple[Watch, Leg], ...] = ()  # of a sum: what is added up
        self.is_door = False  # the contact of a door between two rooms
        self.feeds: tuple[Watch, ...] = ()  # the sums of which it is a leg
        self.gate: str | None = None  # the point that says when there is a verdict on this one
        self.last_at: datetime | None = None  # measured_at of the newest reading or fault
        self.last_value: float | None = None
        self.moment: datetime | None = None  # that time as it was told, and
        self.values: tuple[float | None, ...] = ()  # the values told for it, where it was not one
        # Of several values of one moment the last by size counts in sums: it, and the time of the newest,
        # where another came last.
        self.crossed: tuple[datetime, float | None] | None = None
        self.tallies: tuple[Tally, ...] = ()  # what its readings add up to
        # Between these two a reading has nothing uncommon about its time.
        self.frontier = ALWAYS  # the newest reading, or move of a limit that time made
        self.midnight = ALWAYS  # the next one of the site
        self.track: Track | None = None  # without a record there is no looking back
        self.late: LateCase | None = None
        self.doubt: Doubt | None = None  # of the sensor
        self.hand: Case | None = None  # of what was read from its gauge

    def part(self) -> float | None:
        """Return the newest value as sums take it; None for a fault, or if there is none."""
        if self.crossed is not None and self.crossed[0] == self.last_at:
            return self.crossed[1]
        return self.last_value

    def shift(self, by: timedelta, draft: Draft) -> None:
        """Go on after the wall clock stepped; the cases and the history go by themselves."""
        for each in (*self.tallies, *((self.doubt,) if self.doubt else ())):
            each.shift(by, draft)
        if self.last_at is not None and by < NO_TIME:
            self.last_at += by
            self.moment = self.last_at
        passed = self.track.passed if self.track else None
        self.frontier, self.midnight = max(self.last_at or ALWAYS, passed or ALWAYS), ALWAYS

    def outlook(self, at: datetime) -> tuple[str, ...]:
        """Say how long the point may go on as it is, where its sums know."""
        value, since = self.seen.value, at - (self.seen.at or at)
        said = (tally.outlook(value, since) for tally in self.tallies) if value is not None else ()
        return tuple(each for each in said if each)

    def own(self) -> list[Case]:
        """Return the cases about the sensor itself."""
        suspect = self.doubt.built if self.doubt is not None else None
        own = (self.fault, suspect, self.battery, self.clock, self.late, self.hand)
        return [case for case in own if case is not None]

    def cases(self) -> list[Case]:
        """Return all cases of the point, limits first."""
        sums = [tally.built for tally in self.tallies if tally.built is not None]
        return [*self.rules, *sums, *self.own(), self.silence]


def unseen(watch: Watch) -> bool:
    """Tell whether there is no value of a point that can be relied on."""
    faulty = watch.fault is not None and watch.fault.alarm
    return bool(watch.last_value is None or watch.silence.alarm or faulty)


def outside(watch: Watch) -> list[Priority]:
    """Return the priorities of the limits that a point was outside of when it was last heard."""
    return [
        strand.threshold.priority
        for rule in watch.rules
        if isinstance(rule.machine, Machine) and (strand := rule.machine.worst_outside())
    ]


def stake(watch: Watch) -> Priority:
    """Return what it costs not to see a point: what it guards, or the alarm it may be having."""
    return max([watch.point.guards, *outside(watch)])


def at_rest(case: Case) -> bool:
    """Tell whether nothing is wrong or pending in a case."""
    return case.machine.phase in AT_REST


def middle(limits: Sequence[Threshold], otherwise: float) -> float:
    """Return a value inside all limits."""
    highs = [limit.limit for limit in limits if limit.side is Side.HIGH]
    lows = [limit.limit for limit in limits if limit.side is Side.LOW]
    if highs and lows:
        return (min(highs) + max(lows)) / 2
    return min(highs) - 1 if highs else max(lows) + 1 if lows else otherwise
