"""Gateways: which stand before which points, and what one message says of all behind a dead one.

Only silence is explained by a gateway. A value out of limits keeps its own
alarm, and what stays silent after the gateway's return is alarmed by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from hdmonitor.alerts.situation import Behind
from hdmonitor.case import Case, House, Seen
from hdmonitor.model import NO_TIME, Gateway, Point, Priority, Response, Rule, Site
from hdmonitor.rules.gone import Gone
from hdmonitor.rules.silence import Silence
from hdmonitor.sensors.sparkplug import edge_of

PREFIX = "hdmonitor.gateway:"
# The most careful policy of what stands behind answers.
CAREFUL = (Response.CONTAINMENT, Response.STORAGE, Response.OTHER)


class Gate:
    """One gateway with its case."""

    __slots__ = ("case", "gateway", "machine")

    def __init__(self, gateway: Gateway, points: list[Point], own: Rule, house: House, at: datetime) -> None:
        answers = {point.response for point in points}
        rule = replace(own, response=next((each for each in CAREFUL if each in answers), Response.OTHER))
        patience = min((point.valid_for for point in points), default=NO_TIME)
        self.gateway = gateway
        self.machine = Gone(patience, at)
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
    """All gateways of a site."""

    def __init__(self, site: Site, own: Rule, house: House, at: datetime) -> None:
        self._all: list[Gate] = []
        self.by_topic: dict[str, Gate] = {}
        self._by_point: dict[str, Gate] = {}
        self._by_edge: dict[str, Gate] = {}
        for gateway in site.gateways.values():
            points = [point for point in site.points.values() if point.id in gateway.points]
            if points:
                gate = Gate(gateway, points, own, house, at)
                self._all.append(gate)
                self.by_topic[gateway.topic] = gate
                if edge := edge_of(gateway.topic):
                    self._by_edge[edge] = gate
                self._by_point |= dict.fromkeys((point.id for point in points), gate)

    def cases(self) -> list[Case]:
        """Return the cases of all gateways, in the order of the site file."""
        return [gate.case for gate in self._all]

    def of_edge(self, edge: str) -> Gate | None:
        """Return the gateway that is a Sparkplug edge node."""
        return self._by_edge.get(edge)

    def before(self, point: str) -> Gate | None:
        """Return the gateway that messages of a point pass through."""
        return self._by_point.get(point)


def behind(silences: Iterable[Case], at: datetime, outside: Callable[[Case], bool]) -> Behind:
    """Return what a message about a gateway says of the points behind it, worst first."""
    ordered = sorted(silences, key=lambda case: (not outside(case), not _urgent(case), -case.point.guards))
    units: dict[str, str] = {}
    for case in ordered:
        units.setdefault(case.point.equipment or case.point.room, case.point.name)
    rooms = {case.point.room: case.house.room(case.point.room) for case in ordered}
    names = [room.name for room in rooms.values() if room is not None]
    return Behind(
        units=len(units),
        place=names[0] if len(names) == 1 else f"{len(names)} rooms",
        outside=tuple(case.quoted(at) for case in ordered if outside(case)),
        critical=tuple(dict.fromkeys(case.point.name for case in ordered if _urgent(case))),
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
