"""The section `compliance` of a site file: its keys, and the programme that is drawn from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from hashlib import sha256
from typing import Annotated, Protocol

from pydantic import AfterValidator, Field

from hdmonitor.catalogue import Confidence, ForceName, IsoDay, Strict
from hdmonitor.compliance.dates import Calendar
from hdmonitor.compliance.obligation import Case, Obligation, Off, Programme, Subject, SubjectKind
from hdmonitor.model import Equipment, Force, Person, Room
from hdmonitor.obligations import Category, EveryText, Name, Names, ObligationKeys, Obligations, drawn, wrong
from hdmonitor.yaml_source import Where, suggest

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = 7
SITE = "site"


class Complain(Protocol):
    """Notes a problem at a place of the file."""

    def __call__(self, where: Where, text: str, *, at_key: bool = False, warning: bool = False) -> None:
        """Note it."""


def _week(days: list[str]) -> list[str]:
    for day in days:
        if day not in DAYS:
            raise ValueError(f"{day!r:.20} is not a day of the week; write {', '.join(DAYS)}")
    return days


class CompoundingKeys(Strict):
    """On which days the site compounds, as far as that is known."""

    days: Annotated[list[str], AfterValidator(_week)] = Field(min_length=1, description="days of the week")
    known_from: IsoDay | None = None
    known_until: IsoDay = Field(description="a day after it counts until somebody says it is closed")
    closed: list[IsoDay] = Field(default_factory=list)
    also: list[IsoDay] = Field(default_factory=list, description="days on which it compounds all the same")


class StaffKeys(Strict):
    """A person of the site file, as obligations see one."""

    roles: Names = Field(min_length=1, description="such as compounder, hd-handler, oversight, cleaner")
    category: Category | None = Field(None, description="the highest that the person compounds")
    hired: IsoDay | None = None
    left: IsoDay | None = Field(None, description="last day")
    supervisor: Name | None = Field(None, description="id of a person")
    facepieces: Names = Field(default_factory=list, description="each has a fit test of its own")


class AssetKeys(Strict):
    """A thing that obligations are for: an instrument, a kit; or more about a piece of equipment."""

    name: str | None = Field(None, max_length=60)
    kind: Name | None = Field(None, description="left out for equipment, which has one")
    room: Name | None = None
    category: Category | None = None
    in_service: IsoDay | None = None
    removed: IsoDay | None = Field(None, description="last day")
    responsible: Name | None = Field(None, description="id of a person")


class PlaceKeys(Strict):
    """More about a room."""

    category: Category | None = None
    responsible: Name | None = Field(None, description="id of a person")


class TightenedKeys(Strict):
    """An obligation of the package that the site does more often."""

    obligation: str
    every: EveryText
    rule: str = Field(max_length=16, description="id of the site's or the board's own rule")
    force: ForceName
    source: str
    confidence: Confidence = "primary"


class NotKeptKeys(Strict):
    """An obligation that the site does not keep, signed."""

    obligation: str
    subjects: list[str] = Field(default_factory=list, description="left out: for none")
    by: Name = Field(description="id of the person who answers for it")
    second: Name | None = Field(None, description="another one, for SHALL")
    signed: IsoDay
    why: str = Field(min_length=1, max_length=200)


class ComplianceKeys(Strict):
    """What has to be done, by whom, with what."""

    since: IsoDay = Field(description="from when the site keeps this calendar")
    pharmacist_in_charge: Name = Field(description="id of a person with a destination")
    designated_person: Name | None = Field(None, description="id of the person who sees to things and rooms")
    category: Category | None = Field(None, description="the highest that is compounded here")
    at: str = Field("07:00", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="local time of messages")
    accreditor_windows: bool = Field(False, description="never for USP, boards or OSHA")
    compounding: CompoundingKeys | None = Field(None, description="left out: every day may be one")
    people: dict[Name, StaffKeys] = Field(default_factory=dict)
    assets: dict[Name, AssetKeys] = Field(default_factory=dict)
    rooms: dict[Name, PlaceKeys] = Field(default_factory=dict)
    obligations: list[ObligationKeys] = Field(default_factory=list)
    tightened: list[TightenedKeys] = Field(default_factory=list)
    switched_off: list[NotKeptKeys] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the rest of the site file says that the programme builds on."""

    zone: str
    waste: str
    people: Mapping[str, Person]
    rooms: Mapping[str, Room]
    equipment: Mapping[str, Equipment]
    reached: Mapping[str, tuple[str, ...]]  # destinations by person
    hours: Mapping[int, object]  # by weekday, 7 for holidays; empty: always open
    holidays: frozenset[date]
    today: date
    name: str


@dataclass(slots=True)
class Drawing:
    """A programme being drawn; mistakes go to `complain`, whose places begin with the section."""

    keys: ComplianceKeys
    grounds: Grounds
    packaged: Obligations
    complain: Complain
    obligations: dict[str, Obligation] = field(default_factory=dict)
    subjects: list[Subject] = field(default_factory=list)

    def programme(self) -> Programme:
        """Return everything that is kept here; what is wrong is left out and complained about."""
        keys = self.keys
        self._check_people()
        self.obligations = dict(self.packaged.by_id)
        self._own()
        self._tighten()
        self.subjects = [*self._people(), *self._assets(), *self._rooms(), self._site()]
        self._check_words()
        off = self._off()
        found = Programme(
            zone=self.grounds.zone,
            waste=self.grounds.waste,
            obligations=self.obligations,
            subjects=tuple(self.subjects),
            calendar=self._calendar(),
            off=off,
            accreditor_windows=keys.accreditor_windows,
            at=time.fromisoformat(keys.at),
            in_charge=keys.pharmacist_in_charge,
            digest=sha256((repr(keys) + self.packaged.digest).encode()).hexdigest(),
            reached=self.grounds.reached,
        )
        self._check_cases(found)
        return found

    def _say(self, where: Where, text: str, *, at_key: bool = False) -> None:
        self.complain(("compliance", *where), text, at_key=at_key)

    # --- people ----------------------------------------------------------------

    def _check_people(self) -> None:
        keys = self.keys
        self._person(("pharmacist_in_charge",), keys.pharmacist_in_charge)
        if keys.pharmacist_in_charge in self.grounds.people and not self.grounds.reached.get(
            keys.pharmacist_in_charge
        ):
            text = f"{keys.pharmacist_in_charge!r} reads no destination, so that nobody is told; add one"
            self._say(("pharmacist_in_charge",), text)
        if keys.designated_person:
            self._person(("designated_person",), keys.designated_person)
        for id_, person in keys.people.items():
            self._person(("people", id_), id_, at_key=True)
            if person.supervisor:
                self._person(("people", id_, "supervisor"), person.supervisor)
        for section in ("assets", "rooms"):
            for id_, each in getattr(keys, section).items():
                if each.responsible:
                    self._person((section, id_, "responsible"), each.responsible)

    def _person(self, where: Where, id_: str, *, at_key: bool = False) -> None:
        if id_ not in self.grounds.people:
            meant = suggest(id_, list(self.grounds.people))
            self._say(where, f"there is no person {id_!r} in the site file; {meant}", at_key=at_key)

    def _people(self) -> Iterator[Subject]:
        keys = self.keys
        for id_, each in keys.people.items():
            person = self.grounds.people.get(id_)
            if person is None:
                continue
            if each.left and each.hired and each.left < each.hired:
                self._say(("people", id_, "left"), f"{each.left} is before {each.hired}, the day of hiring")
            subject = Subject(
                kind=SubjectKind.PERSON,
                id=id_,
                name=person.name,
                start=max(each.hired or keys.since, keys.since),
                known_from=each.hired,
                roles=frozenset(each.roles),
                category=each.category,
                end=each.left,
                tells=_line(id_, each.supervisor, keys.pharmacist_in_charge),
            )
            yield subject
            for facepiece in each.facepieces:
                yield replace(subject, kind=SubjectKind.FACEPIECE, part=facepiece)

    # --- things and places -------------------------------------------------------

    def _sees_to(self, responsible: str | None) -> tuple[str, ...]:
        keys = self.keys
        return _line(responsible or keys.designated_person, keys.designated_person, keys.pharmacist_in_charge)

    def _assets(self) -> Iterator[Subject]:
        listed = self.keys.assets
        for id_, equipment in self.grounds.equipment.items():
            own = listed.get(id_, AssetKeys.model_validate({}))
            if own.kind and own.kind != equipment.kind:
                text = f"{id_!r} is equipment and a {equipment.kind} already; delete its kind here"
                self._say(("assets", id_, "kind"), text)
            yield self._asset(id_, own, own.name or equipment.name, equipment.kind, equipment.room)
        for id_, own in listed.items():
            if id_ in self.grounds.equipment:
                continue
            if id_ in self.grounds.rooms:
                self._say(("assets", id_), f"{id_!r} is a room; put it under 'rooms'", at_key=True)
            elif own.kind is None:
                text = f"{id_!r} is no equipment of the site file; add its 'kind', such as spill-kit"
                self._say(("assets", id_), text, at_key=True)
            else:
                if own.room and own.room not in self.grounds.rooms:
                    meant = suggest(own.room, list(self.grounds.rooms))
                    self._say(("assets", id_, "room"), f"there is no room {own.room!r}; {meant}")
                yield self._asset(id_, own, own.name or id_, own.kind, own.room or "")

    def _asset(self, id_: str, own: AssetKeys, name: str, kind: str, room: str) -> Subject:
        return Subject(
            kind=SubjectKind.ASSET,
            id=id_,
            name=name,
            start=max(own.in_service or self.keys.since, self.keys.since),
            known_from=own.in_service,
            what=kind,
            category=own.category or self.keys.category,
            end=own.removed,
            room=room,
            tells=self._sees_to(own.responsible),
        )

    def _rooms(self) -> Iterator[Subject]:
        for id_ in self.keys.rooms:
            if id_ not in self.grounds.rooms:
                meant = suggest(id_, list(self.grounds.rooms))
                self._say(("rooms", id_), f"there is no room {id_!r} in the site file; {meant}", at_key=True)
        for id_, room in self.grounds.rooms.items():
            own = self.keys.rooms.get(id_, PlaceKeys.model_validate({}))
            yield Subject(
                kind=SubjectKind.ROOM,
                id=id_,
                name=room.name,
                start=self.keys.since,
                roles=frozenset({room.role}),
                category=own.category or self.keys.category,
                room=id_,
                tells=self._sees_to(own.responsible),
            )

    def _site(self) -> Subject:
        return Subject(
            kind=SubjectKind.SITE,
            id=SITE,
            name=self.grounds.name,
            start=self.keys.since,
            category=self.keys.category,
            tells=self._sees_to(None),
        )

    # --- obligations ---------------------------------------------------------------

    def _own(self) -> None:
        for number, keys in enumerate(self.keys.obligations):
            where: Where = ("obligations", number)
            if keys.id in self.obligations:
                whose = "of the package" if keys.id in self.packaged.by_id else "of this file"
                text = f"{keys.id!r} is an obligation {whose} already; give yours another id, or tighten it"
                self._say((*where, "id"), text)
                continue
            found = wrong(keys)
            for key, text in found:
                self._say((*where, key) if key else where, text)
            if not found:
                self.obligations[keys.id] = drawn(keys)

    def _tighten(self) -> None:
        for number, keys in enumerate(self.keys.tightened):
            where: Where = ("tightened", number)
            before = self._known((*where, "obligation"), keys.obligation)
            if before is None:
                continue
            cases = tuple(
                Case(keys.every, keys.rule, case.category, case.waste)
                if keys.every.days < case.every.days
                else case
                for case in before.cases
            )
            if cases == before.cases:
                every = " or ".join(sorted({str(case.every) for case in before.cases}))
                text = f"{keys.every} is no more often than {every}; an interval may only be shortened"
                self._say((*where, "every"), text)
                continue
            force = Force(keys.force) if before.force is not Force.SHALL else before.force
            self.obligations[before.id] = replace(
                before,
                cases=cases,
                force=force,
                source=f"{keys.source}; {before.source}",
                version=f"{before.version}+site",
            )

    def _known(self, where: Where, id_: str) -> Obligation | None:
        if id_ not in self.obligations:
            meant = suggest(id_, list(self.obligations))
            self._say(where, f"there is no obligation {id_!r}; {meant}")
        return self.obligations.get(id_)

    def _off(self) -> tuple[Off, ...]:
        found = []
        keys_of = {each.key for each in self.subjects}
        for number, keys in enumerate(self.keys.switched_off):
            where: Where = ("switched_off", number)
            known = self._known((*where, "obligation"), keys.obligation)
            self._person((*where, "by"), keys.by)
            if keys.second:
                self._person((*where, "second"), keys.second)
            for index, subject in enumerate(keys.subjects):
                if subject not in keys_of:
                    meant = suggest(subject, sorted(keys_of))
                    self._say((*where, "subjects", index), f"there is nothing called {subject!r}; {meant}")
            if keys.signed > self.grounds.today:
                text = f"{keys.signed} is still to come; write the day on which it was signed"
                self._say((*where, "signed"), text)
            if known and known.force is Force.SHALL and keys.second in (None, keys.by):
                text = f"{keys.obligation} is mandatory; add 'second', another person who signs"
                self._say(where, text)
            found.append(Off(keys.obligation, frozenset(keys.subjects), keys.by, keys.signed, keys.why))
        return tuple(found)

    # --- what must hold together ------------------------------------------------------

    def _check_words(self) -> None:
        """Complain about roles and kinds that no obligation knows: they would bring nothing."""
        people = [
            each
            for each in self.obligations.values()
            if each.kind in (SubjectKind.PERSON, SubjectKind.FACEPIECE)
        ]
        roles = sorted({role for each in people for role in each.applies.roles})
        kinds = sorted({kind for each in self.obligations.values() for kind in each.applies.kinds})
        for id_, person in self.keys.people.items():
            for index, role in enumerate(person.roles):
                if role not in roles:
                    text = f"{role!r} brings no obligation; {suggest(role, roles)}"
                    self._say(("people", id_, "roles", index), text)
            of_face = [each for each in people if each.kind is SubjectKind.FACEPIECE]
            if not person.facepieces and any(each.applies.roles & set(person.roles) for each in of_face):
                text = f"{id_!r} wears a respirator; add 'facepieces', each is fitted for itself"
                self._say(("people", id_, "roles"), text)
        for id_, thing in self.keys.assets.items():
            if thing.kind and thing.kind not in kinds and id_ not in self.grounds.equipment:
                text = f"{thing.kind!r} brings no obligation; {suggest(thing.kind, kinds)}"
                self._say(("assets", id_, "kind"), text)

    def _check_cases(self, programme: Programme) -> None:
        """Complain where an interval depends on a category that nobody has given."""
        seen: set[str] = set()
        for obligation in programme.obligations.values():
            by_category = [case for case in obligation.cases if case.category]
            for subject in programme.subjects:
                if not by_category or subject.category is not None or subject.key in seen:
                    continue
                if obligation.case(replace(subject, category=min(by_category[0].category)), programme.waste):
                    seen.add(subject.key)
                    self._without_category(subject, obligation)

    def _without_category(self, subject: Subject, obligation: Obligation) -> None:
        if subject.kind is SubjectKind.PERSON:
            text = f"{subject.id!r} needs a category, on which {obligation.short} depends; add 'category'"
            self._say(("people", subject.id), text, at_key=True)
        else:
            text = f"{obligation.id} of {subject.id!r} depends on the category; add 'category' for the site"
            self._say((), text, at_key=True)

    def _calendar(self) -> Calendar:
        grounds, keys = self.grounds, self.keys.compounding
        opens = frozenset(day for day in grounds.hours if day < HOLIDAY) or frozenset(range(HOLIDAY))
        holidays = grounds.holidays if grounds.hours and HOLIDAY not in grounds.hours else frozenset()
        if keys is None:
            return Calendar(opens=opens, shut=holidays)
        if both := sorted(set(keys.closed) & set(keys.also)):
            text = f"{both[0]} is closed and a compounding day as well; keep it in one of the lists"
            self._say(("compounding", "also"), text)
        if keys.known_until < grounds.today:
            text = f"the calendar ended on {keys.known_until}; every day is taken for a compounding day since"
            self.complain(("compliance", "compounding", "known_until"), text, warning=True)
        return Calendar(
            compounding=frozenset(DAYS.index(day) for day in keys.days),
            closed=frozenset(keys.closed),
            extra=frozenset(keys.also),
            known_from=keys.known_from,
            known_until=keys.known_until,
            opens=opens,
            shut=holidays,
        )


def _line(*people: str | None) -> tuple[str, ...]:
    """Return who is told, each once, in the order in which they are."""
    return tuple(dict.fromkeys(each for each in people if each))
