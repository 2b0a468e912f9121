"""Tasmota: JSON nested by driver, from `tele/…/SENSOR`, `stat/…/STATUS8` and Zigbee bridges.

Field: driver and attribute, "BME280.Temperature". A numbered driver is better
named by its address ("00000566CC39.Temperature"), since the numbers follow the
order on the bus and change when a probe is added; a Zigbee device by address
or name. Attributes that stand alone ("Switch1") are named alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import number, strict_object, strict_text
from hdmonitor.sensors.values import wrong_with

NAME = "tasmota"
BRIDGES = ("ZbReceived", "LwReceived")  # one message for one of many devices
UNIT_MEMBERS = {"temperature": "TempUnit", "pressure": "PressureUnit"}
BATTERY_MEMBERS = ("BatteryPercentage", "Battery")
KNOWN = {
    "Temperature": ("temperature", None),
    "Humidity": ("humidity", "%"),
    "Pressure": ("pressure", None),
    "CarbonDioxide": ("co2", "ppm"),
    "Illuminance": ("illuminance", "lx"),
    "ReferenceTemperature": ("device_temperature", None),
    "PM1": ("pm1", "ug/m3"),
    "PM2.5": ("pm2_5", "ug/m3"),
    "PM10": ("pm10", "ug/m3"),
    "Contact": ("contact", "state"),
}
PARTICLES = re.compile(r"PB([0-9]+(?:\.[0-9]+)?)")  # at least so many µm, in 0.1 L
SWITCH = re.compile(r"Switch[0-9]*")
CHIPS = ("ESP32", "ESP32C3", "ESP32S2", "ESP32S3")  # their temperature is that of the processor

Members = dict[str, object]


def read(message: Message, context: Context) -> Answer:
    """Read the attributes of every driver; the units a message states win over the configured ones."""
    device = device_of(message.topic, context.full_topic)
    if message.topic.endswith("/LWT"):
        return _will(message, context, device)
    if message.topic.endswith("/STATE") or strict_text(message.payload) == "":
        return Findings()
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    if "ZbInfo" in body:
        return Findings()  # repeats what was heard before, possibly days ago
    body = _inner(body, "StatusSNS")
    bridge = next((name for name in BRIDGES if name in body), None)
    blocks = _inner(body, bridge)
    out = Gathering(NAME, message, context, device, time=body.get("Time"))
    for field, driver, block, attribute in _attributes(blocks, context):
        if context.wanted is not None and not any(each.quantity == "battery" for each in out.found):
            out.beside("battery", _battery(block))
        _take(out, field, driver, block, attribute, body, behind=bridge is not None)
    if context.wanted is None and bridge:
        for name, behind in blocks.items():
            _beside(out, f"{device}/{name}", behind)
    return out.findings(None if bridge else body)


def _inner(body: Members, name: str | None) -> Members:
    inner = body.get(name) if name is not None else None
    return inner if isinstance(inner, dict) else body


def _will(message: Message, context: Context, device: str) -> Answer:
    out = Gathering(NAME, message, context, device)
    word = strict_text(message.payload)
    if word in {"Online", "Offline"}:
        out.alive(word == "Online")
    return out.findings()


def _attributes(blocks: Members, context: Context) -> Iterator[tuple[str, str | None, Members, str]]:
    """Yield field, driver, block and attribute of what is wanted, or of everything."""
    if context.wanted is not None:
        for field in context.wanted:
            driver, block, found = _find(field, blocks)
            if found is not None:
                yield field, driver, block, found
        return
    for name, named in blocks.items():
        if isinstance(named, dict):
            yield from ((f"{name}.{attribute}", name, named, attribute) for attribute in named)
        else:
            yield name, None, blocks, name


def _find(field: str, blocks: Members) -> tuple[str | None, Members, str | None]:
    """Return the driver, block and attribute that `field` names; names and attributes may hold dots."""
    if field in blocks:
        return None, blocks, field
    dot = field.find(".")
    while dot >= 0:
        name, attribute = field[:dot], field[dot + 1 :]
        block = _block(name, blocks)
        if attribute in block:
            return name, block, attribute
        dot = field.find(".", dot + 1)
    return None, blocks, None


def _block(name: str, blocks: Members) -> Members:
    named = blocks.get(name)
    if isinstance(named, dict):
        return named
    for block in blocks.values():
        if isinstance(block, dict) and name in (block.get("Id"), block.get("Device"), block.get("Name")):
            return block
    return {}


def _take(
    out: Gathering,
    field: str,
    driver: str | None,
    block: Members,
    attribute: str,
    body: Members,
    *,
    behind: bool,
) -> None:
    declared = out.context.channel(field)
    known, unit = KNOWN.get(attribute, (None, None))
    size = PARTICLES.fullmatch(attribute)
    if size is not None:
        known = "particle_count"
    elif driver is None and SWITCH.fullmatch(attribute):
        known, unit = "switch", "state"
    if known == "temperature" and driver in CHIPS:
        known = "device_temperature"
    if behind and known == "temperature":
        unit = "degC"  # as the Zigbee specification has it
    quantity = (declared.quantity if declared is not None else None) or known
    like = "temperature" if quantity == "device_temperature" else quantity
    member = UNIT_MEMBERS.get(like or "", "")
    identity = block.get("Id")
    out.add(
        field,
        block[attribute],
        known,
        unit,
        said="1/0.1L" if size else _unit_of(member, block, body),
        # MAX31855 and its kin say here that the thermocouple is open or shorted.
        fault="error" if number(block.get("Error")) else None,
        channel=None if behind else driver or attribute,
        device=f"{out.device}/{driver}" if behind else None,
        size_um=float(size[1]) if size else None,
        channel_id=identity if isinstance(identity, str) and not behind else None,
    )


def _unit_of(member: str, block: Members, body: Members) -> object:
    """Return the unit that the message states, None if it has no place for one."""
    for holder in (block, body):
        if member in holder:
            return "null" if holder[member] is None else holder[member]
    return None


def _battery(block: Members) -> object:
    return next((block[member] for member in BATTERY_MEMBERS if member in block), None)


def _beside(out: Gathering, device: str, block: object) -> None:
    if isinstance(block, dict):
        out.beside("battery", _battery(block), device=device)
        out.beside("battery_voltage", block.get("Voltage"), device=device)
        out.beside("linkquality", block.get("LinkQuality"), device=device)


def device_of(topic: str, full_topic: str | None) -> str:
    """Return the %topic% part; `full_topic` is Tasmota's FullTopic where it was changed."""
    levels = topic.split("/")
    if full_topic is not None:
        pattern = re.escape(full_topic.strip("/")).replace("%prefix%", "[^/]+").replace("%topic%", "(.+)")
        found = re.fullmatch(f"{pattern}/[^/]+", topic)
        if found is not None and found.groups():
            return found[1]
    prefix = next((at for at, level in enumerate(levels) if level in {"tele", "stat"}), None)
    if prefix is None:
        return topic
    after = levels[prefix + 1 : -1]
    return "/".join(after or levels[:prefix])


def recognise(message: Message) -> Sure:
    """Telemetry and status topics with its last levels, and the shape where the topic was changed."""
    topic = message.topic
    last = topic.rpartition("/")[2]
    if last == "LWT" and message.payload in {b"Online", b"Offline"}:
        return Sure.CERTAIN
    if last in {"SENSOR", "STATE"} or last.startswith("STATUS"):
        levels = topic.split("/")
        return Sure.CERTAIN if {"tele", "stat"} & set(levels) else Sure.LIKELY
    return Sure.NO


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    zigbee_contact = point.quantity == "contact" and point.field.endswith(".Contact")
    if point.unit == "state" and not zigbee_contact:
        return f"what {point.field!r} means depends on the wiring; write the unit as 'ON/OFF' or 'OFF/ON'"
    return wrong_with(point)


FAMILY = Family(
    NAME, 1, Evidence.RECORDED, "Tasmota devices and its Zigbee bridge", recognise, stateless(read), check
)
