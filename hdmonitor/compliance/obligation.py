"""What an obligation says, and what it is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum

from hdmonitor.compliance.dates import Calendar, Every
from hdmonitor.model import Force

STEPS = (90, 30, 14, 7, 1, 0)  # days before the due day


class SubjectKind(StrEnum):
    """What an obligation is for."""

    PERSON = "person"
    FACEPIECE = "facepiece"  # of a person, each for itself
    ASSET = "asset"  # equipment, instruments, kits
    ROOM = "room"
    SITE = "site"
    INCIDENT = "incident"  # a spill or an exposure that was reported


class Against(StrEnum):
    """What must not be done while it is overdue; the board asks for it."""

    COMPOUNDING = "compounding"  # by this person; in this hood or room
    HD_HANDLING = "hd-handling"
    OVERSIGHT = "oversight"
    RESPIRATOR = "respirator"
    USE = "use"  # of this thing


@dataclass(frozen=True, slots=True)
class Case:
    """How often, by which rule; the first case whose conditions hold decides."""

    every: Every
    rule: str
    category: frozenset[int] = frozenset()  # of the person, the thing, the room or the site
    waste: frozenset[str] = frozenset()  # regime of the site


@dataclass(frozen=True, slots=True)
class Applies:
    """For whom or what; every set that is not empty must match."""

    roles: frozenset[str] = frozenset()  # of a person, or of a room in the pressure order
    kinds: frozenset[str] = frozenset()  # of a thing
    category: frozenset[int] = frozenset()
    waste: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Obligation:
    """Something that has to be done again and again, or once, with its source beside it."""

    id: str
    version: str
    what: str  # a sentence
    short: str  # as messages say it: "fingertip test"
    kind: SubjectKind
    applies: Applies
    cases: tuple[Case, ...]
    force: Force
    source: str
    confidence: str
    before: bool = True  # nothing may be done without it
    first: Every | None = None  # else so long after the start of its subject; None: the interval
    steps: tuple[int, ...] = STEPS
    against: frozenset[Against] = frozenset()
    consequence: str = ""  # as messages say it: "no sterile compounding"
    passes: int = 1  # in a row, before it counts for the first time
    two_persons: bool = False
    dates_only: bool = False  # nothing but the day may be written down
    hours: float | None = None  # fulfilled when so many are recorded
    anchored: bool = False  # to the start of its subject, not to when it was last done
    windows: bool = False  # an accreditor gives it a window
    tasks: tuple[str, ...] = ()  # what has to be done, as a checklist
    notes: str = ""

    def case(self, subject: Subject, waste: str) -> Case | None:
        """Return what holds for a subject, None where nothing does."""
        applies = self.applies
        if (
            self.kind is not subject.kind
            or (applies.roles and not applies.roles & subject.roles)
            or (applies.kinds and subject.what not in applies.kinds)
            or (applies.category and subject.category not in applies.category)
            or (applies.waste and waste not in applies.waste)
        ):
            return None
        return next(
            (
                case
                for case in self.cases
                if (not case.category or subject.category in case.category)
                and (not case.waste or waste in case.waste)
            ),
            None,
        )


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, a facepiece of a person, a thing, a room or the site, as obligations see it."""

    kind: SubjectKind
    id: str
    name: str
    start: date  # from when something may be due: hired, put into service, the calendar begun
    known_from: date | None = None  # nothing was done before: hired, put into service
    part: str = ""  # the facepiece
    roles: frozenset[str] = frozenset()
    what: str = ""  # kind of a thing
    category: int | None = None  # highest one
    end: date | None = None  # last day
    room: str = ""  # where a thing stands
    tells: tuple[str, ...] = ()  # people: who sees to it, the supervisor, the pharmacist in charge

    @property
    def key(self) -> str:
        """As completions name it."""
        return f"{self.id}/{self.part}" if self.part else self.id


@dataclass(frozen=True, slots=True)
class Off:
    """An obligation that a site does not keep, signed."""

    obligation: str
    subjects: frozenset[str]  # keys; empty: none keeps it
    by: str
    signed: date
    why: str


@dataclass(frozen=True, slots=True)
class Programme:
    """All obligations of one site, what they are for, and its calendar."""

    zone: str  # IANA
    waste: str
    obligations: Mapping[str, Obligation]
    subjects: tuple[Subject, ...]
    calendar: Calendar
    off: tuple[Off, ...] = ()
    accreditor_windows: bool = False
    at: time = time(7)  # local time of the daily look and its messages
    in_charge: str = ""  # id of the pharmacist in charge
    digest: str = ""  # of the files; another one is a reason to look again
    reached: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # destinations by person

    @property
    def bars(self) -> frozenset[str]:
        """Return the ids of the obligations that may stand against work."""
        return frozenset(id_ for id_, each in self.obligations.items() if each.against)

    def duties(self) -> Iterator[tuple[Obligation, Subject, Case]]:
        """Yield every obligation with every subject it is for, and how often, by which rule."""
        for obligation in self.obligations.values():
            for subject in self.subjects:
                case = obligation.case(subject, self.waste)
                if case is not None and not self._is_off(obligation.id, subject.key):
                    yield obligation, subject, case

    def duty(self, obligation: str, subject: str) -> tuple[Obligation, Subject, Case] | None:
        """Return one of `duties` by its id and key."""
        found = self.obligations.get(obligation)
        for each in self.subjects:
            if found is not None and each.key == subject and each.kind is found.kind:
                case = found.case(each, self.waste)
                if case is not None and not self._is_off(obligation, subject):
                    return found, each, case
        return None

    def _is_off(self, obligation: str, subject: str) -> bool:
        return any(
            off.obligation == obligation and (not off.subjects or subject in off.subjects) for off in self.off
        )
