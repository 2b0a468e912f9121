"""Builds what watches a point: a case for each rule, for its sensor, and for what late data bring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hdmonitor.agenda import Agenda
from hdmonitor.case import COMINGS, Case, House
from hdmonitor.doubt import Doubt, habits_of
from hdmonitor.events import HELP
from hdmonitor.exposure import AN_HOUR, Tally
from hdmonitor.late import LateCase, Track
from hdmonitor.model import (
    EPOCH,
    NO_TIME,
    Exposure,
    Level,
    Point,
    Priority,
    Response,
    Rule,
    Side,
    Site,
    Threshold,
)
from hdmonitor.rounds import rule_by_hand
from hdmonitor.rules.alarm import Machine
from hdmonitor.rules.silence import Silence
from hdmonitor.seen import Seen
from hdmonitor.watch import Watch

FOREVER = timedelta(days=3650)

CAUSES = {
    "HDM-FAULT": "fault",
    "HDM-SUSPECT": "suspect",
    "HDM-BATTERY": "battery",
    "HDM-CLOCK": "clock",
    "HDM-SELF": "self",
}

# How far before the silence of a point what is about its sensor stands on the agenda.
PLACES = {"HDM-FAULT": 4, "HDM-SUSPECT": 3, "HDM-BATTERY": 2, "HDM-CLOCK": 1}

# Percent; practice: time enough to order a cell.
LOW = Threshold(Level.WARNING, Side.LOW, 20.0, NO_TIME, Priority.LOW, "low")
BATTERY_DEADBAND = 5.0


@dataclass(frozen=True, slots=True)
class Own:
    """How a condition of the monitor itself is judged."""

    on_delay: timedelta
    priority: Priority
    response: Response = Response.OTHER


NOBODY = "nobody"  # of those called can be reached: that is told to everybody

# A broker that restarts is back within seconds. Dashboards can wait for the
# morning; a phone that cannot be reached cannot.
OWN = {
    "broker": Own(timedelta(minutes=2), Priority.CRITICAL),
    "canary": Own(NO_TIME, Priority.HIGH),
    "influx": Own(NO_TIME, Priority.LOW),
    "notify": Own(NO_TIME, Priority.HIGH),
    "disk": Own(NO_TIME, Priority.HIGH),
    HELP: Own(NO_TIME, Priority.CRITICAL, Response.CONTAINMENT),  # somebody may be hurt
    NOBODY: Own(NO_TIME, Priority.CRITICAL),
}
OWN_OTHERWISE = Own(NO_TIME, Priority.MEDIUM)


class Builder:
    """Builds the cases of one site and gives each its place on the agenda."""

    def __init__(
        self, site: Site, own: Mapping[str, Rule], house: House, agenda: Agenda, *, looks_back: bool
    ) -> None:
        self._site = site
        self._own = own
        self._house = house
        self._agenda = agenda
        self._looks_back = looks_back
        self._own_rules: dict[tuple[str, Response, Threshold | None], Rule] = {}

    def watch(self, point: Point, at: datetime) -> Watch:
        """Return a point with the cases that every point has."""
        seen = Seen()
        rules = tuple(
            self._case(point, rule, Machine(rule, point.valid_for), seen, "limit")
            for rule in point.rules
            if rule.thresholds
        )
        own = self._own_rule("HDM-SILENCE", point.response)
        signs = Silence(point.valid_for, at)
        silence = self._case(point, own, signs, seen, "silent")
        watch = Watch(point, seen, rules, silence, signs)
        watch.tallies = tuple(Tally(point, exposure, self._house) for exposure in point.exposures)
        for case in rules:
            self._agenda.rank(case)
        self._agenda.rank(silence, room=len(watch.tallies) + len(PLACES))
        if (habits := habits_of(point)) is not None:
            watch.doubt = Doubt(point, habits, self._house)
        gated = point.only_while in self._site.points  # a story may leave the other point out
        watch.gate = point.only_while if gated else None
        if self._looks_back and watch.gate is None:
            watch.track = Track(point, rules, self._house)
            self._agenda.rank(watch.track, last=True)
        return watch

    def added_up(self, watch: Watch, exposure: Exposure) -> Case:
        """Return the case of what readings add up to: normal until the sum says otherwise."""
        point = watch.point
        machine = Machine(exposure.rule, point.valid_for + AN_HOUR)
        machine.restore(None, EPOCH)
        case = self._case(point, exposure.rule, machine, Seen(), "exposure")
        case.exposure = exposure
        behind = len(point.exposures) - point.exposures.index(exposure)
        case.rank = watch.silence.rank - len(PLACES) - behind
        return case

    def fault(self, watch: Watch) -> Case:
        """Return the case of a sensor that says it is broken, built when it first does."""
        if watch.fault is None:
            point = watch.point
            limit = _wrong_for(point.valid_for, point.guards, "no value")
            watch.fault = self._sensor_case(watch, "HDM-FAULT", limit, watch.seen)
        return watch.fault

    def suspect(self, watch: Watch) -> Case:
        """Return the case of what is doubted of a sensor."""
        priority = min(watch.point.guards, Priority.MEDIUM)
        doubted = Threshold(Level.WARNING, Side.HIGH, 0.5, NO_TIME, priority, "doubted")
        return self._sensor_case(watch, "HDM-SUSPECT", doubted, watch.seen)

    def battery(self, watch: Watch) -> Case:
        """Return the case of the battery of a device, built when it is first low."""
        if watch.battery is None:
            watch.charge = watch.charge or Seen()
            watch.battery = self._sensor_case(watch, "HDM-BATTERY", LOW, watch.charge, BATTERY_DEADBAND)
        return watch.battery

    def clock(self, watch: Watch) -> Case:
        """Return the case of the clock of a device, built when it first goes wrong."""
        if watch.clock is None:
            limit = _wrong_for(NO_TIME, Priority.LOW, "wrong time")
            watch.clock = self._sensor_case(watch, "HDM-CLOCK", limit, Seen())
        return watch.clock

    def of_itself(self, subject: str) -> Case:
        """Return the case of a condition of the monitor itself."""
        kind, _, place = subject.partition(":")
        own = OWN.get(kind, OWN_OTHERWISE)
        point = Point(
            id=f"hdmonitor.{subject}",
            name="Monitor",
            room=place if kind == HELP else "",
            equipment=None,
            quantity="state",
            topic="",
            family="",
            field="",
            unit="",
            every=NO_TIME,
            valid_for=FOREVER,
            rules=(),
            response=own.response,
        )
        limit = _wrong_for(own.on_delay, own.priority, "in trouble")
        case = self._own_case(point, "HDM-SELF", limit, Seen())
        case.to_all = subject == NOBODY
        self._agenda.rank(case)
        return case

    def late(self, watch: Watch) -> LateCase:
        """Return the case of what late data bring to light at a point, built when there is something."""
        if watch.late is None:
            own = replace(self._own["HDM-LATE"], response=watch.point.response)
            watch.late = LateCase(watch.point, own, seen=watch.seen, house=self._house)
            self._agenda.rank(watch.late, before=watch.track)
        return watch.late

    def hand(self, watch: Watch) -> Case:
        """Return the case of what is read by hand at a point, built at the first reading."""
        if watch.hand is None:
            rule = rule_by_hand(watch.point, self._own["HDM-HAND"])
            machine = Machine(rule, FOREVER)
            watch.hand = Case(watch.point, rule, machine, seen=Seen(), house=self._house, cause="hand")
            machine.restore(None, EPOCH)
            self._agenda.rank(watch.hand, before=watch.silence)
        return watch.hand

    def rebuild(self, watch: Watch, states: Mapping[str, Any]) -> None:
        """Build what is about the sensor, or was read by hand, where the journal knows of it."""
        seldom: dict[str, Callable[[Watch], object]] = {
            "HDM-FAULT": self.fault,
            "HDM-SUSPECT": lambda watch: watch.doubt.case if watch.doubt is not None else None,
            "HDM-BATTERY": self.battery,
            "HDM-CLOCK": self.clock,
            "HDM-HAND": self.hand,
        }
        for rule_id, build in seldom.items():
            key = f"case:{watch.point.id}|{rule_id}"
            if states.get(key) or states.get(f"{COMINGS}{key}"):
                build(watch)

    def _case(self, point: Point, rule: Rule, machine: Machine | Silence, seen: Seen, cause: str) -> Case:
        return Case(point, rule, machine, seen=seen, house=self._house, cause=cause)

    def _own_rule(
        self, rule_id: str, response: Response, threshold: Threshold | None = None, deadband: float = 0.0
    ) -> Rule:
        """Return a rule about sensors or ourselves; those of thousands of points are mostly the same one."""
        key = (rule_id, response, threshold)
        if key not in self._own_rules:
            rule = replace(self._own[rule_id], response=response)
            if threshold is not None:
                rule = replace(rule, thresholds=(threshold,), deadband=deadband, off_delay=NO_TIME)
            self._own_rules[key] = rule
        return self._own_rules[key]

    def _sensor_case(
        self, watch: Watch, rule_id: str, threshold: Threshold, seen: Seen, deadband: float = 0.0
    ) -> Case:
        """Build a case about a sensor; whenever that is, its place on the agenda is the same."""
        case = self._own_case(watch.point, rule_id, threshold, seen, deadband)
        case.rank = watch.silence.rank - PLACES[rule_id]
        return case

    def _own_case(
        self,
        point: Point,
        rule_id: str,
        threshold: Threshold,
        seen: Seen,
        deadband: float = 0.0,
    ) -> Case:
        """Build a case about a sensor or ourselves: normal until something says otherwise."""
        rule = self._own_rule(rule_id, point.response, threshold, deadband)
        valid_for = point.valid_for if rule_id == "HDM-FAULT" else FOREVER
        case = self._case(point, rule, Machine(rule, valid_for), seen, CAUSES[rule_id])
        case.machine.restore(None, EPOCH)
        return case


def _wrong_for(on_delay: timedelta, priority: Priority, name: str) -> Threshold:
    """Return the limit between 0 (right) and 1 (wrong)."""
    return Threshold(Level.ALARM, Side.HIGH, 0.5, on_delay, priority, name)
