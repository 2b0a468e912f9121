"""Whom a site file calls when: escalation, duties, and planned work for which nobody is called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from hdmonitor.alerts.duty import gaps
from hdmonitor.aside import LONGEST_OUT
from hdmonitor.model import Duty, Maintenance, Policy, Shift, StandIn, Step
from hdmonitor.site_file import Day, DutyKeys, PolicyKeys, ShiftKeys, SiteFile
from hdmonitor.site_rooms import Complain
from hdmonitor.yaml_source import Where

WEEK = get_args(Day)
A_DAY = 1440  # minutes
FIRST_YEAR, LAST_YEAR = 2000, 2199  # of a plan; a slip beyond them is no time in every zone


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of a site file."""

    file: SiteFile
    left_out: frozenset[Where]  # sections and entries of the wrong shape
    complain: Complain
    known: Callable[..., bool]

    def policy(self, kind: str, keys: PolicyKeys) -> Policy:
        """Return in which steps people are told about one kind of alarm."""
        steps: list[Step] = []
        for number, step in enumerate(keys.steps):
            where: Where = ("escalation", kind, "steps", number)
            if steps and step.after <= steps[-1].after:
                self.complain((*where, "after"), "not later than the step before; put steps in order")
            for index, destination in enumerate(step.notify):
                self.known((*where, "notify", index), destination, "destinations", "duties")
            steps.append(Step(step.after, tuple(step.notify)))
        quiet = (keys.quiet.start, keys.quiet.end) if keys.quiet is not None else None
        if quiet is not None and quiet[0] == quiet[1]:
            self.complain(("escalation", kind, "quiet"), "quiet hours that never end; correct start or end")
        return Policy(tuple(steps), keys.repeat, keys.repeat_at_most, quiet)

    def duty(self, id_: str, keys: DutyKeys) -> Duty:
        """Return who has a duty when."""
        where: Where = ("duties", id_)
        if id_ in self.file.destinations:
            self.complain(where, f"{id_!r} is a destination as well; give the duty another id", at_key=True)
        exceptions = []
        for number, each in enumerate(keys.exceptions):
            here: Where = (*where, "exceptions", number)
            self._destinations(here, each.notify)
            self.known((*here, "by"), each.by, "people")
            if span := self._span(here, each.start, each.end):
                exceptions.append(StandIn(*span, tuple(each.notify), each.reason, each.by))
        week = tuple(self._shift((*where, "week", n), each) for n, each in enumerate(keys.week))
        duty = Duty(id_, keys.name, week, tuple(exceptions))
        if free := gaps(duty):
            told = ", ".join(free[:3]) + (", …" if free[3:] else "")
            self.complain(where, f"nobody has it {told}; everybody is told then", at_key=True, warning=True)
        named = {each for _, policy in self.file.escalation for step in policy.steps for each in step.notify}
        if id_ not in named and ("escalation",) not in self.left_out:
            text = "no step of the escalation names it, so that nobody is told through it; add it to one"
            self.complain(where, text, at_key=True, warning=True)
        return duty

    def _shift(self, where: Where, keys: ShiftKeys) -> Shift:
        self._destinations(where, keys.notify)
        start, end = (each.hour * 60 + each.minute for each in (keys.start, keys.end))
        days = frozenset(WEEK.index(day) for day in keys.days)
        return Shift(days, start, end if end > start else end + A_DAY, tuple(keys.notify))

    def _destinations(self, where: Where, notify: list[str]) -> None:
        for index, destination in enumerate(notify):
            self.known((*where, "notify", index), destination, "destinations")

    def maintenance(self) -> tuple[Maintenance, ...]:
        """Return what is planned to be out of service."""
        spans: list[Maintenance] = []
        for number, keys in enumerate(self.file.maintenance):
            where: Where = ("maintenance", number)
            for index, point in enumerate(keys.points):
                self.known((*where, "points", index), point, "points")
            self.known((*where, "by"), keys.by, "people")
            if span := self._span(where, keys.start, keys.end):
                spans.append(Maintenance(frozenset(keys.points), *span, keys.reason, keys.by))
        return tuple(spans)

    def _span(self, where: Where, first: str, last: str) -> tuple[datetime, datetime] | None:
        start, end = self._moment((*where, "start"), first), self._moment((*where, "end"), last)
        if start is None or end is None:
            return None
        if end <= start:
            self.complain((*where, "end"), "the end is not after the start; correct one of them")
            return None
        if end - start > LONGEST_OUT:
            why = (
                f"points are out of service for at most {LONGEST_OUT.days} days; plan what follows by itself"
            )
            self.complain((*where, "end"), why)
            return None
        return start, end

    def _moment(self, where: Where, text: str) -> datetime | None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            why = f"{text!r} is not a time with its offset from UTC; write for instance"
            self.complain(where, f"{why} '2026-03-02T08:00-05:00'")
            return None
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            self.complain(
                where, f"{text!r} is not in the years {FIRST_YEAR} to {LAST_YEAR}; correct the year"
            )
            return None
        return moment
