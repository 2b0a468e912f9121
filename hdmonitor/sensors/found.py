"""What a message says: every reading and every fact beside it, before any point asks for it.

A family reads a whole message into `Findings`. `hdmonitor decode` shows all of
them; the monitor takes those that its points name by `field`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from hdmonitor.units import QUANTITIES

# Quantities that no point can measure, with their canonical unit: they say how
# the sensor is, where it is, or what no rule judges.
BESIDE: Mapping[str, str] = MappingProxyType(
    {
        "acceleration": "g",
        "altitude": "m",
        "battery_low": "bool",
        "battery_voltage": "V",
        "current_loop": "mA",
        "device_temperature": "degC",
        "external_power": "bool",
        "gas_resistance": "ohm",
        "illuminance": "lx",
        "latitude": "deg",
        "linkquality": "lqi",
        "liveness": "state",
        "longitude": "deg",
        "pm1": "ug/m3",
        "pm2_5": "ug/m3",
        "pm10": "ug/m3",
        "rssi": "dBm",
        "shock": "g",
        "snr": "dB",
        "switch": "state",
        "tamper": "bool",
    }
)
WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"liveness": ("offline", "online"), "switch": ("off", "on")}
)

GATEWAY = "gateway"  # scope of a liveness that holds for everything behind the device


class Found(NamedTuple):
    """One thing a message says of one device: a value, or the fault that stands in its place.

    `value` is in the canonical unit of `quantity`; a state or a truth is 1.0 or
    0.0. `time` is the device's own aware UTC time of this value, None where it
    gave none that can be known; whether it is believed is decided elsewhere.
    """

    device: str
    field: str  # what a point's `field`, or a key of the context's `channels`, names
    quantity: str
    value: float | None
    fault: str | None = None
    channel: str | None = None
    time: datetime | None = None
    backfill: bool = False  # stored and sent later: fills gaps, is no sign of life
    stale: bool = False  # the publisher itself says that it is old
    suspect: str | None = None  # why a value is kept and doubted
    size_um: float | None = None
    channel_id: str | None = None  # an address that stays when channels are numbered anew
    scope: str | None = None  # of a liveness: GATEWAY
    sleeping: bool = False  # of a liveness: it is silent by design


@dataclass(frozen=True, slots=True)
class Availability:
    """A topic on which something says that it is there, and with which words."""

    topic: str
    path: str | None = None  # inside its JSON
    online: str = "online"
    offline: str = "offline"


@dataclass(frozen=True, slots=True)
class Learned:
    """What a device announces about one of its topics; `quantity` None takes the announcement back."""

    topic: str
    path: str | None  # dotted path inside its JSON, None for a bare value
    quantity: str | None
    unit: str | None = None  # as a site file would write it
    unique_id: str | None = None
    expire_after_s: float | None = None
    availability: tuple[Availability, ...] = ()


class Findings(NamedTuple):
    """Everything one message says.

    `events` are words for the operator: "undecoded_uplink", "sequence_gap",
    "network_error", "rebirth_needed", "announcement_removed", "device_alert".
    `left_out` says, a sentence each, what looked like a reading and was not
    taken, such as a value whose unit nobody knows.
    """

    found: tuple[Found, ...] = ()
    events: tuple[str, ...] = ()
    learned: tuple[Learned, ...] = ()
    left_out: tuple[str, ...] = ()
    time: datetime | None = None  # of the message as a whole


def canonical_unit(quantity: str) -> str:
    """Return the unit that values of `quantity` have; raises KeyError for an unknown one."""
    return BESIDE[quantity] if quantity in BESIDE else QUANTITIES[quantity].canonical


def said_value(found: Found) -> float | str | bool | None:
    """Return the value as people and `hdmonitor decode` write it: 4.2, "open", "offline", true."""
    words = WORDS.get(found.quantity) or (
        QUANTITIES[found.quantity].words if found.quantity in QUANTITIES else None
    )
    if found.value is None:
        return None
    if words is not None and found.value in {0.0, 1.0}:
        return words[int(found.value)]
    return bool(found.value) if canonical_unit(found.quantity) == "bool" else found.value
