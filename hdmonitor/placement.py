"""Where stock may stand: refrigerated antineoplastics in a negative room with 12 air changes (800-R1).

What is not known counts as no.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Spare:
    """A unit that may take stock if what is measured of it and its room says so now."""

    unit: Equipment
    thermometers: tuple[Point, ...]
    gauges: tuple[Point, ...]
    airs: tuple[tuple[Point, float], ...]  # air changes, with the least that is asked for


class Spares:
    """The units of a site to which stock can be moved; what does not change is looked at once."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._found: dict[tuple[str, frozenset[str]], tuple[Spare, ...]] = {}
        thermometers: defaultdict[str | None, list[Point]] = defaultdict(list)
        inside: defaultdict[str, list[Point]] = defaultdict(list)
        for point in site.points.values():
            inside[point.room].append(point)
            if point.quantity == "temperature":
                thermometers[point.equipment].append(point)
        for home in site.equipment.values():
            if home.kind in STORES and _stock(home) not in self._found:
                self._found[_stock(home)] = tuple(self._possible(home, thermometers, inside))

    def of(self, unit: str | None, ask: Ask) -> tuple[str, ...] | None:
        """Return the first units, by name, for the stock of `unit` now; None for what is no store."""
        home = self._site.equipment.get(unit) if unit else None
        if home is None or home.kind not in STORES:
            return None
        fitting = (
            each.unit.name
            for each in self._found[_stock(home)]
            if each.unit.id != home.id and _fits(each, ask)
        )
        return tuple(islice(fitting, ENOUGH))

    def _possible(
        self,
        home: Equipment,
        thermometers: Mapping[str | None, Sequence[Point]],
        inside: Mapping[str, Sequence[Point]],
    ) -> Iterator[Spare]:
        """Yield what could take stock such as that of `home`, which is itself among it."""
        wanted = placements_of(self._site, home)
        for unit in self._site.equipment.values():
            alike = unit.kind == home.kind and (DEDICATED in unit.contents) is (DEDICATED in home.contents)
            room, points = self._site.rooms.get(unit.room), inside.get(unit.room, ())
            if not alike or unit.id not in thermometers:
                continue
            if wanted and (room is None or not all(_may_permit(rule, room, points) for rule in wanted)):
                continue
            sensor = _air(points)
            airs = [(sensor, rule.air_changes) for rule in wanted] if sensor is not None else []
            gauges = _gauges(points) if wanted else []
            yield Spare(unit, tuple(thermometers[unit.id]), tuple(gauges), tuple(airs))


def _stock(unit: Equipment) -> tuple[str, frozenset[str]]:
    """Return what is alike in units whose stock may go to the same places."""
    return unit.kind, frozenset(unit.contents)


def _may_permit(rule: Placement, room: Room, inside: Sequence[Point]) -> bool:
    """Tell whether the stock of a rule may stand in `room` at all, with the points inside it."""
    measured = _air(inside) is not None
    aired = measured or (room.certified is not None and room.certified.hvac >= rule.air_changes)
    return room.role in rule.roles and bool(_gauges(inside)) and aired


def _fits(spare: Spare, ask: Ask) -> bool:
    """Tell whether what is measured speaks for a unit now."""
    return (
        _is_normal(spare.thermometers, ask)
        and all(_is_negative(gauge, ask(gauge.id)) for gauge in spare.gauges)
        and all(
            (value := ask(sensor.id).value) is not None and value >= least for sensor, least in spare.airs
        )
    )


def placements_of(site: Site, unit: Equipment) -> list[Placement]:
    """Return the rules about where a unit may stand."""
    return [
        rule for rule in site.placements if unit.kind in rule.kinds and rule.contents & set(unit.contents)
    ]


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
