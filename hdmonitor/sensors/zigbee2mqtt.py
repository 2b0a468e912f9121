"""Zigbee2MQTT: flat JSON per device, or one bare value per attribute topic.

Units are fixed by its protocol. `contact` is true when the contact is closed.
Field: the member of the JSON object; on an attribute topic, its last part.
"""

from __future__ import annotations

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import BLANKS, strict_json, strict_object, strict_text
from hdmonitor.sensors.values import wrong_with

NAME = "zigbee2mqtt"
UNITS = {"temperature": "degC", "humidity": "%RH", "pressure": "hPa"}
CONTACT_UNIT = "false/true"  # false is open
KNOWN = {
    "temperature": ("temperature", "degC"),
    "humidity": ("humidity", "%RH"),
    "pressure": ("pressure", "hPa"),
    "co2": ("co2", "ppm"),
    "contact": ("contact", None),
    "device_temperature": ("device_temperature", "degC"),
    "illuminance": ("illuminance", "lx"),
    "pm25": ("pm2_5", "ug/m3"),
}
ASIDE = ("battery", "battery_low", "tamper", "linkquality")

# A message of these alone says that the radio works, not what the probe measures.
DIAGNOSTICS = frozenset(
    {
        "action",
        "battery",
        "battery_low",
        "device_temperature",
        "elapsed",
        "last_seen",
        "linkquality",
        "power_outage_count",
        "tamper",
        "trigger_count",
        "update",
        "update_available",
        "voltage",
    }
)


def read(message: Message, context: Context) -> Answer:
    """Read a device's JSON, the bare value of an attribute topic, or who is there."""
    if "/bridge/" in message.topic or message.topic.endswith("/availability"):
        return _liveness(message, context)
    name = message.topic.partition("/")[2]
    if not message.payload.lstrip(BLANKS).startswith(b"{"):
        text = strict_text(message.payload)
        return text if isinstance(text, Rejected) else _bare(message, context, name, text)
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    out = Gathering(NAME, message, context, name, time=body.get("last_seen"))
    for member in context.wanted or body:
        if member in body:
            _take(out, member, body[member])
    for quantity in ASIDE:
        if quantity in body:
            out.beside(quantity, body[quantity])
    if "battery" in body and "voltage" not in context.channels:  # of a mains plug it is the mains, in V
        out.beside("battery_voltage", body.get("voltage"), scale=1e-3)
    return out.findings(None if body.keys() <= DIAGNOSTICS else body)


def _take(out: Gathering, member: str, raw: object, text: bool = False) -> None:
    quantity, unit = KNOWN.get(member, (None, None))
    out.add(member, raw, quantity, unit, CONTACT_UNIT if member == "contact" else None, text)


def _bare(message: Message, context: Context, name: str, text: str) -> Answer:
    device, _, attribute = name.rpartition("/")
    out = Gathering(NAME, message, context, device or name)
    _take(out, attribute, text, text=True)
    # An empty payload on the device's own topic removes a retained message after a rename.
    return out.findings(text or None)


def _liveness(message: Message, context: Context) -> Answer:
    base, _, name = message.topic.partition("/")
    if "/bridge/" in message.topic and name != "bridge/state":
        return Findings()
    gateway = name == "bridge/state"
    device = f"{base}/bridge" if gateway else name.removesuffix("/availability")
    out = Gathering(NAME, message, context, device)
    body = strict_json(message.payload)
    word = body.get("state") if isinstance(body, dict) else strict_text(message.payload)
    if word in ("online", "offline"):
        out.alive(word == "online", gateway=gateway)
    return out.findings()


def recognise(message: Message) -> Sure:
    """Everything below its base topic, or flat JSON with its radio's link quality."""
    if message.topic.startswith("zigbee2mqtt/"):
        return Sure.CERTAIN
    return Sure.LIKELY if b'"linkquality":' in message.payload else Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    if point.field == "contact" and (point.quantity, point.unit) != ("contact", "state"):
        return "Zigbee2MQTT's contact is true when closed, and known; write quantity 'contact', unit 'state'"
    return wrong_with(point, UNITS)


FAMILY = Family(
    NAME, 1, Evidence.RECORDED, "Zigbee sensors behind Zigbee2MQTT", recognise, stateless(read), check
)
