"""Cayenne LPP: runs of channel, type and data; the types are laid down, the meaning of a channel is not.

Field: channel and quantity, "3.temperature". The length of an unknown type is
unknown as well, so a message with one is read up to there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hdmonitor.model import Message, Point, Rejected
from hdmonitor.sensors.context import Context
from hdmonitor.sensors.family import Answer, Evidence, Family, Sure, stateless
from hdmonitor.sensors.gather import Gathering
from hdmonitor.sensors.values import wrong_with

MAX_BYTES = 256  # a LoRaWAN frame has 242
PRINTABLE = range(0x20, 0x7F)
WAYS = frozenset({"up", "uplink", "rx", "data", "raw"})

# By type: bytes of each part, sign, divisor, and (name behind the channel, quantity, unit) of each part.
# Digital and analog channels mean what the site says.
Part = tuple[str, str | None, str | None]
TYPES: Mapping[int, tuple[int, bool, float, tuple[Part, ...]]] = MappingProxyType(
    {
        0x00: (1, False, 1, (("digital_in", None, None),)),
        0x01: (1, False, 1, (("digital_out", None, None),)),
        0x02: (2, True, 100, (("analog_in", None, None),)),
        0x03: (2, True, 100, (("analog_out", None, None),)),
        0x65: (2, False, 1, (("illuminance", "illuminance", "lx"),)),
        0x66: (1, False, 1, (("presence", None, None),)),
        0x67: (2, True, 10, (("temperature", "temperature", "degC"),)),
        0x68: (1, False, 2, (("humidity", "humidity", "%RH"),)),
        0x71: (2, True, 1000, tuple((axis, "acceleration", "g") for axis in "xyz")),
        0x73: (2, False, 10, (("pressure", "pressure", "hPa"),)),
        0x86: (2, True, 100, tuple((axis, None, None) for axis in "xyz")),
        0x88: (3, True, 10_000, (("latitude", "latitude", "deg"), ("longitude", "longitude", "deg"))),
    }
)
ALTITUDE = 3  # bytes behind latitude and longitude, in centimetres


def read(message: Message, context: Context) -> Answer:
    """Read every channel up to the first type that is not known."""
    payload = message.payload
    if len(payload) > MAX_BYTES:
        return Rejected(f"the payload has {len(payload)} bytes; at most {MAX_BYTES} are read")
    found = Gathering("cayennelpp", message, context, _device(message.topic))
    at = 0
    while at < len(payload):
        size = _size(payload, at)
        if size is None:
            found.left_out.append(
                f"byte {at}: a type that is not known or that is cut off; the rest is not read"
            )
            break
        _channel(found, payload[at : at + size])
        at += size
    return found.findings("an empty message")


def _size(payload: bytes, at: int) -> int | None:
    kind = TYPES.get(payload[at + 1]) if at + 1 < len(payload) else None
    if kind is None:
        return None
    size = 2 + kind[0] * len(kind[3]) + (ALTITUDE if payload[at + 1] == 0x88 else 0)  # noqa: PLR2004  # position
    return size if at + size <= len(payload) else None


def _channel(found: Gathering, entry: bytes) -> None:
    channel, (width, signed, divisor, parts) = entry[0], TYPES[entry[1]]
    for index, (name, quantity, unit) in enumerate(parts):
        start = 2 + index * width
        figure = int.from_bytes(entry[start : start + width], "big", signed=signed) / divisor
        where = f"{channel}.{name}" if len(name) == 1 else str(channel)
        found.add(f"{channel}.{name}", figure, quantity, unit, channel=where)
    if parts[0][0] == "latitude":
        metres = int.from_bytes(entry[-ALTITUDE:], "big", signed=True) / 100
        found.add(f"{channel}.altitude", metres, "altitude", "m", channel=str(channel))


def _device(topic: str) -> str:
    parts = [part for part in topic.split("/") if part and part.casefold() not in WAYS]
    return parts[-1] if parts else topic


def recognise(message: Message) -> Sure:
    """Tell bytes that are channels and types from the first to the last, and no text."""
    payload = message.payload
    if not payload or len(payload) > MAX_BYTES or all(byte in PRINTABLE for byte in payload):
        return Sure.NO
    at = 0
    while at < len(payload):
        size = _size(payload, at)
        if size is None:
            return Sure.NO
        at += size
    return Sure.LIKELY if "lpp" in message.topic.casefold() else Sure.SHAPE


def check(point: Point) -> str | None:
    """Say what is wrong with a point of this family, or None."""
    return wrong_with(point)


FAMILY = Family(
    "cayennelpp",
    3,
    Evidence.DOCUMENTED,
    "Cayenne LPP frames, such as those of home-made LoRaWAN nodes",
    recognise,
    stateless(read),
    check,
)
