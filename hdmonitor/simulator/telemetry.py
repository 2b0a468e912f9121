"""What the sensors of the simulated pharmacy publish, on the topics of a site file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heapify, heapreplace

from hdmonitor.model import Device, Point, Site
from hdmonitor.refusal import Refusal
from hdmonitor.simulator.acts import Act
from hdmonitor.simulator.payloads import encode, why_not
from hdmonitor.simulator.pharmacy import INSTRUMENTS, Pharmacy
from hdmonitor.units import quantity_named

STATES = frozenset(
    point for point, instrument in INSTRUMENTS.items() if quantity_named(instrument.quantity).words
)


class NotSimulated(Refusal):
    """A site that the simulated pharmacy cannot imitate, as a sentence."""


class Sensors:
    """The devices of `site` reading `pharmacy`, each at its own interval, states also when they change.

    `acts` (in time order) are done to the pharmacy at their moments. What is
    published depends on site, pharmacy and acts only, not on how often it is
    asked for. Points that the pharmacy does not have, by id and quantity, are
    listed in `left_out`; raises NotSimulated when that is all of them, or when
    a device's payload cannot be written.
    """

    def __init__(self, site: Site, pharmacy: Pharmacy, acts: Iterable[Act] = ()) -> None:
        self._pharmacy = pharmacy
        self._acts = iter(acts)
        self._next_act = next(self._acts, None)
        self._devices: dict[str, Device] = {}
        for topic, device in site.devices.items():
            if known := tuple(point for point in device.points if _is_simulated(point)):
                self._devices[topic] = replace(device, points=known)
        measured = [each for each in site.points.values() if not each.legs]
        self.left_out = tuple(sorted(each.id for each in measured if not _is_simulated(each)))
        if not self._devices:
            raise NotSimulated(
                f"site {site.id} has none of the simulated points, which are {', '.join(INSTRUMENTS)}"
            )
        if reasons := [reason for device in self._devices.values() if (reason := why_not(device))]:
            raise NotSimulated("; ".join(reasons))
        self._due = [(pharmacy.now, topic) for topic in self._devices]
        heapify(self._due)
        self._said: dict[str, float] = {}  # the state last published, by point

    def messages(self, until: datetime) -> list[tuple[str, bytes]]:
        """Return topic and payload of what is published up to and including `until`, in order."""
        published: list[tuple[str, bytes]] = []
        while (moment := self._next_moment()) <= until:
            self._pharmacy.step(moment)
            while self._next_act and self._next_act.at <= moment:
                self._pharmacy.do(self._next_act.deed, self._next_act.what)
                self._next_act = next(self._acts, None)
            topics = self._due_at(moment)
            if self._pharmacy.sensors_live:
                readings = self._pharmacy.readings()
                topics |= self._changed(readings)
                published += [
                    (topic, encode(self._devices[topic], readings, moment)) for topic in sorted(topics)
                ]
        return published

    def _next_moment(self) -> datetime:
        due = self._due[0][0]
        return min(due, self._next_act.at) if self._next_act else due

    def _due_at(self, moment: datetime) -> set[str]:
        topics = set()
        while self._due[0][0] <= moment:
            at, topic = self._due[0]
            topics.add(topic)
            every: timedelta = min(point.every for point in self._devices[topic].points)
            heapreplace(self._due, (at + every, topic))
        return topics

    def _changed(self, readings: dict[str, float]) -> set[str]:
        topics = set()
        for topic, device in self._devices.items():
            for point in device.points:
                if point.id in STATES and self._said.get(point.id) != readings[point.id]:
                    self._said[point.id] = readings[point.id]
                    topics.add(topic)
        return topics


def _is_simulated(point: Point) -> bool:
    return point.id in INSTRUMENTS and INSTRUMENTS[point.id].quantity == point.quantity
