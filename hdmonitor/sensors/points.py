"""From what a message says to what the points of a site asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hdmonitor.model import Decoded, Device, Message, Point, Rejected, Value, made
from hdmonitor.sensors.context import Channel, Context, context_of
from hdmonitor.sensors.families import family_named
from hdmonitor.sensors.family import State
from hdmonitor.sensors.found import Findings

UNDECODED = Rejected(
    "nobody decoded this uplink; give the device a codec in its network server, or a device_profile here"
)


def readers_for(devices: Mapping[str, Device]) -> dict[str, DeviceReader]:
    """Return the reader of each topic; devices that are asked for the same have one together."""
    readers: dict[object, DeviceReader] = {}
    found: dict[str, DeviceReader] = {}
    for topic, device in devices.items():
        said = (device.family, device.zone, device.time, device.battery, repr(device.declared))
        asked = tuple((point.field, point.quantity, point.unit, point.device) for point in device.points)
        if (said, asked) not in readers:
            readers[said, asked] = DeviceReader(device)
        found[topic] = readers[said, asked]
    return found


class DeviceReader:
    """Reads the messages of one topic for the points that are configured on it."""

    __slots__ = ("_alone", "_by_field", "_context", "_read", "asked")

    def __init__(self, device: Device) -> None:
        """Prepare what is the same for every message."""
        # The place of a point among those of its device, by the device and the field that a value names.
        self.asked = {(point.device, point.field): place for place, point in enumerate(device.points)}
        self._by_field: dict[str, tuple[Point, ...]] = {}
        for point in device.points:
            self._by_field[point.field] = (*self._by_field.get(point.field, ()), point)
        # Of several devices on one topic nobody could say whose battery it is.
        self._alone = not any(point.device for point in device.points)
        self._read = family_named(device.family).read
        self._context = context_for(device)

    def decode(self, message: Message, state: State = None) -> tuple[Decoded | Rejected, State]:
        """Return what the message says about the points, or why nothing, and the family's state after it."""
        answer, state = self._read(message, self._context, state)
        if isinstance(answer, Rejected):
            return answer, state
        picked = self.picked(answer)
        if "undecoded_uplink" in answer.events and not picked.values:
            return UNDECODED, state
        return picked, state

    def picked(self, findings: Findings) -> Decoded:
        """Return what the points asked for of everything a message says."""
        values: list[Value] = []
        battery = low = None
        by_field, time = self._by_field, findings.time
        for found in findings.found:
            field, quantity = found.field, found.quantity
            for point in by_field.get(field, ()):
                device = point.device
                if device is None or device == found.device:
                    own = found.time if found.time != time else None
                    # What the publisher itself calls old is no more a sign of life than what was stored.
                    stored = found.backfill or found.stale
                    values.append(
                        made(Value, (field, point.quantity, found.value, found.fault, own, stored, device))
                    )
            if quantity == "battery":
                battery = found.value if battery is None else battery
            elif quantity == "battery_low" and found.value:
                low = 0.0
        level = (low if battery is None else battery) if self._alone else None
        return made(Decoded, (tuple(values), time, level, False))


def context_for(device: Device) -> Context:
    """Return what a site says about a device; raises ContextError for what cannot be used."""
    declared = context_of(device.declared)
    channels = {
        point.field: replace(
            declared.channels.get(point.field, Channel()), quantity=point.quantity, unit=point.unit
        )
        for point in device.points
    }
    return replace(
        declared,
        channels=channels,
        timezone=device.zone or declared.timezone,
        time=device.time,
        battery=device.battery,
        wanted=channels,
    )
