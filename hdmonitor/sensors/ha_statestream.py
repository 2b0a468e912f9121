"""Home Assistant statestream: the state of every entity as text, its attributes on topics beside it.

The unit follows Home Assistant's own unit system and is not in the state; it is
learned from the attribute's topic or declared. Field: always "value".
"""

from __future__ import annotations

import re

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.esphome import STATESTREAM_BASES
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings, Learned
from hdmonitor.sensors.named import quantity_of_unit, unit_as_known
from hdmonitor.sensors.plain_value import check, is_value, read_value
from hdmonitor.sensors.strict import strict_json

NAME = "ha_statestream"
TOPIC = re.compile(r"((.+)/(sensor|binary_sensor)/([^/]+))/([a-z_]+)")


def read(message: Message, context: Context) -> Answer:
    """Read an entity's state, or learn its unit."""
    parts = TOPIC.fullmatch(message.topic)
    if parts is None:
        return read_value(message, context, NAME, message.topic)
    entity, _, domain, name, what = parts.groups()
    if what == "state":
        return read_value(message, context, NAME, f"{domain}.{name}")
    if what != "unit_of_measurement":
        return Findings()
    unit = strict_json(message.payload)  # attributes are JSON: text stands in quotes
    if isinstance(unit, Rejected):
        return unit
    quantity = quantity_of_unit(unit)
    if quantity is None:
        return Findings()
    return Findings(learned=(Learned(f"{entity}/state", None, quantity, f"{unit_as_known(unit)}"),))


def recognise(message: Message) -> Sure:
    """Know entities below one of the usual base topics; any other base could be an ESPHome node."""
    parts = TOPIC.fullmatch(message.topic)
    if parts is None or parts[2].rpartition("/")[2] not in STATESTREAM_BASES:
        return Sure.NO
    if parts[5] == "state":
        return Sure.LIKELY if is_value(message.payload) else Sure.NO
    return Sure.LIKELY if parts[5] != "config" else Sure.NO


FAMILY = Family(
    NAME, 3, Evidence.COMPOSED, "entities of Home Assistant as text", recognise, stateless(read), check
)
