"""ESPHome: one bare value per `…/sensor/<object>/state` or `…/binary_sensor/<object>/state` topic.

Neither unit nor meaning is in the message; both are configured. An SDP3x
sends its differential pressure in hPa. Field: always "value".
"""

from __future__ import annotations

from hdmonitor.model import Decoded, Device, Message, Rejected
from hdmonitor.sensors import plain
from hdmonitor.sensors.plain import check

__all__ = ["check", "decode"]


def decode(message: Message, device: Device) -> Decoded | Rejected:
    """Read the topic's one value; birth, will and log topics have none."""
    if message.topic.endswith(("/status", "/debug")):
        return Decoded()
    return plain.decode(message, device)
