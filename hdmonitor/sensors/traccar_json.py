"""Traccar's position forwarding: trackers of many makers, one JSON object per position.

`battery` is volts and `batteryLevel` percent. Field: the attribute, "temp1".
"""

from __future__ import annotations

import re

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import number, strict_object
from hdmonitor.sensors.values import wrong_with

NAME = "traccar_json"
PROBE = re.compile(r"temp[0-9]+")
ASIDE = {"batteryLevel": "battery", "battery": "battery_voltage", "deviceTemp": "device_temperature"}

Members = dict[str, object]


def read(message: Message, context: Context) -> Answer:
    """Read one position with its attributes."""
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    position, tracker = body.get("position"), body.get("device")
    if not isinstance(position, dict) or not isinstance(tracker, dict):
        return Rejected("has no 'position' with its 'device'")
    attributes = position.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    out = Gathering(
        NAME,
        message,
        context,
        f"{tracker.get('uniqueId', '')!s:.80}",
        time=position.get("deviceTime"),
        backfill=attributes.get("archive") is True,
    )
    for name, raw in attributes.items():
        _take(out, name, raw)
    for name, quantity in ASIDE.items():
        out.beside(quantity, attributes.get(name))
    _place(out, position)
    return out.findings()


def _take(out: Gathering, name: str, raw: object) -> None:
    if PROBE.fullmatch(name):
        out.add(name, raw, "temperature", said="degC", channel=name)
    elif name == "humidity":
        out.add(name, raw, "humidity", said="%RH")
    elif name == "door":
        out.add(name, raw, "contact", said="true/false", channel=name)
    elif name not in ASIDE:
        out.add(name, raw, channel=name)


def _place(out: Gathering, position: Members) -> None:
    latitude, longitude = number(position.get("latitude")), number(position.get("longitude"))
    if position.get("valid") is not True or position.get("outdated") is True:
        return
    if latitude or longitude:  # 0/0 is a tracker without a fix
        out.beside("latitude", latitude)
        out.beside("longitude", longitude)


def recognise(message: Message) -> Sure:
    """Know the two members by what only they have."""
    marks = (b'"position"', b'"deviceTime"', b'"uniqueId"')
    return Sure.CERTAIN if all(mark in message.payload for mark in marks) else Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    if point.field == "deviceTemp":
        return "'deviceTemp' is the temperature inside the tracker; name the probe, 'temp1'"
    return wrong_with(point)


FAMILY = Family(
    NAME, 2, Evidence.COMPOSED, "trackers through Traccar's forwarding", recognise, stateless(read), check
)
