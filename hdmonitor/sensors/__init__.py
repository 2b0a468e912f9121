"""What the sensors of each payload family say, decoded without ever raising.

`decode` gives the values, faults, device time and battery of a message, or
the reason why it gives nothing. `check_point` and `check_device` find at start
what could never be decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hdmonitor.model import Decoded, Device, Message, Point, Rejected
from hdmonitor.sensors import esphome, mapped, plain, tasmota, zigbee2mqtt


@dataclass(frozen=True, slots=True)
class Family:
    """How one kind of payload is decoded, and how its points are checked."""

    decode: Callable[[Message, Device], Decoded | Rejected]
    check: Callable[[Point], str | None]


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "zigbee2mqtt": Family(zigbee2mqtt.decode, zigbee2mqtt.check),
        "tasmota": Family(tasmota.decode, tasmota.check),
        "esphome": Family(esphome.decode, esphome.check),
        "plain": Family(plain.decode, plain.check),
        "mapped": Family(mapped.decode, mapped.check),
    }
)


def decode(message: Message, device: Device) -> Decoded | Rejected:
    """Return what `message` says about the points of `device` (checked before), or why nothing.

    Values are in canonical units, before the sign and offset of their point.
    A configured field that is absent is left out: partial messages are normal.
    """
    return FAMILIES[device.family].decode(message, device)


def check_point(point: Point) -> str | None:
    """Say in a sentence what is wrong with family, quantity, field or unit; None if nothing is."""
    if point.family not in FAMILIES:
        return _unknown(point.family)
    return FAMILIES[point.family].check(point)


def check_device(device: Device) -> str | None:
    """Say what is wrong with what a device has beside its points; None if nothing is."""
    if device.family not in FAMILIES:
        return _unknown(device.family)
    if device.family != "mapped" and (device.time or device.battery):
        return (
            f"{device.family} messages are known; leave out time and battery (they are for family 'mapped')"
        )
    try:
        if device.zone is not None:
            ZoneInfo(device.zone)
    except (ValueError, OSError, KeyError):
        return f"{device.zone!r} is not a time zone; write an IANA name such as 'America/New_York'"
    return mapped.wrong_with_expression(device.time) or mapped.wrong_with_expression(device.battery)


def _unknown(family: str) -> str:
    return f"{family!r} is not a payload family; known are {', '.join(FAMILIES)}"
