"""From what a message says to what the points of a site asked for."""

from __future__ import annotations

from hdmonitor.model import Decoded, Device, Message, Point, Rejected, Value
from hdmonitor.sensors.context import Channel, Context
from hdmonitor.sensors.families import family_named
from hdmonitor.sensors.family import State
from hdmonitor.sensors.found import Findings


class DeviceReader:
    """Reads the messages of one topic for the points that are configured on it."""

    __slots__ = ("_by_field", "_context", "_read")

    def __init__(self, device: Device) -> None:
        """Prepare what is the same for every message."""
        self._by_field = {point.field: point for point in device.points}
        self._read = family_named(device.family).read
        self._context = context_for(device)

    def decode(self, message: Message, state: State = None) -> tuple[Decoded | Rejected, State]:
        """Return what the message says about the points, or why nothing, and the family's state after it."""
        answer, state = self._read(message, self._context, state)
        return (answer if isinstance(answer, Rejected) else self.picked(answer)), state

    def picked(self, findings: Findings) -> Decoded:
        """Return what the points asked for of everything a message says."""
        values: list[Value] = []
        battery = low = None
        for found in findings.found:
            if (point := self._by_field.get(found.field)) is not None:
                own = found.time if found.time != findings.time else None
                values.append(
                    Value(found.field, point.quantity, found.value, found.fault, own, found.backfill)
                )
            if found.quantity == "battery":
                battery = found.value if battery is None else battery
            elif found.quantity == "battery_low" and found.value:
                low = 0.0
        return Decoded(tuple(values), findings.time, low if battery is None else battery)


def context_for(device: Device) -> Context:
    """Return what a device's points say about its messages."""
    channels = {point.field: _channel(point) for point in device.points}
    return Context(
        channels=channels,
        timezone=device.zone,
        time=device.time,
        battery=device.battery,
        wanted=channels,
    )


def _channel(point: Point) -> Channel:
    return Channel(point.quantity, point.unit)
