"""Where stock may stand: refrigerated antineoplastics in a negative room with 12 air changes (800-R1).

What is not known counts as no.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from hdmonitor.model import Equipment, Placement, Point, Room, Site

STORES = frozenset({"refrigerator", "cold-storage", "freezer", "cabinet"})
ENOUGH = 3  # units; a message names no more
DEDICATED = "antineoplastic"  # goes into units for it, and nothing else does


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a point now."""

    value: float | None  # canonical unit; None when nobody vouches for one
    calm: bool  # inside all its limits, and no alarm about them stands


Ask: TypeAlias = Callable[[str], Known]


def spare_units(site: Site, unit: str | None, ask: Ask) -> tuple[str, ...] | None:
    """Return the first units, by name, that may take the stock of `unit` now; None for what is no store."""
    home = site.equipment.get(unit) if unit else None
    if home is None or home.kind not in STORES:
        return None
    wanted = placements_of(site, home)
    thermometers: defaultdict[str | None, list[Point]] = defaultdict(list)
    inside: defaultdict[str, list[Point]] = defaultdict(list)
    for point in site.points.values():
        inside[point.room].append(point)
        if point.quantity == "temperature":
            thermometers[point.equipment].append(point)
    fitting = (
        each.name
        for each in site.equipment.values()
        if each.id != home.id
        and each.kind == home.kind
        and (DEDICATED in each.contents) is (DEDICATED in home.contents)
        and _is_normal(thermometers[each.id], ask)
        and all(_permits(site, rule, each.room, inside[each.room], ask) for rule in wanted)
    )
    return tuple(islice(fitting, ENOUGH))


def placements_of(site: Site, unit: Equipment) -> list[Placement]:
    """Return the rules about where a unit may stand."""
    return [
        rule for rule in site.placements if unit.kind in rule.kinds and rule.contents & set(unit.contents)
    ]


def _permits(site: Site, rule: Placement, room: str, inside: Sequence[Point], ask: Ask) -> bool:
    """Tell whether the stock of a rule may stand in `room`, with the points inside it, now."""
    if site.rooms[room].role not in rule.roles:
        return False
    gauges = _gauges(inside)
    negative = all(map(_is_negative, gauges, (ask(each.id) for each in gauges)))
    return bool(gauges) and negative and _aired(site.rooms[room], inside, rule.air_changes, ask)


def gauges_of(site: Site, room: str) -> list[Point]:
    """Return the points that judge the pressure of `room` against its neighbours."""
    return _gauges([each for each in site.points.values() if each.room == room])


def _gauges(inside: Sequence[Point]) -> list[Point]:
    return [each for each in inside if each.to is not None and any(rule.thresholds for rule in each.rules)]


def air_of(site: Site, room: str) -> Point | None:
    """Return the point of the air changes of a negative room, if a sensor measures its air."""
    return _air([each for each in site.points.values() if each.room == room])


def _air(inside: Sequence[Point]) -> Point | None:
    return next((each for each in inside if each.quantity == "air_changes"), None)


def _is_normal(thermometers: Sequence[Point], ask: Ask) -> bool:
    inside = [ask(each.id) for each in thermometers]
    return bool(inside) and all(each.calm and each.value is not None for each in inside)


def _is_negative(gauge: Point, known: Known) -> bool:
    return known.value is not None and known.value < -gauge.accuracy


def _aired(room: Room, inside: Sequence[Point], least: float, ask: Ask) -> bool:
    sensor = _air(inside)
    if sensor is not None:
        value = ask(sensor.id).value
        return value is not None and value >= least
    return room.certified is not None and room.certified.hvac >= least
