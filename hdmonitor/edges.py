"""The sessions of Sparkplug B edge nodes that a site listens to.

Births and deaths come on topics of their own. They belong to the points that
the site configures on the topic of the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hdmonitor.draft import Draft
from hdmonitor.events import Json
from hdmonitor.model import Device, Message, Site
from hdmonitor.sensors import sparkplug
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer
from hdmonitor.sensors.found import GATEWAY, Found
from hdmonitor.sensors.points import context_for
from hdmonitor.sensors.sparkplug_node import Node

BIRTHS, NUMBERS = "sparkplug:", "sparkplug-seq:"
NOBODY_ASKS = Context(wanted=frozenset())


class Edges:
    """What every topic of an edge node is for, and the sessions so far."""

    def __init__(self, site: Site) -> None:
        """Listen to the nodes of the points and gateways of `site`."""
        self._nodes: dict[str, Node] = {}
        self._contexts: dict[str, Context] = {}
        self.devices: dict[str, Device] = {}  # by each of their topics
        self.topics: set[str] = set()
        self.away: frozenset[str] = frozenset()  # topics of devices whose death was told
        for device in site.devices.values():
            if device.family == sparkplug.FAMILY.name:
                self._contexts[device.topic] = context_for(device)
                where = sparkplug.address(device.topic)
                mine = [topic for topic in device.also if _same(topic, where)]
                self.devices |= dict.fromkeys((device.topic, *mine), device)
                self.topics |= {device.topic, *device.also}
        for gateway in site.gateways.values():
            if sparkplug.address(gateway.topic) is not None:
                self.topics |= {gateway.topic, *gateway.also}

    def hear(self, message: Message) -> tuple[Answer, dict[str, Json]]:
        """Read a message in its session; return also what a restart needs of it."""
        device = self.devices.get(message.topic)
        context = self._contexts[device.topic] if device is not None else NOBODY_ASKS
        edge = sparkplug.edge_of(message.topic)
        before = self._nodes.get(edge)
        answer, after = sparkplug.read(message, context, self._nodes)
        self._nodes = dict(after) if isinstance(after, Mapping) else {}
        node = self._nodes.get(edge)
        return answer, dict(_changes(edge, before, node)) if node is not None else {}

    def alive(self, edge: str, found: Found, draft: Draft) -> None:
        """Take the news that an edge node, or a device behind it, was born or died."""
        there = found.value == 1.0
        everything = found.scope == GATEWAY and not there
        concerned = [
            device
            for device in self._behind(edge)
            if everything or sparkplug.device_of(device.topic) == found.device
        ]
        topics, before = {device.topic for device in concerned}, self.away
        self.away = before - topics if there else before | topics
        if self.away != before:
            draft.outcome.states["away"] = [*sorted(self.away)]
            draft.outcome.rooms.update(point.room for device in concerned for point in device.points)

    def restore(self, states: Mapping[str, Any]) -> None:
        """Go on from the states of the journal."""
        self.away = frozenset(states.get("away") or ())
        for key, numbers in states.items():
            if key.startswith(NUMBERS) and numbers is not None:
                edge = key.removeprefix(NUMBERS)
                births = states.get(f"{BIRTHS}{edge}") or {}
                self._nodes[edge] = Node.restored(numbers | {"births": births})

    def _behind(self, edge: str) -> list[Device]:
        """Return the devices of an edge node, itself included."""
        behind = {each.topic: each for each in self.devices.values() if sparkplug.edge_of(each.topic) == edge}
        return list(behind.values())


def _same(topic: str, where: sparkplug.Address | None) -> bool:
    """Tell whether a topic speaks for the same device, and not for the node before it."""
    other = sparkplug.address(topic)
    return other is not None and where is not None and other.device == where.device


def _changes(edge: str, before: Node | None, node: Node) -> Iterator[tuple[str, Json]]:
    """Tell what is new; births, which are long, only where there was one."""
    state = node.state()
    births = state.pop("births")
    if before is None or before.births is not node.births:
        yield f"{BIRTHS}{edge}", births
    if node is not before:
        yield f"{NUMBERS}{edge}", state
