"""What is behind the topics of a site file: devices with their points, gateways with what is behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hdmonitor.model import Device, Gateway, Point
from hdmonitor.sensors import also_subscribed, check_device, is_family
from hdmonitor.sensors.context import NOTHING
from hdmonitor.site_file import SiteFile
from hdmonitor.site_rooms import Complain
from hdmonitor.yaml_source import Where, suggest


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of a site file."""

    file: SiteFile
    complain: Complain

    def devices(self, points: Mapping[str, Point]) -> dict[str, Device]:
        """Return what stands behind each topic."""
        by_topic: defaultdict[str, list[Point]] = defaultdict(list)
        for point in points.values():
            twin = next((other for other in by_topic[point.topic] if _same_value(other, point)), None)
            if twin is not None:
                text = f"the same field of the same topic as {twin.id!r}; each value belongs to one point"
                self.complain(("points", point.id, "field"), text)
            by_topic[point.topic].append(point)
        for topic in self.file.devices:
            if topic not in by_topic:
                meant = suggest(topic, list(by_topic))
                self.complain(("devices", topic), f"no point has this topic; {meant}", at_key=True)
        return {topic: self._device(topic, tuple(together)) for topic, together in by_topic.items()}

    def check_replays(self, points: Mapping[str, Point]) -> None:
        """Complain about a recorded sensor that would be two points."""
        known = {(point.id, point.quantity): point.id for point in points.values()}
        for point in points.values():
            twin = known.setdefault((point.replay_as or point.id, point.quantity), point.id)
            if twin != point.id:
                text = f"recorded {point.quantity} of {point.replay_as!r} is that of {twin!r} already"
                self.complain(("points", point.id, "replay_as"), f"{text}; name another sensor")

    def _device(self, topic: str, points: tuple[Point, ...]) -> Device:
        common = {key: self._common(key, points) for key in ("family", "zone", "time", "battery")}
        device = Device(
            topic,
            points[0].family,
            points,
            zone=common["zone"],
            time=common["time"],
            battery=common["battery"],
            also=also_subscribed(topic, points[0].family),
            declared=self._declared(topic),
        )
        if is_family(device.family) and (wrong := check_device(device)):
            if topic in self.file.devices:
                self.complain(("devices", topic), wrong, at_key=True)
                return replace(device, declared={})
            named = next((key for key in ("zone", "time", "battery") if common[key]), "family")
            self.complain(("points", points[0].id, named), wrong)
        return device

    def _declared(self, topic: str) -> Mapping[str, object]:
        keys = self.file.devices.get(topic)
        return keys.model_dump(exclude_none=True) if keys is not None else NOTHING

    def _common(self, key: str, points: tuple[Point, ...]) -> str | None:
        """Return what the points of one topic say of their device; they must not contradict."""
        found: str | None = None
        for point in points:
            given = getattr(self.file.points[point.id], key)
            if given is not None and found is not None and given != found:
                text = f"{given!r}, but another point of this topic says {found!r}; one device has one {key}"
                self.complain(("points", point.id, key), text)
            found = found or given
        return found

    def gateways(self, points: Mapping[str, Point]) -> dict[str, Gateway]:
        """Return the gateways with the points behind each; a topic says the state of one only."""
        taken = {point.topic: f"point {point.id!r}" for point in points.values()}
        gateways: dict[str, Gateway] = {}
        for id_, keys in self.file.gateways.items():
            where: Where = ("gateways", id_, "topic")
            check_topic(where, keys.topic, self.complain)
            if keys.topic in taken:
                text = f"{keys.topic!r} is the topic of {taken[keys.topic]}"
                self.complain(where, f"{text}; write that of the gateway's own will")
            taken.setdefault(keys.topic, f"gateway {id_!r}")
            behind = frozenset(name for name in points if self.file.points[name].gateway == id_)
            gateways[id_] = Gateway(
                id_, keys.name, keys.topic, behind, also_subscribed(keys.topic, "sparkplug_b")
            )
            if not behind:
                self.complain(
                    where[:2],
                    "no point names it; write its id as 'gateway' of the points behind it",
                    warning=True,
                )
        return gateways


def check_topic(where: Where, topic: str, complain: Complain) -> None:
    """Complain about a topic that names more than itself."""
    if set("+#\0") & set(topic) or topic.startswith("$"):
        complain(where, f"{topic!r} has a wildcard or starts with '$'; write the full topic")


def _same_value(one: Point, other: Point) -> bool:
    """Tell whether two points of one topic would take the same value."""
    apart = one.device is not None and other.device is not None and one.device != other.device
    return one.field == other.field and not apart
