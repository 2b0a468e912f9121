"""Tasmota: JSON nested by driver, from `tele/…/SENSOR`, `stat/…/STATUS8` and Zigbee bridges.

Field: driver and attribute, "BME280.Temperature". A numbered driver is better
named by its address ("00000566CC39.Temperature"), since the numbers follow the
order on the bus and change when a probe is added; a Zigbee device by address
or name. Attributes that stand alone ("Switch1") are named alone.
"""

from __future__ import annotations

from hdmonitor.model import Decoded, Device, Message, Point, Rejected, Value
from hdmonitor.sensors.strict import number, strict_json, strict_text
from hdmonitor.sensors.times import device_time
from hdmonitor.sensors.values import nothing_of, percentage, read, said, wrong_with

BRIDGES = ("ZbReceived", "LwReceived")  # one message for one of many devices
UNIT_MEMBERS = {"temperature": "TempUnit", "pressure": "PressureUnit"}
BATTERY_MEMBERS = ("BatteryPercentage", "Battery")

Members = dict[str, object]


def decode(message: Message, device: Device) -> Decoded | Rejected:
    """Read the configured attributes; the units a message states win over the configured ones."""
    if message.topic.endswith(("/LWT", "/STATE")) or strict_text(message.payload) == "":
        return Decoded()
    body = strict_json(message.payload)
    if isinstance(body, Rejected):
        return body
    if not isinstance(body, dict):
        return Rejected("is not a JSON object")
    if "ZbInfo" in body:
        return Decoded()  # repeats what was heard before, possibly days ago
    body = _inner(body, "StatusSNS")
    bridge = next((name for name in BRIDGES if name in body), None)
    blocks = _inner(body, bridge) if bridge else body
    found: list[tuple[Point, Value | Rejected]] = []
    battery = None
    for point in device.points:
        block, attribute = _find(point.field, blocks)
        if attribute is not None:
            found.append((point, _read(point, block, attribute, body)))
            battery = _battery(block) if battery is None else battery
    if not found:
        return Decoded() if bridge else nothing_of(device.points, body)
    return said(found, device_time(body.get("Time"), device.zone, message.received_at), battery)


def _inner(body: Members, name: str) -> Members:
    inner = body.get(name)
    return inner if isinstance(inner, dict) else body


def _find(field: str, blocks: Members) -> tuple[Members, str | None]:
    """Return the block and attribute that `field` names; names and attributes may hold dots."""
    if field in blocks:
        return blocks, field
    dot = field.find(".")
    while dot >= 0:
        block, attribute = _block(field[:dot], blocks), field[dot + 1 :]
        if attribute in block:
            return block, attribute
        dot = field.find(".", dot + 1)
    return blocks, None


def _block(name: str, blocks: Members) -> Members:
    named = blocks.get(name)
    if isinstance(named, dict):
        return named
    for block in blocks.values():
        if isinstance(block, dict) and name in (block.get("Id"), block.get("Device"), block.get("Name")):
            return block
    return {}


def _read(point: Point, block: Members, attribute: str, body: Members) -> Value | Rejected:
    # MAX31855 and its kin say here that the thermocouple is open or shorted.
    if number(block.get("Error")):
        return Value(point.field, point.quantity, None, "error")
    member = UNIT_MEMBERS.get(point.quantity, "")
    return read(point, block[attribute], block.get(member, body.get(member, point.unit)))


def _battery(block: Members) -> float | None:
    return next((percentage(block[member]) for member in BATTERY_MEMBERS if member in block), None)


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    zigbee_contact = point.quantity == "contact" and point.field.endswith(".Contact")
    if point.unit == "state" and not zigbee_contact:
        return f"what {point.field!r} means depends on the wiring; write the unit as 'ON/OFF' or 'OFF/ON'"
    return wrong_with(point)
