"""Homie 4 and 5: one bare value per property, described by the device itself.

Units stand in `$description`; a property whose description was not seen needs
a unit from the site. Field: always "value".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings, Found, Learned
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.named import quantity_of_name, quantity_of_unit, unit_as_known
from hdmonitor.sensors.plain_value import FIELD, check, read_value
from hdmonitor.sensors.strict import strict_object, strict_text

NAME = "homie"
TOPIC = re.compile(r"((?:.*/)?homie/(?:[45]/)?)([a-z0-9-]+)/(.+)")
ALIVE = {
    "init": True,
    "ready": True,
    "alert": True,
    "sleeping": True,
    "lost": False,
    "disconnected": False,
}


def read(message: Message, context: Context) -> Answer:
    """Read a property, or what the device says of itself."""
    parts = TOPIC.fullmatch(message.topic)
    if parts is None:
        return Rejected("is not below homie/")
    base, device, rest = parts.groups()
    if rest == "$description":
        body = strict_object(message.payload) if message.payload else {}
        return body if isinstance(body, Rejected) else Findings(learned=tuple(_learned(base + device, body)))
    if not rest.startswith("$"):
        if not message.payload:
            return Findings()  # the property was removed
        return _property(message, context, device, rest)
    out = Gathering(NAME, message, context, device)
    word = strict_text(message.payload)
    if rest == "$state" and word in ALIVE:
        out.alive(ALIVE[word], sleeping=word == "sleeping")
    elif rest.startswith("$alert/") and message.payload:
        out.events.append("device_alert")
        if rest == "$alert/battery":
            out.found.append(Found(device, "battery_low", "battery_low", 1.0))
    return out.findings()


def _property(message: Message, context: Context, device: str, channel: str) -> Answer:
    answer = read_value(message, context, NAME, device, channel)
    # Set points and switches are properties, too; only what is described or declared is a reading.
    undeclared = context.quantity is None and not context.learned and FIELD not in context.channels
    return Findings(left_out=(answer.reason,)) if isinstance(answer, Rejected) and undeclared else answer


def _learned(topic: str, body: dict[str, object]) -> Iterator[Learned]:
    nodes = body.get("nodes")
    for node, inside in nodes.items() if isinstance(nodes, dict) else ():
        properties = inside.get("properties") if isinstance(inside, dict) else None
        for name, keys in properties.items() if isinstance(properties, dict) else ():
            if not isinstance(keys, dict) or keys.get("settable") is True:
                continue  # a set point is no reading
            unit = keys.get("unit")
            quantity = quantity_of_unit(unit) or (quantity_of_name(name) if unit else None)
            if quantity is not None and isinstance(unit, str):
                yield Learned(f"{topic}/{node}/{name}", None, quantity, f"{unit_as_known(unit)}")


def recognise(message: Message) -> Sure:
    """Know everything below a Homie base topic."""
    return Sure.CERTAIN if TOPIC.fullmatch(message.topic) else Sure.NO


FAMILY = Family(
    NAME,
    3,
    Evidence.DOCUMENTED,
    "devices that describe themselves by Homie",
    recognise,
    stateless(read),
    check,
)
