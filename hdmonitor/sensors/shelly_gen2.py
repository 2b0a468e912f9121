"""Shelly, from the second generation on: JSON-RPC notifications and status topics.

A notification carries what changed and nothing else. °C and °F of a reading
stand side by side. Field: component and member, "temperature:0.tC".
"""

from __future__ import annotations

import re

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import number, strict_object
from hdmonitor.sensors.values import wrong_with

NAME = "shelly_gen2"
ONLINE = re.compile(r"(.+)/online")
STATUS = re.compile(r"(.+)/status/([a-z_]+:[0-9]+)")
CLOCK_SET = 1e9  # before it has the time, `ts` counts the seconds since it was switched on
KNOWN = {
    "temperature": ("tC", "temperature", "degC"),
    "humidity": ("rh", "humidity", "%RH"),
    "window": ("open", "contact", "true/false"),
}
CHIPS = frozenset(("switch", "cover", "light", "pm1", "em"))  # their temperature is that of the relay

Members = dict[str, object]


def read(message: Message, context: Context) -> Answer:
    """Read a notification or the status of one component."""
    online = ONLINE.fullmatch(message.topic)
    if online is not None:
        out = Gathering(NAME, message, context, online[1])
        if message.payload in {b"true", b"false"}:
            out.alive(message.payload == b"true")
        return out.findings()
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    status = STATUS.fullmatch(message.topic)
    if status is not None:
        out = Gathering(NAME, message, context, status[1])
        _component(out, status[2], body)
        return out.findings()
    params, source = body.get("params"), body.get("src")
    if not isinstance(params, dict) or not isinstance(source, str):
        return Findings()
    at = number(params.get("ts"))
    out = Gathering(NAME, message, context, source, time=at if at and at > CLOCK_SET else None)
    for name, component in params.items():
        if isinstance(component, dict):
            _component(out, name, component)
    return out.findings()


def _component(out: Gathering, name: str, component: Members) -> None:
    kind = name.partition(":")[0]
    if kind == "devicepower":
        _power(out, component)
    elif kind in CHIPS:
        inner = component.get("temperature")
        if isinstance(inner, dict):
            out.beside("device_temperature", inner.get("tC"), channel=name)
    elif kind in KNOWN:
        member, quantity, unit = KNOWN[kind]
        errors = component.get("errors")
        fault = "error" if isinstance(errors, list) and errors else None
        if member in component or fault:
            raw = component.get(member)
            out.add(f"{name}.{member}", raw, quantity, said=unit, channel=name, fault=fault)
    else:
        for member, raw in component.items():
            out.add(f"{name}.{member}", raw, channel=name)


def _power(out: Gathering, component: Members) -> None:
    battery, external = component.get("battery"), component.get("external")
    powered = isinstance(external, dict) and external.get("present") is True
    if isinstance(external, dict):
        out.beside("external_power", external.get("present"))
    if isinstance(battery, dict):
        out.beside("battery_voltage", battery.get("V"))
        if not powered:  # on USB it shows 0 %
            out.beside("battery", battery.get("percent"))


def recognise(message: Message) -> Sure:
    """Know notifications, component status and the will by topic and payload."""
    if message.topic.endswith("/events/rpc"):
        return Sure.CERTAIN
    if STATUS.fullmatch(message.topic):
        return Sure.CERTAIN if message.payload.startswith(b"{") else Sure.NO
    if ONLINE.fullmatch(message.topic) and message.payload in {b"true", b"false"}:
        return Sure.NO if message.topic.startswith("shellies/") else Sure.LIKELY
    return Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    if point.field.partition(":")[0] in CHIPS and point.quantity == "temperature":
        return f"{point.field!r} is the temperature of the relay; name a component temperature:<id>"
    return wrong_with(point)


FAMILY = Family(
    NAME, 1, Evidence.RECORDED, "Shelly from the second generation on", recognise, stateless(read), check
)
