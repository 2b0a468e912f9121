"""Plain values: one number, word or number with unit per topic.

Field: always "value", since a topic has only one.
"""

from __future__ import annotations

from hdmonitor.model import Decoded, Device, Message, Point, Rejected
from hdmonitor.sensors.strict import strict_text
from hdmonitor.sensors.values import read_text, said, wrong_with

FIELD = "value"


def decode(message: Message, device: Device) -> Decoded | Rejected:
    """Read the topic's one value; a unit behind the number wins over the configured one."""
    text = strict_text(message.payload)
    if isinstance(text, Rejected):
        return text
    return said([(point, read_text(point, text, point.unit)) for point in device.points])


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    if point.field != FIELD:
        return f"a topic of {point.family} has one value; write the field as {FIELD!r}, not {point.field!r}"
    return wrong_with(point)
