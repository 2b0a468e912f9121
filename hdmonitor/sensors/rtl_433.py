"""rtl_433: wireless consumer sensors, as events in flat JSON or one topic per value.

The unit is the end of a member's name (`temperature_C`). These are consumer
sensors without calibration, and their id changes with the battery. Field: the
member's name.
"""

from __future__ import annotations

import re

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import strict_object, strict_text
from hdmonitor.sensors.values import wrong_with

NAME = "rtl_433"
TOPIC = re.compile(r"(?:.*/)?rtl_433/([^/]+)/(events|states|devices/.+|availability)")
NUMBERED = re.compile(r"(?:temperature|humidity)_[1-9](?:_[CF])?")
KNOWN = {
    "temperature_C": ("temperature", "degC"),
    "temperature_F": ("temperature", "degF"),
    "humidity": ("humidity", "%RH"),
    "pressure_hPa": ("pressure", "hPa"),
    "pressure_kPa": ("pressure", "kPa"),
}
LOW = {"0": 1.0, "0.0": 1.0, "low": 1.0, "1": 0.0, "1.0": 0.0, "ok": 0.0}


def read(message: Message, context: Context) -> Answer:
    """Read an event, or the one value of a device's topic."""
    topic = TOPIC.fullmatch(message.topic)
    if topic is not None and topic[2] == "availability":
        out = Gathering(NAME, message, context, f"rtl_433/{topic[1]}")
        word = strict_text(message.payload)
        if word in {"online", "offline"}:
            out.alive(word == "online", gateway=True)
        return out.findings()
    if topic is not None and topic[2].startswith("devices/"):
        return _value(message, context, topic[2].split("/")[1:])
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    model, number = body.get("model"), body.get("id")
    if not isinstance(model, str):
        return Rejected("has no 'model'")
    out = Gathering(NAME, message, context, f"{model}/{number}", time=body.get("time"))
    channel = body.get("channel")
    place = None if channel is None else f"{channel!s:.40}"
    for member, raw in body.items():
        _take(out, member, raw, place)
    battery = body.get("battery_ok", body.get("battery"))
    out.beside("battery_low", _truth(LOW.get(str(battery).casefold())))
    return out.findings()


def _truth(value: float | None) -> bool | None:
    return None if value is None else bool(value)


def _value(message: Message, context: Context, levels: list[str]) -> Answer:
    *named, member = levels
    text = strict_text(message.payload)
    if isinstance(text, Rejected):
        return text
    # devices/<model>/[<channel>/]<id>/<member>
    device = f"{named[0]}/{named[-1]}" if named else "rtl_433"
    out = Gathering(NAME, message, context, device)
    _take(out, member, text, named[1] if named[2:] else None)
    return out.findings()


def _take(out: Gathering, member: str, raw: object, channel: str | None) -> None:
    quantity, unit = KNOWN.get(member, (None, None))
    if NUMBERED.fullmatch(member):
        quantity, unit = KNOWN.get(re.sub("_[1-9]", "", member), (None, None))
        channel = member
    out.add(member, raw, quantity, said=unit, text=True, channel=channel)


def recognise(message: Message) -> Sure:
    """Know its topics, or events by their members."""
    if TOPIC.fullmatch(message.topic):
        return Sure.CERTAIN
    marks = (b'"model"', b'"id"', b'"mic"')
    return Sure.LIKELY if all(mark in message.payload for mark in marks) else Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    return wrong_with(point)


FAMILY = Family(
    NAME, 2, Evidence.RECORDED, "wireless consumer sensors through rtl_433", recognise, stateless(read), check
)
