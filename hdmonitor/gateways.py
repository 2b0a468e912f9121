"""Gateways: which stand before which points, and what one message says of all behind a dead one.

Only silence is explained by a gateway. A value out of limits keeps its own
alarm, and what stays silent after the gateway's return is alarmed by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from hdmonitor.alerts.situation import Behind
from hdmonitor.case import Case, House
from hdmonitor.draft import Draft
from hdmonitor.events import Json, Kind
from hdmonitor.model import NO_TIME, Gateway, Point, Priority, Response, Rule, Site
from hdmonitor.rules.gone import Gone
from hdmonitor.rules.silence import Silence
from hdmonitor.seen import Seen
from hdmonitor.sensors.sparkplug import edge_of
from hdmonitor.watch import Watch, outside, stake

PREFIX = "hdmonitor.gateway:"
# The most careful policy of what stands behind answers.
CAREFUL = (Response.CONTAINMENT, Response.STORAGE, Response.OTHER)


class Gate:
    """One gateway with its case and the points behind it."""

    __slots__ = ("case", "gateway", "machine", "watches")

    def __init__(self, gateway: Gateway, watches: list[Watch], own: Rule, house: House, at: datetime) -> None:
        answers = {watch.point.response for watch in watches}
        rule = replace(own, response=next((each for each in CAREFUL if each in answers), Response.OTHER))
        self.gateway = gateway
        self.watches = watches
        self.machine = Gone(min(watch.point.valid_for for watch in watches), at)
        self.case = Case(_point(gateway), rule, self.machine, seen=Seen(), house=house, cause="gateway")

    def explains(self, silence: Case, at: datetime) -> str:
        """Say why a silence behind it calls nobody; nothing if it does not explain it."""
        if self.machine.gone:
            return f"{self.gateway.name} is gone; its message speaks for all behind it"
        patient_until = self.patient_until(silence)
        return f"{self.gateway.name} has only just come back" if patient_until and at < patient_until else ""

    def patient_until(self, silence: Case) -> datetime | None:
        """Return until when a point behind it has time to report after its return."""
        back_at, last_heard = self.machine.back_at, silence.machine
        if back_at is None or (isinstance(last_heard, Silence) and last_heard.since >= back_at):
            return None
        return back_at + silence.point.valid_for


class Gates:
    """All gateways of a site; `stir` is told of every case that moves here."""

    def __init__(
        self,
        site: Site,
        own: Rule,
        house: House,
        watches: Mapping[str, Watch],
        stir: Callable[[Case], None],
        at: datetime,
    ) -> None:
        self._site = site
        self._stir = stir
        self._all: dict[str, Gate] = {}  # by the id of its point
        self.by_topic: dict[str, Gate] = {}
        self._by_point: dict[str, Gate] = {}
        self._by_edge: dict[str, Gate] = {}
        for gateway in site.gateways.values():
            behind = [watch for id_, watch in watches.items() if id_ in gateway.points]
            if behind:
                gate = Gate(gateway, behind, own, house, at)
                self._all[gate.case.point.id] = gate
                self.by_topic[gateway.topic] = gate
                if edge := edge_of(gateway.topic):
                    self._by_edge[edge] = gate
                self._by_point |= dict.fromkeys((watch.point.id for watch in behind), gate)

    def cases(self) -> list[Case]:
        """Return the cases of all gateways, in the order of the site file."""
        return [gate.case for gate in self._all.values()]

    def restore(self, states: Mapping[str, Any]) -> None:
        """Go on from the states of the journal."""
        for case in self.cases():
            case.restore(states.get(case.key), None)

    def of_edge(self, edge: str) -> Gate | None:
        """Return the gateway that is a Sparkplug edge node."""
        return self._by_edge.get(edge)

    def gone(self, point: str) -> bool:
        """Tell whether the gateway that messages of a point pass through is gone."""
        gate = self._by_point.get(point)
        return gate is not None and gate.machine.gone

    def hear(self, gate: Gate, there: bool, at: datetime, draft: Draft) -> None:
        """Take the news that a gateway is there or gone."""
        if there is not gate.machine.gone:
            return
        detail: dict[str, Json] = {"there": there, "topic": gate.gateway.topic}
        draft.event(at, Kind.GATEWAY, gate.case.point.id, detail)
        draft.outcome.rooms.update(watch.point.room for watch in gate.watches)
        if there:
            gate.case.apply(gate.machine.observe(at), draft)
            for watch in gate.watches:
                self._postpone(watch.silence, at + watch.point.valid_for)
        else:
            gate.machine.left(at)
        self._stir(gate.case)

    def blame(self, silence: Case, at: datetime, draft: Draft, *, linked: bool) -> None:
        """Let the alarm of a dead gateway open with a silence that it explains, if we can hear anything."""
        gate = self._by_point.get(silence.point.id)
        if gate is None:
            return
        until = gate.patient_until(silence)
        if not gate.machine.gone and until is not None and at < until:
            self._postpone(silence, until)
        changes = gate.machine.explains(at) if linked else []
        if changes:
            gate.machine.priced(max(map(stake, gate.watches)))
            gate.case.apply(changes, draft)
            self._stir(gate.case)

    def _postpone(self, silence: Case, at: datetime) -> None:
        if silence.postpone(at):
            self._stir(silence)

    def explain(self, case: Case, at: datetime) -> str:
        """Say why a silence calls nobody; nothing for everything else."""
        gate = self._by_point.get(case.point.id) if case.cause == "silent" else None
        return gate.explains(case, at) if gate is not None else ""

    def answered(self, silence: Case) -> tuple[str, Sequence[str]]:
        """Return the alarm that somebody answered for a blind point, and whom to remind of it."""
        gate = self._by_point.get(silence.point.id)
        cases = [silence] if gate is None else [gate.case, silence]
        answers = [case.alarm.acknowledged_by for case in cases if case.alarm is not None]
        person = next((each for each in reversed(answers) if each is not None), None)
        if person is None:
            return "", ()
        standing = next(case for case in cases if case.alarm is not None)
        return standing.alarm.id if standing.alarm else "", self._site.read_by(person) or standing.told

    def behind(self, case: Case, at: datetime) -> Behind | None:
        """Return what a message about a gateway says of the points behind it, the worst first."""
        gate = self._all.get(case.point.id)
        if gate is None:
            return None
        lost = {watch.point.id for watch in gate.watches if outside(watch)}
        ordered = sorted(
            (watch.silence for watch in gate.watches),
            key=lambda each: (each.point.id not in lost, not _urgent(each), -each.point.guards),
        )
        units: dict[str, str] = {}
        for each in ordered:
            units.setdefault(each.point.equipment or each.point.room, each.point.name)
        rooms = [self._site.rooms[id_].name for id_ in dict.fromkeys(each.point.room for each in ordered)]
        return Behind(
            units=len(units),
            place=rooms[0] if len(rooms) == 1 else f"{len(rooms)} rooms",
            outside=tuple(each.quoted(at) for each in ordered if each.point.id in lost),
            critical=tuple(dict.fromkeys(each.point.name for each in ordered if _urgent(each))),
        )


def _urgent(case: Case) -> bool:
    """Tell whether people have their hands in it, or the room is what protects them."""
    return case.point.response is Response.CONTAINMENT or case.point.guards is Priority.CRITICAL


def _point(gateway: Gateway) -> Point:
    return Point(
        id=f"{PREFIX}{gateway.id}",
        name=gateway.name,
        room="",
        equipment=None,
        quantity="state",
        topic=gateway.topic,
        family="",
        field="",
        unit="",
        every=NO_TIME,
        valid_for=NO_TIME,
        rules=(),
    )
