"""What people pick from when they write up an alarm: causes and actions by its kind, the fate of stock.

The lists save typing at three in the morning; other words are taken as well.
Only what becomes of stock is one of its list: a hold is the default, and
"released" is a pharmacist's word, never the machine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hdmonitor.model import Point

DISPOSITIONS: Mapping[str, str] = {
    "hold": "Stays on hold until a pharmacist decides",
    "moved": "Moved to another unit, on hold",
    "quarantined": "Quarantined",
    "discarded": "Discarded by the waste route",
    "returned": "Returned to the supplier",
    "released": "Released by a pharmacist",
    "none": "No stock or preparation concerned",
}
RELEASED = "released"


@dataclass(frozen=True, slots=True)
class Picks:
    """The lists of one kind of alarm."""

    causes: tuple[str, ...]
    actions: tuple[str, ...]


PICKS: Mapping[str, Picks] = {
    "storage": Picks(
        (
            "door open",
            "power lost",
            "loaded with warm goods",
            "defrost",
            "compressor or fan failed",
            "probe moved or faulty",
            "room too warm",
        ),
        (
            "door shut",
            "stock moved to a permitted unit",
            "stock put on hold",
            "power restored",
            "unit taken out of use",
            "service called",
            "probe replaced",
        ),
    ),
    "pressure": Picks(
        (
            "door held open",
            "supply or exhaust fan failed",
            "filter loaded",
            "damper or balance",
            "planned HVAC work",
            "gauge or tube faulty",
            "weather",
        ),
        (
            "work stopped, hood left on",
            "door shut",
            "HVAC called",
            "room left and closed",
            "preparations put on hold",
            "room decontaminated",
            "gauge replaced",
        ),
    ),
    "hood": Picks(
        (
            "power lost",
            "exhaust fan failed",
            "damper closed",
            "sash or grille blocked",
            "filter loaded",
            "switched off by a person",
            "sensor faulty",
        ),
        (
            "work stopped, hands out",
            "preparations put on hold",
            "certifier called",
            "HVAC called",
            "hood taken out of use",
            "hood decontaminated",
        ),
    ),
    "door": Picks(
        ("held for a delivery", "propped open", "closer failed", "contact faulty"),
        ("door shut", "staff reminded", "closer repaired", "contact replaced"),
    ),
    "room": Picks(
        ("HVAC failed", "HVAC setpoint", "people or equipment", "filter loaded", "sensor faulty"),
        ("HVAC called", "work stopped", "stock put on hold", "room cleaned", "sensor replaced"),
    ),
    "power": Picks(
        ("utility outage", "breaker tripped", "generator test", "UPS battery worn"),
        ("work stopped", "doors kept shut", "generator started", "electrician called", "UPS replaced"),
    ),
    "sensor": Picks(
        ("battery empty", "gateway or network down", "cable or probe faulty", "sensor moved", "clock wrong"),
        ("gauge read by hand", "battery changed", "gateway restarted", "sensor replaced", "clock set"),
    ),
    "monitor": Picks(
        ("network down", "provider down", "disk full", "broker down", "maintenance"),
        ("gauges read by hand", "network restored", "provider called", "disk cleared", "service restarted"),
    ),
}


def kind_of(point: Point | None, rule: str, *, hood: bool = False) -> str:
    """Return which lists an alarm has: of its sensor, of the monitor, or of what the point measures."""
    if point is None or rule == "HDM-SELF":
        return "monitor"
    if rule.startswith("HDM-") and rule not in ("HDM-LATE", "HDM-HAND"):
        return "sensor"
    quantities = {"differential_pressure": "pressure", "contact": "door", "mains": "power", "charge": "power"}
    if point.quantity in quantities:
        return quantities[point.quantity]
    if hood or (point.equipment is not None and point.quantity in ("air_velocity", "airflow", "running")):
        return "hood"
    return "storage" if point.equipment is not None and point.quantity == "temperature" else "room"
