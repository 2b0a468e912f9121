"""flespi: telematics messages as an array of flat objects whose names hold dots.

flespi delivers °C. Field: the name, "ble.sensor.temperature.1".
"""

from __future__ import annotations

import re

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import strict_json
from hdmonitor.sensors.values import wrong_with

NAME = "flespi_json"
PROBE = re.compile(r"(?:.+\.)?sensor\.(temperature|humidity)(?:[#.][0-9]+)?")
UNITS = {"temperature": "degC", "humidity": "%RH"}
MESSAGES_AT_MOST = 1_000
ASIDE = {
    "battery.level": "battery",
    "battery.voltage": "battery_voltage",
    "device.temperature": "device_temperature",
}


def read(message: Message, context: Context) -> Answer:
    """Read every message of the array, each with its own time."""
    body = strict_json(message.payload)
    if isinstance(body, Rejected):
        return body
    entries = body if isinstance(body, list) else [body]
    out = Gathering(NAME, message, context, message.topic.rpartition("/")[2])
    for entry in entries[:MESSAGES_AT_MOST]:
        if not isinstance(entry, dict):
            return Rejected("is not an array of objects")
        ident = entry.get("ident")
        out.device = ident if isinstance(ident, str) else out.device
        out.time = out.moment(entry.get("timestamp"))
        out.backfill = entry.get("message.buffered.status") is True
        _entry(out, entry)
    return out.findings()


def _entry(out: Gathering, entry: dict[str, object]) -> None:
    for name, raw in entry.items():
        probe = PROBE.fullmatch(name)
        quantity = probe[1] if probe else None
        out.add(name, raw, quantity, said=UNITS.get(quantity or ""), channel=name)
    for name, quantity in ASIDE.items():
        out.beside(quantity, entry.get(name))
    if entry.get("position.valid") is not False:
        out.beside("latitude", entry.get("position.latitude"))
        out.beside("longitude", entry.get("position.longitude"))


def recognise(message: Message) -> Sure:
    """Know its topics, or arrays by the names in them."""
    if b'"ident"' not in message.payload or b'"timestamp"' not in message.payload:
        return Sure.NO
    return Sure.CERTAIN if message.topic.startswith("flespi/") else Sure.LIKELY


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    if point.field in ASIDE and point.quantity == "temperature":
        return f"{point.field!r} is the temperature inside the tracker; name a probe"
    return wrong_with(point, UNITS)


FAMILY = Family(NAME, 2, Evidence.RECORDED, "trackers through flespi", recognise, stateless(read), check)
