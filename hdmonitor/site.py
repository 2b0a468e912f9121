"""Load a site file: from its YAML to a `Site`, or to every mistake in it, one line each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast, get_args
from zoneinfo import ZoneInfo

from hdmonitor import site_air
from hdmonitor.alerts.daily import Daily
from hdmonitor.alerts.duty import gaps
from hdmonitor.catalogue import Catalogue, RuleEntry, Spot, load_catalogue
from hdmonitor.clock import Clock
from hdmonitor.compliance.obligation import Programme
from hdmonitor.idle_limits import idle_limits
from hdmonitor.model import (
    Defrost,
    Device,
    Duty,
    Equipment,
    Exposure,
    Gateway,
    Maintenance,
    Person,
    Point,
    Policy,
    Priority,
    Response,
    Room,
    Shift,
    Site,
    StandIn,
    Step,
)
from hdmonitor.obligations import load_obligations
from hdmonitor.rulebook import Judged, Rulebook, contradiction
from hdmonitor.sensors import also_subscribed, check_device, check_point, is_family
from hdmonitor.sensors.context import NOTHING
from hdmonitor.settings import Settings, read_settings
from hdmonitor.site_air import Air
from hdmonitor.site_compliance import Drawing, Grounds
from hdmonitor.site_defrost import declared
from hdmonitor.site_exposures import exposures_at
from hdmonitor.site_file import (
    DAYS,
    NOUNS,
    Day,
    DutyKeys,
    EquipmentKeys,
    PointKeys,
    PolicyKeys,
    ShiftKeys,
    SiteFile,
    sound_parts,
)
from hdmonitor.site_limits import Certified, certified_at, guarded, needs_certified, rule_at_point
from hdmonitor.site_rooms import Pairs, without_limits
from hdmonitor.units import UnitError, parse_difference
from hdmonitor.yaml_source import Problem, Source, Where, read_yaml, suggest

Shared = TypeVar("Shared")
WEEK = get_args(Day)
A_DAY = 1440  # minutes
# Nobody reads a thermometer at the same minute every day.
BY_DAY = timedelta(hours=26)
INTERVALS = 3  # a reading vouches for three expected intervals
# practice rule 12 for temperature and pressure; docs/decisions/0003-caps.md for humidity
ACCURACY, COARSEST = "0.005 inH2O", "0.010 inH2O"  # of gauges: where none is stated, and at most
LARGEST_OFFSET = {"temperature": "1 degC", "differential_pressure": "0.003 inH2O", "humidity": "3 %RH"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A site with the rules behind it."""

    site: Site
    book: Rulebook
    judged: Mapping[str, tuple[Judged, ...]]  # by point
    file: SiteFile
    source: Source
    programme: Programme | None = None

    @property
    def daily(self) -> Daily | None:
        """When the site has its daily digest and who gets it."""
        keys = self.file.site.digest
        return Daily(keys.at, tuple(keys.notify)) if keys is not None else None


def load_site(path: Path) -> tuple[Site | None, list[Problem]]:
    """Read a site file; the site is None if there is a problem that is more than a warning."""
    drawn, problems = draw_site(path)
    return (drawn.site if drawn else None), problems


def load_programme(path: Path) -> tuple[Programme | None, list[Problem]]:
    """Return what has to be done when, None if the site file has no such section or cannot be used."""
    drawn, problems = draw_site(path)
    return (drawn.programme if drawn else None), problems


def draw_site(path: Path, now: datetime | None = None) -> tuple[Drawn | None, list[Problem]]:
    """Read a site file as `load_site` does, and keep what `rules explain` tells.

    What is signed or effective after `now`, by default that of this machine, is refused.
    """
    source = read_yaml(path)
    if source.data is None:
        return None, source.problems
    file, left_out = sound_parts(source)
    drawn = None
    if file is not None:
        catalogue = load_catalogue()
        digest = sha256(path.read_bytes() + catalogue.digest.encode()).hexdigest()
        plan = _Plan(file, left_out, source, now or Clock().now(), catalogue)
        site = plan.site(digest)
        judged = {point: tuple(each) for point, each in plan.judged.items()}
        drawn = Drawn(site, plan.book, judged, file, source, plan.programme(site))
    problems = sorted(source.problems, key=lambda problem: (problem.line, problem.column))
    return (None if any(not problem.warning for problem in problems) else drawn), problems


def load_untightened(path: Path) -> Site:
    """Return the site with the limits of its rules alone, none changed at a point.

    From a file that `load_site` takes.
    """
    source = read_yaml(path)
    file, left_out = sound_parts(source)
    assert file is not None  # noqa: S101  # the caller has loaded it
    points = {id_: keys.model_copy(update={"limits": None}) for id_, keys in file.points.items()}
    file = file.model_copy(update={"points": points})
    return _Plan(file, left_out, source, Clock().now(), load_catalogue()).site("")


def _same_value(one: Point, other: Point) -> bool:
    """Tell whether two points of one topic would take the same value."""
    apart = one.device is not None and other.device is not None and one.device != other.device
    return one.field == other.field and not apart


@dataclass(frozen=True, slots=True)
class Checked:
    """What both files say, each read once; None for one that cannot be used."""

    problems: tuple[Problem, ...]
    settings: Settings | None = None
    site: Site | None = None
    daily: Daily | None = None
    programme: Programme | None = None


def check(settings_path: Path, site_path: Path, accepts: Callable[[str], str | None]) -> Checked:
    """Read both files and check what each says of the other.

    `accepts` says why a notification URL cannot be used, None if it can.
    """
    loaded = read_settings(settings_path)
    drawn, site_problems = draw_site(site_path)
    settings, site = loaded.settings, drawn.site if drawn else None
    if settings is not None:
        for destination, url in settings.notifications.urls.items():
            where = ("notifications", "urls", destination)
            if wrong := accepts(url.get_secret_value()):
                loaded.complain(where, f"the address of {destination!r} cannot be used: {wrong}")
            if site is not None and destination not in site.destinations:
                meant = suggest(destination, list(site.destinations))
                loaded.complain(where, f"there is no destination {destination!r} in {site_path}; {meant}")
    if settings is not None and drawn is not None:
        told = len(drawn.source.problems)
        _complain_of_policies(drawn.site, drawn.source)
        for destination in drawn.site.destinations:
            if destination not in settings.notifications.urls:
                text = f"{destination!r} has no address; add it to {settings_path}, under notifications, urls"
                drawn.source.complain(("destinations", destination), text, at_key=True)
        site_problems += drawn.source.problems[told:]
    problems = (*loaded.source.problems, *site_problems)
    if drawn is None:
        return Checked(problems, settings)
    return Checked(problems, settings, site, drawn.daily, drawn.programme)


def _complain_of_policies(site: Site, source: Source) -> None:
    """Complain about a policy that has nobody to turn to when the first does not answer."""
    alone = len(site.destinations) == 1
    text = "escalates to nobody: no step names anybody but the first; add a step with somebody else"
    text += ", and a second destination" if alone else ""
    for kind, policy in site.policies.items():
        named = [name for step in policy.steps for name in step.notify]
        reached = {
            target
            for name in named
            for target in (
                [each for shift in site.duties[name].week for each in shift.notify]
                if name in site.duties
                else [name]
            )
        }
        if len(reached) == 1:
            source.complain(("escalation", kind.value, "steps"), text, warning=alone)


def may_be_daily(entry: RuleEntry, equipment: Equipment | None) -> bool:
    """Tell whether a thermometer read once a day would do: storage that stays where it is."""
    moves = equipment is not None and equipment.kind == "cooler"
    return entry.holds_stock and not moves


@dataclass(slots=True)
class _Plan:
    """A site being drawn from its file; mistakes go into the source's problems."""

    file: SiteFile
    left_out: frozenset[Where]  # sections and entries of the wrong shape
    source: Source
    now: datetime
    catalogue: Catalogue
    rooms: dict[str, Room] = field(default_factory=dict)
    equipment: dict[str, Equipment] = field(default_factory=dict)
    pairs: Pairs = field(init=False)
    air: Air = field(init=False)
    judged: dict[str, list[Judged]] = field(default_factory=dict)
    book: Rulebook = field(init=False)
    same: dict[Any, Any] = field(default_factory=dict)  # what many points have, each once
    today: date = field(init=False)  # of the site

    def _complain(self, where: Where, text: str, *, at_key: bool = False, warning: bool = False) -> None:
        """Note a problem, unless it stands in a part that was left out."""
        if not {where[:1], where[:2]} & self.left_out:
            self.source.complain(where, text, at_key=at_key, warning=warning)

    def _one(self, value: Shared) -> Shared:
        """Return the first value that equals this one, so that a large site holds it once."""
        return cast("Shared", self.same.setdefault(value, value))

    def site(self, digest: str) -> Site:
        """Draw everything; what is wrong is left out and complained about."""
        head = self.file.site
        zone = self._zone(("site", "time_zone"), head.time_zone)
        self.today = self.now.astimezone(zone).date()
        self.book = Rulebook.drawn(self.file, self.today, self.catalogue, self._complain)
        if head.regime == "503B":
            text = (
                "503B is not covered: <797> numbers are not enough, 10 to 15 Pa between classes is expected"
            )
            self._complain(("site", "regime"), text, warning=True)
        self.rooms = {
            id_: Room(
                id_,
                keys.name,
                keys.role,
                keys.call,
                site_air.volume(id_, keys, self._complain),
                site_air.report(id_, keys, self._complain),
            )
            for id_, keys in self.file.rooms.items()
        }
        self.pairs = Pairs(self.file, self.rooms, self.catalogue, self._complain, self._known)
        self.air = Air(self.file, self.rooms, self.catalogue, self._complain)
        adjacencies = self.pairs.adjacencies()
        self.equipment = {id_: self._equipment(id_, keys) for id_, keys in self.file.equipment.items()}
        points = {id_: point for id_, keys in self.file.points.items() if (point := self._point(id_, keys))}
        people = {id_: Person(id_, keys.name, keys.role) for id_, keys in self.file.people.items()}
        for id_, keys in self.file.destinations.items():
            self._known(("destinations", id_, "person"), keys.person, "people")
        for index, destination in enumerate(head.digest.notify if head.digest else ()):
            self._known(("site", "digest", "notify", index), destination, "destinations")
        self._replays(points)
        measured = dict(points)
        points |= self._sums(self.pairs.sums(measured))
        points |= self._sums(self.air.sums(measured))
        self._check_rules(points)
        escalation = self.file.escalation
        site = Site(
            id=head.id,
            name=head.name,
            regime=head.regime,
            zone=head.time_zone,
            rooms=self.rooms,
            equipment=self.equipment,
            points=points,
            devices=self._devices(measured),
            people=people,
            policies={kind: self._policy(kind, getattr(escalation, kind)) for kind in Response},
            maintenance=self._maintenance(),
            config_hash=digest,
            destinations=tuple(self.file.destinations),
            recipients={id_: keys.person for id_, keys in self.file.destinations.items()},
            adjacencies=adjacencies,
            placements=site_air.placements(self.catalogue),
            duties={id_: self._duty(id_, keys) for id_, keys in self.file.duties.items()},
            holidays=frozenset(self.file.holidays),
            gateways=self._gateways(points),
            hours={DAYS.index(day): span for day, span in head.hours.items()},
        )
        if all(problem.warning for problem in self.source.problems):  # what does not fit is no news then
            self.pairs.contradictions(points)
            site_air.complain_of_reports(site, self.catalogue, self._complain)
            site_air.complain_of_placement(site, self._complain)
        return site

    def programme(self, site: Site) -> Programme | None:
        """Draw what has to be done when, for the rooms, equipment and people of the site."""
        keys = self.file.compliance
        if keys is None:
            return None
        reached: dict[str, tuple[str, ...]] = {}
        for id_, destination in self.file.destinations.items():
            reached[destination.person] = (*reached.get(destination.person, ()), id_)
        grounds = Grounds(
            zone=site.zone,
            waste=self.file.site.waste_regime,
            people=site.people,
            rooms=site.rooms,
            equipment=site.equipment,
            reached=reached,
            hours=site.hours,
            holidays=site.holidays,
            today=self.today,
            name=site.name,
        )
        return Drawing(keys, grounds, load_obligations(), self._complain).programme()

    # --- places -------------------------------------------------------------

    def _equipment(self, id_: str, keys: EquipmentKeys) -> Equipment:
        where = ("equipment", id_)
        if id_ in self.rooms:
            self._complain(where, f"{id_!r} is a room already; give the equipment another id", at_key=True)
        self._known((*where, "room"), keys.room, "rooms")
        words = self.book.words()
        for index, word in enumerate(keys.contents):
            if word not in words:
                text = f"{word!r} is nothing that a rule knows; {suggest(word, words)}"
                self._complain((*where, "contents", index), text)
        return Equipment(id_, keys.name, keys.kind, keys.room, tuple(keys.contents))

    def _known(self, where: Where, id_: str, *sections: str) -> bool:
        """Tell whether an id stands in one of the sections, and complain if it does not."""
        known = [each for section in sections for each in getattr(self.file, section)]
        known += [str(out[1]) for out in self.left_out if len(out) > 1 and out[0] in sections]
        if id_ not in known and not {(section,) for section in sections} & self.left_out:
            nouns = " or ".join(NOUNS[section] for section in sections)
            self._complain(where, f"there is no {nouns} {id_!r}; {suggest(id_, known)}")
        return any(id_ in getattr(self.file, section) for section in sections)

    def _zone(self, where: Where, name: str) -> tzinfo:
        try:
            return ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            text = f"{name!r} is not a time zone; write an IANA name such as 'America/New_York'"
            self._complain(where, text)
            return UTC

    def _check_rules(self, points: Mapping[str, Point]) -> None:
        """Check what only all points together can show."""
        self.book.check_off()
        for number, off in enumerate(self.file.switched_off):
            for key in ("by", "second"):
                if person := getattr(off, key):
                    self._known(("switched_off", number, key), person, "people")
            for index, point in enumerate(off.points):
                if point not in points:
                    self._known(("switched_off", number, "points", index), point, "points")
        for number, threshold, text in idle_limits(self.file.rules, self.judged.values()):
            self._complain(("rules", number, "thresholds", threshold), text, warning=True)
        used = {each.entry.id for judged in self.judged.values() for each in judged}
        for number, rule in enumerate(self.file.rules):
            if rule.id in self.book.own - used:
                text = f"{rule.id} judges no point of the site; check its quantity, kinds, roles and contents"
                self._complain(("rules", number), text, warning=True)

    # --- points -------------------------------------------------------------

    def _point(self, id_: str, keys: PointKeys) -> Point | None:
        where: Where = ("points", id_)
        places: dict[str, Room | Equipment] = {**self.rooms, **self.equipment}
        if not self._known((*where, "at"), keys.at, "rooms", "equipment"):
            return None
        self._topic((*where, "topic"), keys.topic)
        if keys.gateway is not None:
            self._known((*where, "gateway"), keys.gateway, "gateways")
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
            self._complain(where_, text)
        to = keys.to if keys.measures == "differential_pressure" else None
        if to is not None and not self.pairs.is_enforced(keys.at, to):
            rules = tuple(map(without_limits, rules))
        equipment = self.equipment.get(keys.at)
        place = places[keys.at]
        by_day = self.file.site.monitoring == "daily" and may_be_daily(entry, equipment)
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
            self._complain((*where, named), wrong)
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
                lambda inside, text: self._complain(("points", id_, *inside), text),
                probe=keys.probe,
                certified=certified,
                accuracy=accuracy or None,
                limits=keys.limits if each is entry else None,
            )
            off = self.book.off(each, id_)
            found.append(Judged(each, without_limits(rule) if off else rule, off))
        if keys.accuracy is not None and accuracy and not any(each.gauge for each in entry.thresholds):
            text = f"{entry.id} gives figures, so that the accuracy of the gauge decides nothing; delete it"
            self._complain(("points", id_, "accuracy"), text)
        return found

    def _sums(self, sums: Mapping[str, Point]) -> dict[str, Point]:
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
            self.catalogue.exposures_for(spot), exposures_at(self.catalogue, spot), strict=True
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
            self._complain(("points", id_), text)
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
                self._complain(where, "a differential_pressure needs 'to', the id of the reference room")
                return None
            if not self._known((*where, "to"), keys.to, "rooms"):
                return None
            if keys.to == keys.at:
                self._complain((*where, "to"), f"{keys.to!r} is measured against itself; name the other room")
                return None
        spot = self._spot(keys)
        found = self.book.catalogue.rules_for(spot)
        if len(found) == 1:
            return found[0]
        if found:
            names = " and ".join(entry.title for entry in found)
            self._complain(
                ("equipment", keys.at, "contents"), f"asks for {names} at once; keep goods of one kind there"
            )
        else:
            self._complain((*where, "measures"), self.book.catalogue.why_none(spot))
        return None

    def _twin(self, id_: str, keys: PointKeys) -> str | None:
        """Return the point that measures the same; complain about one that cannot."""
        where: Where = ("points", id_, "twin")
        if keys.twin is None or not self._known(where, keys.twin, "points"):
            return None
        other = self.file.points[keys.twin]
        if keys.twin == id_:
            self._complain(where, "a point is no twin of itself; name the other sensor")
        elif (other.measures, other.of, other.to) != (keys.measures, keys.of, keys.to):
            what, this = (
                " ".join(filter(None, (each.of, each.measures, each.to and f"to {each.to}")))
                for each in (other, keys)
            )
            text = f"{keys.twin!r} measures {what}, this point {this}; a twin measures the same"
            self._complain(where, text)
        elif other.at != keys.at:
            text = f"{keys.twin!r} is at {other.at!r}, this point at {keys.at!r}; a twin is at the same place"
            self._complain(where, text)
        return keys.twin

    def _defrost(self, id_: str, keys: PointKeys) -> Defrost | None:
        if keys.defrost is None:
            return None
        equipment = self.equipment.get(keys.at)
        return declared(
            keys.defrost,
            equipment.kind if equipment and keys.measures == "temperature" else None,
            keys.probe,
            lambda inside, text: self._complain(("points", id_, "defrost", *inside), text),
        )

    def _certified(self, id_: str, keys: PointKeys) -> Certified | None:
        given = self.file.equipment[keys.at].certified
        text = getattr(given, keys.of, None) if given and keys.of else None
        if text is None:
            where: Where = ("equipment", keys.at)
            self._complain(
                where,
                f"point {id_!r} needs the certified {keys.of}; write certified: {{ {keys.of}: '0.53 m/s' }}",
                at_key=True,
            )
            return None
        try:
            return certified_at(text, keys.measures)
        except UnitError as error:
            self._complain(("equipment", keys.at, "certified", str(keys.of)), str(error))
            return None

    def _topic(self, where: Where, topic: str) -> None:
        if set("+#\0") & set(topic) or topic.startswith("$"):
            self._complain(where, f"{topic!r} has a wildcard or starts with '$'; write the full topic")

    def _sign(self, id_: str, keys: PointKeys) -> int:
        if keys.sign != 1 and keys.measures != "differential_pressure":
            self._complain(("points", id_, "sign"), "only a differential_pressure can be reversed; delete it")
        return keys.sign

    def _accuracy(self, id_: str, keys: PointKeys) -> float:
        """Return how far a gauge may be off, canonical; 0 for what is no differential pressure."""
        where: Where = ("points", id_, "accuracy")
        if keys.measures != "differential_pressure":
            if keys.accuracy is not None:
                self._complain(where, "only a differential_pressure has one; delete it")
            return 0.0
        try:
            accuracy = parse_difference(keys.accuracy or ACCURACY, keys.measures)
        except UnitError as error:
            self._complain(where, str(error))
            return 0.0
        if not 0 < accuracy <= parse_difference(COARSEST, keys.measures):
            text = f"{keys.accuracy!r} is not more than 0 and at most {COARSEST}; use another gauge"
            self._complain(where, text)
            return 0.0
        return accuracy

    def _offset(self, id_: str, keys: PointKeys) -> float:
        where: Where = ("points", id_, "offset")
        if keys.offset is None:
            return 0.0
        largest = LARGEST_OFFSET.get(keys.measures)
        if largest is None:
            self._complain(where, f"{keys.measures} cannot be corrected here; adjust the sensor")
            return 0.0
        try:
            offset = parse_difference(keys.offset, keys.measures)
        except UnitError as error:
            self._complain(where, str(error))
            return 0.0
        if not abs(offset) <= parse_difference(largest, keys.measures):
            text = f"{keys.offset!r} exceeds the cap of {largest}; adjust or replace the sensor"
            self._complain(where, text)
        return offset

    # --- devices ------------------------------------------------------------

    def _devices(self, points: Mapping[str, Point]) -> dict[str, Device]:
        by_topic: defaultdict[str, list[Point]] = defaultdict(list)
        for point in points.values():
            twin = next((other for other in by_topic[point.topic] if _same_value(other, point)), None)
            if twin is not None:
                text = f"the same field of the same topic as {twin.id!r}; each value belongs to one point"
                self._complain(("points", point.id, "field"), text)
            by_topic[point.topic].append(point)
        for topic in self.file.devices:
            if topic not in by_topic:
                meant = suggest(topic, list(by_topic))
                self._complain(("devices", topic), f"no point has this topic; {meant}", at_key=True)
        return {topic: self._device(topic, tuple(together)) for topic, together in by_topic.items()}

    def _replays(self, points: Mapping[str, Point]) -> None:
        """Complain about a recorded sensor that would be two points."""
        known = {(point.id, point.quantity): point.id for point in points.values()}
        for point in points.values():
            twin = known.setdefault((point.replay_as or point.id, point.quantity), point.id)
            if twin != point.id:
                text = f"recorded {point.quantity} of {point.replay_as!r} is that of {twin!r} already"
                self._complain(("points", point.id, "replay_as"), f"{text}; name another sensor")

    def _device(self, topic: str, points: tuple[Point, ...]) -> Device:
        common = {key: self._common(key, points) for key in ("family", "zone", "time", "battery")}
        device = Device(
            topic,
            points[0].family,
            points,
            zone=common["zone"],
            time=common["time"],
            battery=common["battery"],
            also=also_subscribed(topic, points[0].family),
            declared=self._declared(topic),
        )
        if is_family(device.family) and (wrong := check_device(device)):
            if topic in self.file.devices:
                self._complain(("devices", topic), wrong, at_key=True)
                return replace(device, declared={})
            named = next((key for key in ("zone", "time", "battery") if common[key]), "family")
            self._complain(("points", points[0].id, named), wrong)
        return device

    def _declared(self, topic: str) -> Mapping[str, object]:
        keys = self.file.devices.get(topic)
        return keys.model_dump(exclude_none=True) if keys is not None else NOTHING

    def _common(self, key: str, points: tuple[Point, ...]) -> str | None:
        """Return what the points of one topic say of their device; they must not contradict."""
        found: str | None = None
        for point in points:
            given = getattr(self.file.points[point.id], key)
            if given is not None and found is not None and given != found:
                text = f"{given!r}, but another point of this topic says {found!r}; one device has one {key}"
                self._complain(("points", point.id, key), text)
            found = found or given
        return found

    def _gateways(self, points: Mapping[str, Point]) -> dict[str, Gateway]:
        """Return the gateways with the points behind each; a topic says the state of one only."""
        taken = {point.topic: f"point {point.id!r}" for point in points.values()}
        gateways: dict[str, Gateway] = {}
        for id_, keys in self.file.gateways.items():
            where: Where = ("gateways", id_, "topic")
            self._topic(where, keys.topic)
            if keys.topic in taken:
                text = f"{keys.topic!r} is the topic of {taken[keys.topic]}"
                self._complain(where, f"{text}; write that of the gateway's own will")
            taken.setdefault(keys.topic, f"gateway {id_!r}")
            behind = frozenset(name for name in points if self.file.points[name].gateway == id_)
            gateways[id_] = Gateway(
                id_, keys.name, keys.topic, behind, also_subscribed(keys.topic, "sparkplug_b")
            )
            if not behind:
                self._complain(
                    where[:2],
                    "no point names it; write its id as 'gateway' of the points behind it",
                    warning=True,
                )
        return gateways

    # --- people -------------------------------------------------------------

    def _policy(self, kind: str, keys: PolicyKeys) -> Policy:
        steps: list[Step] = []
        for number, step in enumerate(keys.steps):
            where: Where = ("escalation", kind, "steps", number)
            if steps and step.after <= steps[-1].after:
                self._complain((*where, "after"), "not later than the step before; put steps in order")
            for index, destination in enumerate(step.notify):
                self._known((*where, "notify", index), destination, "destinations", "duties")
            steps.append(Step(step.after, tuple(step.notify)))
        quiet = (keys.quiet.start, keys.quiet.end) if keys.quiet is not None else None
        if quiet is not None and quiet[0] == quiet[1]:
            self._complain(("escalation", kind, "quiet"), "quiet hours that never end; correct start or end")
        return Policy(tuple(steps), keys.repeat, keys.repeat_at_most, quiet)

    def _duty(self, id_: str, keys: DutyKeys) -> Duty:
        where: Where = ("duties", id_)
        if id_ in self.file.destinations:
            self._complain(where, f"{id_!r} is a destination as well; give the duty another id", at_key=True)
        exceptions = []
        for number, each in enumerate(keys.exceptions):
            here: Where = (*where, "exceptions", number)
            self._destinations(here, each.notify)
            self._known((*here, "by"), each.by, "people")
            if span := self._span(here, each.start, each.end):
                exceptions.append(StandIn(*span, tuple(each.notify), each.reason, each.by))
        week = tuple(self._shift((*where, "week", n), each) for n, each in enumerate(keys.week))
        duty = Duty(id_, keys.name, week, tuple(exceptions))
        if free := gaps(duty):
            told = ", ".join(free[:3]) + (", …" if free[3:] else "")
            self._complain(where, f"nobody has it {told}; everybody is told then", at_key=True, warning=True)
        named = {each for _, policy in self.file.escalation for step in policy.steps for each in step.notify}
        if id_ not in named and ("escalation",) not in self.left_out:
            text = "no step of the escalation names it, so that nobody is told through it; add it to one"
            self._complain(where, text, at_key=True, warning=True)
        return duty

    def _shift(self, where: Where, keys: ShiftKeys) -> Shift:
        self._destinations(where, keys.notify)
        start, end = (each.hour * 60 + each.minute for each in (keys.start, keys.end))
        days = frozenset(WEEK.index(day) for day in keys.days)
        return Shift(days, start, end if end > start else end + A_DAY, tuple(keys.notify))

    def _destinations(self, where: Where, notify: list[str]) -> None:
        for index, destination in enumerate(notify):
            self._known((*where, "notify", index), destination, "destinations")

    def _maintenance(self) -> tuple[Maintenance, ...]:
        spans: list[Maintenance] = []
        for number, keys in enumerate(self.file.maintenance):
            where: Where = ("maintenance", number)
            for index, point in enumerate(keys.points):
                self._known((*where, "points", index), point, "points")
            self._known((*where, "by"), keys.by, "people")
            if span := self._span(where, keys.start, keys.end):
                spans.append(Maintenance(frozenset(keys.points), *span, keys.reason, keys.by))
        return tuple(spans)

    def _span(self, where: Where, first: str, last: str) -> tuple[datetime, datetime] | None:
        start, end = self._moment((*where, "start"), first), self._moment((*where, "end"), last)
        if start is None or end is None:
            return None
        if end <= start:
            self._complain((*where, "end"), "the end is not after the start; correct one of them")
            return None
        return start, end

    def _moment(self, where: Where, text: str) -> datetime | None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            why = f"{text!r} is not a time with its offset from UTC; write for instance"
            self._complain(where, f"{why} '2026-03-02T08:00-05:00'")
            return None
        return moment
