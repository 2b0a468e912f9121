"""ESPHome: one bare value per `…/sensor/<object>/state` or `…/binary_sensor/<object>/state` topic.

Neither unit nor meaning is in the message; both are configured. An SDP3x
sends its differential pressure in hPa. Field: always "value".
"""

from __future__ import annotations

import re

from hdmonitor.model import Message
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.plain_value import check, is_value, read_value

STATE = re.compile(r"(.+)/(?:sensor|binary_sensor|text_sensor)/([^/]+)/state")
STATUS = re.compile(r"([^/]+)/status")
LIVE = {b"online": True, b"offline": False}
# Home Assistant's own republication has topics of the same shape, below one of these.
STATESTREAM_BASES = frozenset(("ha", "hass", "homeassistant", "statestream"))


def read(message: Message, context: Context) -> Answer:
    """Read the topic's one value; birth and will say that the device is there, log topics nothing."""
    topic = message.topic
    if topic.endswith("/debug"):
        return Findings()
    if topic.endswith("/status"):
        out = Gathering("esphome", message, context, topic.removesuffix("/status"))
        if message.payload in LIVE:
            out.alive(LIVE[message.payload])
        return out.findings()
    parts = STATE.fullmatch(topic)
    device, channel = parts.groups() if parts else (topic, None)
    return read_value(message, context, "esphome", device, channel)


def recognise(message: Message) -> Sure:
    """Know state topics with a bare value, births and wills."""
    if STATUS.fullmatch(message.topic) and message.payload in LIVE:
        return Sure.LIKELY
    parts = STATE.fullmatch(message.topic)
    if parts is None or parts[1] in STATESTREAM_BASES or not is_value(message.payload):
        return Sure.NO
    return Sure.LIKELY


FAMILY = Family(
    "esphome", 1, Evidence.RECORDED, "ESPHome nodes, one value per topic", recognise, stateless(read), check
)
