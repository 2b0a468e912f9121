"""Rooms side by side: which pairs are judged, by which rule, and what is added up where no gauge is.

The designated person marks in `adjacencies` which pairs are enforced. A pair
that no gauge measures is the sum of the pairs along the shortest way of
gauges between its rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import inf
from typing import Protocol

from hdmonitor.catalogue import Catalogue, RuleEntry, Spot
from hdmonitor.model import Adjacency, Leg, Level, Point, Room, Rule, Side, Threshold
from hdmonitor.rules.bands import Band, conflicts
from hdmonitor.site_file import AdjacencyKeys, SiteFile
from hdmonitor.site_limits import guarded, rule_at_point
from hdmonitor.units import QUANTITIES, show_limit, unit_named
from hdmonitor.yaml_source import Where

PRESSURE = "differential_pressure"
INTERVALS = 3  # a reading vouches for three expected intervals


class Complain(Protocol):
    """Notes a problem with what stands at a place of the file."""

    def __call__(self, where: Where, text: str, *, at_key: bool = False, warning: bool = False) -> None:
        """Note it."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of rooms of a site file, and what is judged at them."""

    file: SiteFile
    rooms: Mapping[str, Room]
    catalogue: Catalogue
    complain: Complain
    known: Callable[..., bool]
    marked: dict[frozenset[str], tuple[int, AdjacencyKeys]] = field(default_factory=dict)

    # --- what the file says -------------------------------------------------

    def adjacencies(self) -> tuple[Adjacency, ...]:
        """Return the pairs of the file, without those that cannot be."""
        found: list[Adjacency] = []
        for index, keys in enumerate(self.file.adjacencies):
            where: Where = ("adjacencies", index)
            named = [
                self.known((*where, "rooms", number), room, "rooms") for number, room in enumerate(keys.rooms)
            ]
            if not all(named):
                continue
            one, other = keys.rooms
            pair = frozenset(keys.rooms)
            if one == other:
                self.complain((*where, "rooms", 1), f"{one!r} is next to itself; name the room beside it")
            elif pair in self.marked:
                self.complain(
                    (*where, "rooms"), f"the pair {one!r} and {other!r} stands there twice; keep one"
                )
            else:
                self.marked[pair] = index, keys
                if keys.enforced and self._entry(one, other) is None:
                    text = f"no rule says which of {one!r} and {other!r} is higher"
                    self.complain((*where, "rooms"), f"{text}; correct the roles, or mark it enforced: false")
                    continue
                found.append(Adjacency((one, other), keys.through, keys.enforced, self._door(where, keys)))
        return tuple(found)

    def _door(self, where: Where, keys: AdjacencyKeys) -> str | None:
        """Return the contact of the door of a pair, if the file names one that can be it."""
        where = (*where, "door")
        if keys.door is None or not self.known(where, keys.door, "points"):
            return None
        point = self.file.points[keys.door]
        other = [one.door for _, one in self.marked.values() if one is not keys]
        if keys.through != "door":
            text = f"a contact tells of a door, and this pair has a {keys.through} between"
            self.complain(where, f"{text}; write through: door, or delete it")
        elif point.measures != "contact":
            self.complain(
                where, f"{keys.door!r} measures {point.measures}; name a point that measures contact"
            )
        elif point.at not in keys.rooms:
            self.complain(where, f"{keys.door!r} is at {point.at!r}, which is neither of the two rooms")
        elif keys.door in other:
            self.complain(where, f"{keys.door!r} is the door of another pair already; a door has one contact")
        else:
            return keys.door
        return None

    def is_enforced(self, room: str, to: str) -> bool:
        """Tell whether a gauge between two rooms is judged; one that nobody marked is."""
        _, keys = self.marked.get(frozenset((room, to)), (0, None))
        return keys is None or keys.enforced

    def _entry(self, room: str, to: str) -> tuple[str, str, RuleEntry] | None:
        """Return the rule of a pair with the rooms in its order: as written, else the other way round."""
        for one, other in ((room, to), (to, room)):
            spot = Spot(PRESSURE, role=self.rooms[one].role, to=self.rooms[other].role)
            if len(entries := self.catalogue.rules_for(spot)) == 1:
                return one, other, entries[0]
        return None

    # --- pairs that no gauge measures ---------------------------------------

    def sums(self, points: Mapping[str, Point]) -> dict[str, Point]:
        """Return the points of enforced pairs that gauges between other rooms add up to."""
        gauges = _gauges(points)
        found: dict[str, Point] = {}
        for pair, (index, keys) in self.marked.items():
            if not keys.enforced or pair in gauges or len(pair) == 1:
                continue
            if (entry := self._entry(*keys.rooms)) is None:
                continue
            room, to, rule = entry
            legs = _way(room, to, gauges)
            where: Where = ("adjacencies", index)
            if not legs:
                text = f"nothing watches {self._named(room, to)} ({rule.id}): no gauge measures it"
                advice = "and no gauges between other rooms add up to it; add one"
                self.complain((*where, "rooms"), f"{text}, {advice}", warning=True)
                continue
            point = self._sum(room, to, rule, [(points[leg.point], leg) for leg in legs])
            if point.id in self.file.points:
                self.complain(
                    ("points", point.id), f"{point.id!r} is the name of a sum; choose another", at_key=True
                )
            found[point.id] = point
        return found

    def _sum(self, room: str, to: str, entry: RuleEntry, legs: list[tuple[Point, Leg]]) -> Point:
        accuracy = sum(gauge.accuracy for gauge, _ in legs)
        rule = rule_at_point(entry, PRESSURE, lambda *_: None, accuracy=accuracy)
        every = max(gauge.every for gauge, _ in legs)
        return Point(
            id=f"{room}.pressure-to-{to}",
            name=f"{self.rooms[room].name} to {self.rooms[to].name}",
            room=room,
            equipment=None,
            quantity=PRESSURE,
            topic="",
            family="sum",
            field="",
            unit=QUANTITIES[PRESSURE].canonical,
            every=every,
            valid_for=max(INTERVALS * every, entry.patience),
            rules=(rule,),
            guards=guarded(rule),
            response=rule.response,
            to=to,
            accuracy=accuracy,
            legs=tuple(leg for _, leg in legs),
        )

    def _named(self, room: str, to: str) -> str:
        return f"{self.rooms[room].name} to {self.rooms[to].name}"

    # --- pairs that contradict each other -----------------------------------

    def contradictions(self, points: Mapping[str, Point]) -> None:
        """Warn of pairs that no pressures satisfy together, or one set of them only."""
        judged = list(self._judged(points))
        bands = [_band(room, to, rule) for room, to, rule, _ in judged]
        for conflict in conflicts(bands):
            pairs = [judged[index] for index in conflict.bands]
            listed = ", ".join(f"{self._named(room, to)} {_need(rule)}" for room, to, rule, _ in pairs)
            why = (
                "only one exact set of pressures satisfies these pairs, so that some alarm will stand"
                if conflict.possible
                else "no pressures satisfy these pairs together"
            )
            what = "the designated person decides which pair is enforced"
            self.complain(pairs[-1][3], f"{why}: {listed}; {what}", warning=True)

    def _judged(self, points: Mapping[str, Point]) -> Iterator[tuple[str, str, Rule, Where]]:
        """Yield the pairs with their rules and places, measured ones first."""
        seen: set[frozenset[str]] = set()
        for point in points.values():
            if point.to is not None and not point.legs and _limits(point.rules[0]):
                seen.add(frozenset((point.room, point.to)))
                yield point.room, point.to, point.rules[0], ("points", point.id, "to")
        for pair, (index, keys) in self.marked.items():
            if keys.enforced and pair not in seen and (entry := self._entry(*keys.rooms)):
                room, to, rule = entry
                at_pair = points.get(f"{room}.pressure-to-{to}")
                applied = at_pair.rules[0] if at_pair else rule_at_point(rule, PRESSURE, lambda *_: None)
                yield room, to, applied, ("adjacencies", index, "rooms")


def without_limits(rule: Rule) -> Rule:
    """Return the rule of a point that is only recorded, shown and added up."""
    return replace(rule, thresholds=())


def _gauges(points: Mapping[str, Point]) -> dict[frozenset[str], Point]:
    """Return the gauge of each measured pair; of several, the first."""
    found: dict[frozenset[str], Point] = {}
    for point in points.values():
        if point.to is not None:
            found.setdefault(frozenset((point.room, point.to)), point)
    return found


def _way(room: str, to: str, gauges: Mapping[frozenset[str], Point]) -> tuple[Leg, ...]:
    """Return the shortest way of gauges from `room` to `to`, in the order of the file where several are."""
    ways: dict[str, tuple[Leg, ...]] = {room: ()}
    reached = [room]
    for here in reached:
        for gauge in gauges.values():
            assert gauge.to is not None  # noqa: S101  # only gauges of pairs are there
            for start, end, sign in ((gauge.room, gauge.to, 1), (gauge.to, gauge.room, -1)):
                if start == here and end not in ways:
                    ways[end] = (*ways[here], Leg(gauge.id, sign))
                    reached.append(end)
    return ways.get(to, ())


def _limits(rule: Rule) -> list[Threshold]:
    return [limit for limit in rule.thresholds if limit.level > Level.WARNING]


def _band(room: str, to: str, rule: Rule) -> Band:
    """Return the band in which no alarm stands."""
    lows = [(each.limit, not each.limit_is_inside) for each in _limits(rule) if each.side is Side.LOW]
    highs = [(each.limit, not each.limit_is_inside) for each in _limits(rule) if each.side is Side.HIGH]
    low, low_exclusive = max(lows, default=(-inf, False))
    high, high_exclusive = min(highs, key=lambda each: (each[0], not each[1]), default=(inf, False))
    return Band(room, to, low, high, low_exclusive, high_exclusive)


def _need(rule: Rule) -> str:
    """Write a band as people know it: "-0.010 to -0.030 inH2O (800-P1)"."""
    unit = unit_named(rule.unit, PRESSURE).name

    def figure(limit: float) -> str:
        return show_limit(limit, PRESSURE, unit)

    band = _band("", "", rule)
    if band.low == -inf:
        text = f"{'below' if band.high_exclusive else 'at most'} {figure(band.high)}"
    elif band.high == inf:
        text = f"{'above' if band.low_exclusive else 'at least'} {figure(band.low)}"
    else:
        text = f"{figure(band.low)} to {figure(band.high)}"
    return f"{text} {unit} ({rule.id})"
