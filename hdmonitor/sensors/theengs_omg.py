"""Theengs Gateway and OpenMQTTGateway: Bluetooth sensors as flat JSON, one topic per address.

°C and °F of a reading stand side by side; minima and maxima are no readings.
These are consumer sensors without calibration. Field: "tempc", "hum", "open".
"""

from __future__ import annotations

import re

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import strict_object, strict_text, text_number
from hdmonitor.sensors.values import wrong_with

NAME = "theengs_omg"
TOPIC = re.compile(r"(?:.*/)?([^/]+)/BTtoMQTT/([^/]+)")
LWT = re.compile(r"(?:.*/)?([^/]+)/LWT")
ADDRESS = re.compile(r"[0-9A-Fa-f]{12}")
KNOWN = {
    "tempc": ("temperature", "degC"),
    "hum": ("humidity", "%RH"),
    "pres": ("pressure", "hPa"),
    "open": ("contact", "true/false"),
    "lux": ("illuminance", "lx"),
}
ASIDE = {"batt": "battery", "volt": "battery_voltage", "rssi": "rssi"}
UNITS = {"temperature": "degC", "humidity": "%RH"}


def read(message: Message, context: Context) -> Answer:
    """Read what the gateway decoded of one advertisement, or whether the gateway is there."""
    will = LWT.fullmatch(message.topic)
    if will is not None:
        out = Gathering(NAME, message, context, will[1])
        word = strict_text(message.payload)
        if word in {"online", "offline"}:
            out.alive(word == "online", gateway=True)
        return out.findings()
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    out = Gathering(NAME, message, context, _device(message.topic, body))
    for member, raw in body.items():
        quantity, unit = KNOWN.get(member, (None, None))
        out.add(member, raw, quantity, said=unit, text=True)  # old builds write numbers as text
    for member, quantity in ASIDE.items():
        raw = body.get(member)
        figure = text_number(raw) if isinstance(raw, str) else None
        out.beside(quantity, figure[0] if figure else raw)
    return out.findings()


def _device(topic: str, body: dict[str, object]) -> str:
    parts = TOPIC.fullmatch(topic)
    last = parts[2] if parts else topic
    # The identifier in the message is the address as people write it; some builds leave it out.
    for member in ("id", "mac"):
        named = body.get(member)
        if isinstance(named, str) and named:
            return named
    if ADDRESS.fullmatch(last):
        return ":".join(last[at : at + 2] for at in range(0, len(last), 2)).upper()
    return last


def recognise(message: Message) -> Sure:
    """Know the topics of Bluetooth sensors, and the gateway's will."""
    if TOPIC.fullmatch(message.topic):
        return Sure.CERTAIN
    if LWT.fullmatch(message.topic) and message.payload in {b"online", b"offline"}:
        return Sure.LIKELY
    return Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    if point.field.startswith("tempf"):
        return "'tempf' is 'tempc' once more in another unit; write field 'tempc', unit 'degC'"
    if point.field.endswith(("_max", "_min")):
        return f"{point.field!r} is an extreme of the past, not what is measured; name another field"
    return wrong_with(point, UNITS)


FAMILY = Family(
    NAME,
    2,
    Evidence.DOCUMENTED,
    "Bluetooth sensors behind Theengs or OpenMQTTGateway",
    recognise,
    stateless(read),
    check,
)
