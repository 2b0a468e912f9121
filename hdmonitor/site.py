"""Load a site file: from its YAML to a `Site`, or to every mistake in it, one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, tzinfo
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from hdmonitor import site_air
from hdmonitor.alerts.daily import Daily
from hdmonitor.catalogue import Catalogue, load_catalogue
from hdmonitor.clock import Clock
from hdmonitor.compliance.obligation import Programme
from hdmonitor.idle_limits import idle_limits
from hdmonitor.model import Equipment, Person, Point, Response, Room, Site
from hdmonitor.obligations import load_obligations
from hdmonitor.rulebook import Judged, Rulebook
from hdmonitor.settings import Settings, read_settings
from hdmonitor.site_air import Air
from hdmonitor.site_calls import Calls
from hdmonitor.site_compliance import Drawing, Grounds
from hdmonitor.site_devices import Topics
from hdmonitor.site_file import DAYS, NOUNS, EquipmentKeys, SiteFile, sound_parts
from hdmonitor.site_points import Points
from hdmonitor.site_rooms import Pairs
from hdmonitor.yaml_source import Problem, Source, Where, read_yaml, suggest


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
        judged = {point: tuple(each) for point, each in plan.points.judged.items()}
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
    points: Points = field(init=False)
    book: Rulebook = field(init=False)
    today: date = field(init=False)  # of the site

    def _complain(self, where: Where, text: str, *, at_key: bool = False, warning: bool = False) -> None:
        """Note a problem, unless it stands in a part that was left out."""
        if not {where[:1], where[:2]} & self.left_out:
            self.source.complain(where, text, at_key=at_key, warning=warning)

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
        air = Air(self.file, self.rooms, self.catalogue, self._complain)
        adjacencies = self.pairs.adjacencies()
        self.equipment = {id_: self._equipment(id_, keys) for id_, keys in self.file.equipment.items()}
        self.points = Points(
            self.file, self.book, self.rooms, self.equipment, self.pairs, air, self._complain, self._known
        )
        drawn = {id_: self.points.point(id_, keys) for id_, keys in self.file.points.items()}
        points = {id_: point for id_, point in drawn.items() if point is not None}
        people = {id_: Person(id_, keys.name, keys.role) for id_, keys in self.file.people.items()}
        for id_, keys in self.file.destinations.items():
            self._known(("destinations", id_, "person"), keys.person, "people")
        for index, destination in enumerate(head.digest.notify if head.digest else ()):
            self._known(("site", "digest", "notify", index), destination, "destinations")
        topics = Topics(self.file, self._complain)
        topics.check_replays(points)
        measured = dict(points)
        points |= self.points.sums(self.pairs.sums(measured))
        points |= self.points.sums(air.sums(measured))
        self._check_rules(points)
        escalation = self.file.escalation
        calls = Calls(self.file, self.left_out, self._complain, self._known)
        site = Site(
            id=head.id,
            name=head.name,
            regime=head.regime,
            zone=head.time_zone,
            rooms=self.rooms,
            equipment=self.equipment,
            points=points,
            devices=topics.devices(measured),
            people=people,
            policies={kind: calls.policy(kind, getattr(escalation, kind)) for kind in Response},
            maintenance=calls.maintenance(),
            config_hash=digest,
            destinations=tuple(self.file.destinations),
            recipients={id_: keys.person for id_, keys in self.file.destinations.items()},
            adjacencies=adjacencies,
            placements=site_air.placements(self.catalogue),
            duties={id_: calls.duty(id_, keys) for id_, keys in self.file.duties.items()},
            holidays=frozenset(self.file.holidays),
            gateways=topics.gateways(points),
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
        for number, threshold, text in idle_limits(self.file.rules, self.points.judged.values()):
            self._complain(("rules", number, "thresholds", threshold), text, warning=True)
        used = {each.entry.id for judged in self.points.judged.values() for each in judged}
        for number, rule in enumerate(self.file.rules):
            if rule.id in self.book.own - used:
                text = f"{rule.id} judges no point of the site; check its quantity, kinds, roles and contents"
                self._complain(("rules", number), text, warning=True)
