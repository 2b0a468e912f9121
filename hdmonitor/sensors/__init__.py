"""What the sensors of each payload family say, decoded without ever raising.

`read` gives everything a message says, `decode` the values, faults, device
time and battery that the points of a topic asked for, or the reason why there
are none. `check_point` and `check_device` find at start what could never be
decoded.
"""

from __future__ import annotations

from difflib import get_close_matches
from zoneinfo import ZoneInfo

from hdmonitor.model import Decoded, Device, Message, Point, Rejected
from hdmonitor.sensors import mapped, sparkplug
from hdmonitor.sensors.context import ContextError, context_of
from hdmonitor.sensors.families import (
    ALIASES,
    FAMILIES,
    GROUPS,
    Session,
    family_named,
    is_family,
    read,
    recognise,
)
from hdmonitor.sensors.points import DeviceReader, readers_for

__all__ = [
    "ALIASES",
    "FAMILIES",
    "GROUPS",
    "DeviceReader",
    "Session",
    "also_subscribed",
    "check_device",
    "check_point",
    "decode",
    "family_named",
    "is_family",
    "read",
    "readers_for",
    "recognise",
]


def decode(message: Message, device: Device) -> Decoded | Rejected:
    """Return what `message` says about the points of `device` (checked before), or why nothing.

    Values are in canonical units, before the sign and offset of their point.
    A configured field that is absent is left out: partial messages are normal.
    """
    return DeviceReader(device).decode(message)[0]


def also_subscribed(topic: str, family: str) -> tuple[str, ...]:
    """Return the topics that have to be heard with `topic`, for a family whose sessions have several."""
    return sparkplug.also(topic) if family == sparkplug.FAMILY.name else ()


def check_point(point: Point) -> str | None:
    """Say in a sentence what is wrong with family, quantity, field or unit; None if nothing is."""
    if not is_family(point.family):
        return _unknown(point.family)
    return family_named(point.family).check(point)


def check_device(device: Device) -> str | None:
    """Say what is wrong with what a device has beside its points; None if nothing is."""
    if not is_family(device.family):
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
    if wrong := _contradiction(device):
        return wrong
    try:
        context_of(device.declared)
    except ContextError as error:
        return str(error)
    return mapped.wrong_with_expression(device.time) or mapped.wrong_with_expression(device.battery)


def _contradiction(device: Device) -> str | None:
    """Say where one field is two things in the messages of one topic."""
    said: dict[str, Point] = {}
    for point in device.points:
        first = said.setdefault(point.field, point)
        if (first.quantity, first.unit) != (point.quantity, point.unit):
            return (
                f"the field {point.field!r} is {first.quantity} in {first.unit} for {first.id!r} and "
                f"{point.quantity} in {point.unit} for {point.id!r}; one topic has one meaning"
            )
    return None


def _unknown(family: str) -> str:
    near = get_close_matches(family, (*FAMILIES, *ALIASES), n=1)
    meant = f"did you mean {near[0]!r}? " if near else ""
    return f"{family!r} is not a payload family; {meant}'hdmonitor families' lists all"
