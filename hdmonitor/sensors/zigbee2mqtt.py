"""Zigbee2MQTT: flat JSON per device, or one bare value per attribute topic.

Units are fixed by its protocol. `contact` is true when the contact is closed.
Field: the member of the JSON object; on an attribute topic, its last part.
"""

from __future__ import annotations

from hdmonitor.model import Decoded, Device, Message, Point, Rejected, Value
from hdmonitor.sensors.strict import strict_json, strict_text
from hdmonitor.sensors.times import device_time
from hdmonitor.sensors.values import nothing_of, percentage, read, read_text, said, wrong_with

UNITS = {"temperature": "degC", "humidity": "%RH", "pressure": "hPa"}
CONTACT_UNIT = "false/true"  # false is open

# A message of these alone says that the radio works, not what the probe measures.
DIAGNOSTICS = frozenset(
    {
        "action",
        "battery",
        "battery_low",
        "device_temperature",
        "elapsed",
        "last_seen",
        "linkquality",
        "power_outage_count",
        "tamper",
        "trigger_count",
        "update",
        "update_available",
        "voltage",
    }
)


def decode(message: Message, device: Device) -> Decoded | Rejected:
    """Read the configured members of a device's JSON, or the bare value of an attribute topic."""
    if "/bridge/" in message.topic or message.topic.endswith("/availability"):
        return Decoded()
    text = strict_text(message.payload)
    if isinstance(text, Rejected):
        return text
    if not text.startswith("{"):
        return _bare(message, device, text)
    body = strict_json(message.payload)
    if isinstance(body, Rejected) or not isinstance(body, dict):
        return body if isinstance(body, Rejected) else Rejected("is not a JSON object")
    found = [
        (point, read(point, body[point.field], _unit(point)))
        for point in device.points
        if point.field in body
    ]
    time = device_time(body.get("last_seen"), device.zone, message.received_at)
    battery = percentage(body.get("battery"))
    if battery is None and body.get("battery_low") is True:
        battery = 0.0
    if found:
        return said(found, time, battery)
    return Decoded((), time, battery) if body.keys() <= DIAGNOSTICS else nothing_of(device.points, body)


def _bare(message: Message, device: Device, text: str) -> Decoded | Rejected:
    attribute = message.topic.rpartition("/")[2]
    found: list[tuple[Point, Value | Rejected]] = [
        (point, read_text(point, text, _unit(point))) for point in device.points if point.field == attribute
    ]
    if found:
        return said(found)
    # An empty payload on the device's own topic removes a retained message after a rename.
    return nothing_of(device.points, text) if text else Decoded()


def _unit(point: Point) -> str:
    return CONTACT_UNIT if point.field == "contact" else point.unit


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    if point.field == "contact" and (point.quantity, point.unit) != ("contact", "state"):
        return "Zigbee2MQTT's contact is true when closed, and known; write quantity 'contact', unit 'state'"
    return wrong_with(point, UNITS)
