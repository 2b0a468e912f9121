"""Ruuvi Gateway: raw advertisements of RuuviTags in JSON, one topic per tag.

Data formats 3 and 5 as https://docs.ruuvi.com/communication/bluetooth-advertisements
lays them down. Field: "temperature", "humidity", "pressure".
"""

from __future__ import annotations

import re
import struct
from datetime import timedelta

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.found import Findings
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.strict import strict_object
from hdmonitor.sensors.values import wrong_with

NAME = "ruuvi_gateway"
MAC = r"[0-9A-F]{2}(?::[0-9A-F]{2}){5}"
TOPIC = re.compile(rf".*?({MAC})/({MAC}|gw_status)")
UNITS = {"temperature": "degC", "humidity": "%RH", "pressure": "hPa"}
MANUFACTURER = 0xFF  # type of an advertisement's element
RUUVI = b"\x99\x04"  # company identifier 0x0499
FORMAT_5 = struct.Struct(">hHHhhhH")
FORMAT_3 = struct.Struct(">BBBHhhhH")
NONE_SIGNED, NONE_UNSIGNED, NO_VOLTAGE = -0x8000, 0xFFFF, 0x7FF
SIGN, MAGNITUDE = 0x80, 0x7F
INVALID = "invalid_marker"
# The gateway passes an advertisement on at once; later it was kept and sent again.
KEPT = timedelta(minutes=2)


def read(message: Message, context: Context) -> Answer:
    """Read the frame of one tag, or whether the gateway is there."""
    parts = TOPIC.fullmatch(message.topic.upper().replace("GW_STATUS", "gw_status"))
    body = strict_object(message.payload)
    if isinstance(body, Rejected):
        return body
    if parts is None:
        return Rejected("the topic does not end in <gateway MAC>/<tag MAC>")
    gateway, tag = parts.groups()
    if tag == "gw_status":
        out = Gathering(NAME, message, context, gateway, time=body.get("timestamp"))
        if body.get("status") in ("online", "offline"):
            out.alive(body["status"] == "online", gateway=True)
        return out.findings()
    out = Gathering(NAME, message, context, tag, time=body.get("ts"))
    relayed = out.moment(body.get("gwts"))
    out.backfill = relayed is not None and out.time is not None and relayed - out.time > KEPT
    frame = _frame(body.get("data"))
    if frame is None:
        return Findings()  # a beacon of another maker, with the gateway's filter off
    if isinstance(frame, Rejected):
        return frame
    (_format_5 if frame[0] == 5 else _format_3)(out, frame[1:])  # noqa: PLR2004 - the name of the format
    out.beside("rssi", body.get("rssi"))
    return out.findings()


def _frame(data: object) -> bytes | Rejected | None:
    """Return the frame of format 3 or 5, None if the advertisement has no other or none."""
    try:
        raw = bytes.fromhex(data) if isinstance(data, str) else None
    except ValueError:
        raw = None
    if raw is None:
        return Rejected(f"'data' is not hexadecimal: {data!r:.60}")
    at = 0
    while at + 1 < len(raw):
        length = raw[at]
        element = raw[at + 1 : at + 1 + length]
        if length and element[0] == MANUFACTURER and element[1:3] == RUUVI:
            frame = element[3:]
            needed = {5: FORMAT_5.size, 3: FORMAT_3.size}.get(frame[0] if frame else 0)
            if needed is None:
                return None
            return frame if len(frame) > needed else Rejected("the frame is cut off")
        at += 1 + length
    return None


def _format_5(out: Gathering, frame: bytes) -> None:
    temperature, humidity, pressure, x, y, z, power = FORMAT_5.unpack_from(frame)
    _take(out, "temperature", None if temperature == NONE_SIGNED else temperature * 0.005)
    _take(out, "humidity", None if humidity == NONE_UNSIGNED else humidity * 0.0025)
    _take(out, "pressure", None if pressure == NONE_UNSIGNED else (pressure + 50_000) / 100)
    for axis, raw in zip("xyz", (x, y, z), strict=True):
        out.beside("acceleration", None if raw == NONE_SIGNED else raw / 1000, channel=axis)
    voltage = power >> 5
    out.beside("battery_voltage", None if voltage == NO_VOLTAGE else (1600 + voltage) / 1000)


def _format_3(out: Gathering, frame: bytes) -> None:
    humidity, whole, hundredths, pressure, x, y, z, voltage = FORMAT_3.unpack_from(frame)
    figure = (whole & MAGNITUDE) + hundredths / 100
    _take(out, "temperature", -figure if whole & SIGN else figure)
    _take(out, "humidity", humidity * 0.5)
    _take(out, "pressure", (pressure + 50_000) / 100)
    for axis, raw in zip("xyz", (x, y, z), strict=True):
        out.beside("acceleration", raw / 1000, channel=axis)
    out.beside("battery_voltage", voltage / 1000)


def _take(out: Gathering, quantity: str, value: float | None) -> None:
    figure = None if value is None else round(value, 6)
    out.add(quantity, figure, quantity, said=UNITS[quantity], fault=INVALID if value is None else None)


def recognise(message: Message) -> Sure:
    """Know the two addresses at the end of the topic, and the gateway's members."""
    if b'"gw_mac"' not in message.payload:
        return Sure.NO
    return Sure.CERTAIN if message.topic.startswith("ruuvi/") else Sure.LIKELY


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    if point.field not in UNITS:
        return f"{point.field!r} is not what a RuuviTag measures; write {', '.join(UNITS)}"
    return wrong_with(point, UNITS)


FAMILY = Family(
    NAME, 1, Evidence.DOCUMENTED, "RuuviTags behind a Ruuvi Gateway", recognise, stateless(read), check
)
