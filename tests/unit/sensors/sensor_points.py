"""Points, devices and messages for the decoders' tests."""

from datetime import UTC, datetime, timedelta

from hdmonitor.model import Device, Message, Point

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def point(family, field, quantity, unit, topic="pharmacy/fridge"):
    return Point(
        id=f"{topic}.{field}",
        name="HD Fridge 2",
        room="hd-storage",
        equipment=None,
        quantity=quantity,
        topic=topic,
        family=family,
        field=field,
        unit=unit,
        every=timedelta(minutes=1),
        valid_for=timedelta(minutes=15),
        rules=(),
    )


def device(family, *fields, topic="pharmacy/fridge", **beside):
    """A device with the points (field, quantity, unit), …"""
    return Device(topic, family, tuple(point(family, *each, topic=topic) for each in fields), **beside)


def message(payload, topic="pharmacy/fridge", received_at=NOON):
    return Message(topic, payload.encode() if isinstance(payload, str) else payload, received_at)
