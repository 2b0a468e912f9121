"""Plain values: one number, word or number with unit per topic.

Field: always "value", since a topic has only one.
"""

from __future__ import annotations

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.faults import fault_of_text
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import strict_text, text_number
from hdmonitor.sensors.values import wrong_with

FIELD = "value"
LONGEST_UNIT = 8
STATES = frozenset(("on", "off", "open", "closed", "true", "false", "online", "offline"))


def read(message: Message, context: Context) -> Answer:
    """Read the topic's one value; a unit behind the number wins over the configured one."""
    return read_value(message, context, "plain_value", _device(message.topic))


def read_value(
    message: Message, context: Context, family: str, device: str, channel: str | None = None
) -> Answer:
    """Read the one value of a topic of any family that sends nothing else."""
    text = strict_text(message.payload)
    if isinstance(text, Rejected):
        return text
    out = Gathering(family, message, context, device)
    quantity, unit = context.quantity, context.unit
    for known in context.learned:
        if known.path is None:
            quantity, unit = quantity or known.quantity, unit or known.unit
    if quantity is None and context.channel(FIELD) is None:
        return Rejected(f"what {message.topic!r:.120} measures is not said; declare quantity and unit")
    out.add(FIELD, text, quantity, unit, text=True, channel=channel)
    return out.findings()


def _device(topic: str) -> str:
    levels = [level for level in topic.split("/") if level]
    return levels[-2] if len(levels) > 1 else topic


def is_value(payload: bytes) -> bool:
    """Tell whether a payload is one number, with or without unit, or one known word."""
    text = strict_text(payload)
    if isinstance(text, Rejected):
        return False
    figure = text_number(text)
    if figure is not None:
        return len(figure[1]) <= LONGEST_UNIT
    return text.casefold() in STATES or (not text.startswith(("{", "[")) and fault_of_text(text) is not None)


def recognise(message: Message) -> Sure:
    """Any bare value may be one; whoever knows the topic better goes first."""
    return Sure.SHAPE if is_value(message.payload) else Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    if point.field != FIELD:
        return f"a topic of {point.family} has one value; write the field as {FIELD!r}, not {point.field!r}"
    return wrong_with(point)


FAMILY = Family(
    "plain_value", 1, Evidence.DOCUMENTED, "one value per topic", recognise, stateless(read), check
)
