"""Shelly, first generation: one bare value per topic below `shellies/<id>/`.

An H&T sends its temperature in the unit that was chosen on the device and does
not say which; a probe on an add-on sends °C and °F on topics of their own.
Field: always "value".
"""

from __future__ import annotations

import re

from hdmonitor.model import Message, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.plain_value import FIELD, check
from hdmonitor.sensors.strict import strict_text, text_number

NAME = "shelly_gen1"
TOPIC = re.compile(r"shellies/([^/]+)/(.+)")
PROBE = re.compile(r"ext_(temperature|temperature_f|humidity)/([0-9]+)")
SENSOR = {
    "sensor/temperature": ("temperature", None),
    "sensor/humidity": ("humidity", "%RH"),
    "sensor/state": ("contact", "open/close"),  # door/window
    "sensor/lux": ("illuminance", "lx"),
}
UNITS = {"temperature": "degC", "temperature_f": "degF", "humidity": "%RH"}


def read(message: Message, context: Context) -> Answer:
    """Read the topic's one value; the two topics of one probe are one channel."""
    parts = TOPIC.fullmatch(message.topic)
    text = strict_text(message.payload)
    if parts is None or isinstance(text, Rejected):
        return text if isinstance(text, Rejected) else Rejected("is not below shellies/<id>/")
    device, rest = parts.groups()
    out = Gathering(NAME, message, context, device)
    probe = PROBE.fullmatch(rest)
    if rest == "online":
        if text in {"true", "false"}:
            out.alive(text == "true")
    elif rest == "sensor/battery":
        figure = text_number(text)
        out.beside("battery", figure[0] if figure else None)
    elif probe is not None:
        kind = "humidity" if probe[1] == "humidity" else "temperature"
        channel = f"ext_{kind}/{probe[2]}"
        out.add(FIELD, text, kind, said=UNITS[probe[1]], text=True, channel=channel)
    elif rest in SENSOR:
        quantity, unit = SENSOR[rest]
        out.add(FIELD, text, quantity, context.unit or unit, text=True)
    elif context.channels:
        out.add(FIELD, text, text=True)
    return out.findings() if out.found or out.left_out else Findings()


def recognise(message: Message) -> Sure:
    """Know everything below `shellies/` that is no remote procedure call of the second generation."""
    if not message.topic.startswith("shellies/"):
        return Sure.NO
    return Sure.NO if message.topic.endswith("/rpc") or "/status/" in message.topic else Sure.CERTAIN


FAMILY = Family(
    NAME, 1, Evidence.RECORDED, "Shelly of the first generation", recognise, stateless(read), check
)
