"""The points of a site file: what each measures, by which rules it is judged, how its value is corrected."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, TypeVar, cast

from hdmonitor.catalogue import RuleEntry, Spot
from hdmonitor.model import Defrost, Equipment, Exposure, Point, Priority, Response, Room
from hdmonitor.rulebook import Judged, Rulebook, contradiction
from hdmonitor.sensors import check_point
from hdmonitor.site_air import Air
from hdmonitor.site_defrost import declared
from hdmonitor.site_devices import check_topic
from hdmonitor.site_exposures import exposures_at
from hdmonitor.site_file import PointKeys, SiteFile
from hdmonitor.site_limits import Certified, certified_at, guarded, needs_certified, rule_at_point
from hdmonitor.site_rooms import INTERVALS, Complain, Pairs, without_limits
from hdmonitor.units import UnitError, parse_difference
from hdmonitor.yaml_source import Where

Shared = TypeVar("Shared")
# Nobody reads a thermometer at the same minute every day.
BY_DAY = timedelta(hours=26)
# practice rule 12 for temperature and pressure; docs/decisions/0003-caps.md for humidity
ACCURACY, COARSEST = "0.005 inH2O", "0.010 inH2O"  # of gauges: where none is stated, and at most
LARGEST_OFFSET = {"temperature": "1 degC", "differential_pressure": "0.003 inH2O", "humidity": "3 %RH"}


@dataclass(frozen=True, slots=True)
class Points:
    """Draws the points of a site file; `judged` has the rules of each, as they apply to it."""

    file: SiteFile
    book: Rulebook
    rooms: Mapping[str, Room]
    equipment: Mapping[str, Equipment]
    pairs: Pairs
    air: Air
    complain: Complain
    known: Callable[..., bool]
    judged: dict[str, list[Judged]] = field(default_factory=dict)
    same: dict[Any, Any] = field(default_factory=dict)  # what many points have, each once

    def _one(self, value: Shared) -> Shared:
        """Return the first value that equals this one, so that a large site holds it once."""
        return cast("Shared", self.same.setdefault(value, value))

    def point(self, id_: str, keys: PointKeys) -> Point | None:
        """Return a point, None where it cannot be judged."""
        where: Where = ("points", id_)
        places: dict[str, Room | Equipment] = {**self.rooms, **self.equipment}
        if not self.known((*where, "at"), keys.at, "rooms", "equipment"):
            return None
        check_topic((*where, "topic"), keys.topic, self.complain)
        if keys.gateway is not None:
            self.known((*where, "gateway"), keys.gateway, "gateways")
        in_sum = keys.measures == "airflow" and keys.at in self.rooms
        flow = self.air.flow_rule(id_, keys.at, keys.of) if in_sum else None
        entry = flow[1] if flow else None if in_sum else self._entry(id_, keys)
        if entry is None:
            return None
        accuracy = self._accuracy(id_, keys)
        judged = [Judged(entry, flow[0])] if flow else self._judged(id_, keys, entry, accuracy)
        if not judged:
            return None
        self.judged[id_] = judged
        rules = self._one(tuple(each.rule for each in judged if each.rule))
        if clash := contradiction(rules):
            where_ = ("equipment", keys.at, "contents") if keys.at in self.equipment else where
            text = f"{' and '.join(clash)} leave nothing inside at {id_!r}; keep such goods elsewhere"
            self.complain(where_, text)
        to = keys.to if keys.measures == "differential_pressure" else None
        if to is not None and not self.pairs.is_enforced(keys.at, to):
            rules = tuple(map(without_limits, rules))
        equipment = self.equipment.get(keys.at)
        place = places[keys.at]
        by_day = self.file.site.monitoring == "daily" and _may_be_daily(entry, equipment)
        valid_for = max(INTERVALS * keys.every, entry.patience)
        point = Point(
            id=id_,
            name=keys.name or (f"{place.name} door" if keys.measures == "contact" else place.name),
            room=equipment.room if equipment else keys.at,
            equipment=equipment.id if equipment else None,
            quantity=keys.measures,
            topic=keys.topic,
            family=keys.family,
            field=keys.field,
            unit=keys.unit,
            every=self._one(keys.every),
            valid_for=self._one(min(valid_for, BY_DAY) if by_day else valid_for),
            rules=rules,
            sign=self._sign(id_, keys),
            offset=self._offset(id_, keys),
            probe=keys.probe,
            replay_as=keys.replay_as,
            device=keys.device,
            guards=max((guarded(rule) for rule in rules), default=Priority.LOW),
            response=Response(entry.response),
            silent_after=BY_DAY if by_day else None,
            only_while=self._gate(id_, keys, entry),
            to=to,
            accuracy=accuracy,
            exposures=self._one(self._exposures(id_, keys)),
            off=tuple(each.off for each in judged if each.off),
            twin=self._twin(id_, keys),
            defrost=self._defrost(id_, keys),
        )
        if wrong := check_point(point):
            given = {"family": keys.family, "unit": keys.unit, "field": keys.field}
            named = next((key for key, value in given.items() if repr(value) in wrong), "field")
            self.complain((*where, named), wrong)
        return point

    def _judged(self, id_: str, keys: PointKeys, entry: RuleEntry, accuracy: float) -> list[Judged]:
        """Return the rule of the place and those beside it, as they apply to a point."""
        found: list[Judged] = []
        for each in (entry, *self.book.catalogue.beside(self._spot(keys))):
            certified = self._certified(id_, keys) if needs_certified(each) else None
            if certified is None and needs_certified(each):
                return []
            rule = rule_at_point(
                each,
                keys.measures,
                lambda inside, text: self.complain(("points", id_, *inside), text),
                probe=keys.probe,
                certified=certified,
                accuracy=accuracy or None,
                limits=keys.limits if each is entry else None,
            )
            off = self.book.off(each, id_)
            found.append(Judged(each, without_limits(rule) if off else rule, off))
        if keys.accuracy is not None and accuracy and not any(each.gauge for each in entry.thresholds):
            text = f"{entry.id} gives figures, so that the accuracy of the gauge decides nothing; delete it"
            self.complain(("points", id_, "accuracy"), text)
        return found

    def sums(self, sums: Mapping[str, Point]) -> dict[str, Point]:
        """Return derived points with the rules of the site, and without those it has switched off."""
        found: dict[str, Point] = {}
        for id_, point in sums.items():
            (rule,) = point.rules
            entries = self.book.catalogue.rules
            entry = next(each for each in entries if (each.id, each.what) == (rule.id, rule.what))
            off = self.book.off(entry, id_)
            judged = self.judged[id_] = [Judged(entry, without_limits(rule) if off else rule, off)]
            spot = Spot(
                point.quantity,
                role=self.rooms[point.room].role,
                to=self.rooms[point.to].role if point.to else None,
            )
            for each in self.book.catalogue.beside(spot):
                beside = rule_at_point(each, point.quantity, lambda *_: None, accuracy=point.accuracy)
                off = self.book.off(each, id_)
                judged.append(Judged(each, without_limits(beside) if off else beside, off))
            rules = self._one(tuple(each.rule for each in judged if each.rule))
            found[id_] = replace(point, rules=rules, off=tuple(each.off for each in judged if each.off))
        return found

    def _exposures(self, id_: str, keys: PointKeys) -> tuple[Exposure, ...]:
        """Return what is added up at a point, without what the site has switched off."""
        spot = self._spot(keys)
        found: list[Exposure] = []
        for entry, exposure in zip(
            self.book.catalogue.exposures_for(spot), exposures_at(self.book.catalogue, spot), strict=True
        ):
            off = self.book.off(entry, id_)
            rule = without_limits(exposure.rule) if off else exposure.rule
            self.judged[id_].append(Judged(entry, rule, off))
            if off is None:
                found.append(exposure)
        return tuple(found)

    def _gate(self, id_: str, keys: PointKeys, entry: RuleEntry) -> str | None:
        """Return the point that says when this one is judged."""
        if not entry.only_while:
            return None
        beside = (
            other
            for other, its in self.file.points.items()
            if its.at == keys.at and its.measures == entry.only_while
        )
        gate = next(beside, None)
        if gate is None:
            text = f"is judged only while {entry.only_while}; add a point that measures it at {keys.at!r}"
            self.complain(("points", id_), text)
        return gate

    def _spot(self, keys: PointKeys) -> Spot:
        equipment, room = self.equipment.get(keys.at), self.rooms.get(keys.at)
        reference = self.rooms.get(keys.to) if keys.to else None
        return Spot(
            quantity=keys.measures,
            kind=equipment.kind if equipment else None,
            role=room.role if room else None,
            to=reference.role if reference else None,
            of=keys.of,
            contents=equipment.contents if equipment else (),
        )

    def _entry(self, id_: str, keys: PointKeys) -> RuleEntry | None:
        where: Where = ("points", id_)
        if keys.measures == "differential_pressure":
            if keys.to is None:
                self.complain(where, "a differential_pressure needs 'to', the id of the reference room")
                return None
            if not self.known((*where, "to"), keys.to, "rooms"):
                return None
            if keys.to == keys.at:
                self.complain((*where, "to"), f"{keys.to!r} is measured against itself; name the other room")
                return None
        spot = self._spot(keys)
        found = self.book.catalogue.rules_for(spot)
        if len(found) == 1:
            return found[0]
        if found:
            names = " and ".join(entry.title for entry in found)
            self.complain(
                ("equipment", keys.at, "contents"), f"asks for {names} at once; keep goods of one kind there"
            )
        else:
            self.complain((*where, "measures"), self.book.catalogue.why_none(spot))
        return None

    def _twin(self, id_: str, keys: PointKeys) -> str | None:
        """Return the point that measures the same; complain about one that cannot."""
        where: Where = ("points", id_, "twin")
        if keys.twin is None or not self.known(where, keys.twin, "points"):
            return None
        other = self.file.points[keys.twin]
        if keys.twin == id_:
            self.complain(where, "a point is no twin of itself; name the other sensor")
        elif (other.measures, other.of, other.to) != (keys.measures, keys.of, keys.to):
            what, this = (
                " ".join(filter(None, (each.of, each.measures, each.to and f"to {each.to}")))
                for each in (other, keys)
            )
            text = f"{keys.twin!r} measures {what}, this point {this}; a twin measures the same"
            self.complain(where, text)
        elif other.at != keys.at:
            text = f"{keys.twin!r} is at {other.at!r}, this point at {keys.at!r}; a twin is at the same place"
            self.complain(where, text)
        return keys.twin

    def _defrost(self, id_: str, keys: PointKeys) -> Defrost | None:
        if keys.defrost is None:
            return None
        equipment = self.equipment.get(keys.at)
        return declared(
            keys.defrost,
            equipment.kind if equipment and keys.measures == "temperature" else None,
            keys.probe,
            lambda inside, text: self.complain(("points", id_, "defrost", *inside), text),
        )

    def _certified(self, id_: str, keys: PointKeys) -> Certified | None:
        given = self.file.equipment[keys.at].certified
        text = getattr(given, keys.of, None) if given and keys.of else None
        if text is None:
            where: Where = ("equipment", keys.at)
            self.complain(
                where,
                f"point {id_!r} needs the certified {keys.of}; write certified: {{ {keys.of}: '0.53 m/s' }}",
                at_key=True,
            )
            return None
        try:
            return certified_at(text, keys.measures)
        except UnitError as error:
            self.complain(("equipment", keys.at, "certified", str(keys.of)), str(error))
            return None

    def _sign(self, id_: str, keys: PointKeys) -> int:
        if keys.sign != 1 and keys.measures != "differential_pressure":
            self.complain(("points", id_, "sign"), "only a differential_pressure can be reversed; delete it")
        return keys.sign

    def _accuracy(self, id_: str, keys: PointKeys) -> float:
        """Return how far a gauge may be off, canonical; 0 for what is no differential pressure."""
        where: Where = ("points", id_, "accuracy")
        if keys.measures != "differential_pressure":
            if keys.accuracy is not None:
                self.complain(where, "only a differential_pressure has one; delete it")
            return 0.0
        try:
            accuracy = parse_difference(keys.accuracy or ACCURACY, keys.measures)
        except UnitError as error:
            self.complain(where, str(error))
            return 0.0
        if not 0 < accuracy <= parse_difference(COARSEST, keys.measures):
            text = f"{keys.accuracy!r} is not more than 0 and at most {COARSEST}; use another gauge"
            self.complain(where, text)
            return 0.0
        return accuracy

    def _offset(self, id_: str, keys: PointKeys) -> float:
        where: Where = ("points", id_, "offset")
        if keys.offset is None:
            return 0.0
        largest = LARGEST_OFFSET.get(keys.measures)
        if largest is None:
            self.complain(where, f"{keys.measures} cannot be corrected here; adjust the sensor")
            return 0.0
        try:
            offset = parse_difference(keys.offset, keys.measures)
        except UnitError as error:
            self.complain(where, str(error))
            return 0.0
        if not abs(offset) <= parse_difference(largest, keys.measures):
            text = f"{keys.offset!r} exceeds the cap of {largest}; adjust or replace the sensor"
            self.complain(where, text)
        return offset


def _may_be_daily(entry: RuleEntry, equipment: Equipment | None) -> bool:
    """Tell whether a thermometer read once a day would do: storage that stays where it is."""
    moves = equipment is not None and equipment.kind == "cooler"
    return entry.holds_stock and not moves
