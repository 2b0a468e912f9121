"""Who and what against obligations on one local day, as values: for the page, as a table, as a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from icalendar import Calendar, Event

from hdmonitor.completions import Completion
from hdmonitor.compliance.due import Due, Key, State, all_due
from hdmonitor.compliance.obligation import Obligation, Programme, Subject, SubjectKind
from hdmonitor.model import Force
from hdmonitor.spreadsheet import written

LARGE_ROLE: Final = 10  # obligations of one role; more are a programme with a table of its own
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SOON: Final = 30  # days before the due day from which it is shown as near
FACEPIECES: Final = "Fit tests"
TITLES: Final = {
    SubjectKind.PERSON: "People",
    SubjectKind.FACEPIECE: FACEPIECES,
    SubjectKind.ASSET: "Equipment",
    SubjectKind.ROOM: "Rooms",
    SubjectKind.SITE: "Site",
    SubjectKind.INCIDENT: "Incidents",
}


Look: TypeAlias = Literal["bad", "late", "due", "soon", "fine", "done"]
StateWord: TypeAlias = Literal["done", "current", "due", "overdue", "never", "to repeat"]
WORDS: Final[Mapping[State, StateWord]] = {
    State.DONE: "done",
    State.CURRENT: "current",
    State.DUE: "due",
    State.OVERDUE: "overdue",
    State.NEVER: "never",
    State.FAILED: "to repeat",  # for who reads along: a result is told to nobody else
}


@dataclass(frozen=True, slots=True)
class Cell:
    """How one obligation stands for one subject: a word, a day, and how it looks."""

    obligation: str
    subject: str
    look: Look
    says: str  # in full, with the rule
    short: str  # as much as fits into a cell


@dataclass(frozen=True, slots=True)
class Row:
    """One subject, with a cell for each column; None where the obligation is not kept."""

    key: str
    name: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """One obligation as a heading."""

    id: str
    short: str
    what: str
    force: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: subjects of one kind and what is kept for them."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def bad(self) -> int:
        """How many cells stand against something, or would if they were binding."""
        return sum(cell is not None and cell.look == "bad" for row in self.rows for cell in row.cells)


def sheets(programme: Programme, filed: Mapping[Key, Sequence[Completion]], on: date) -> list[Sheet]:
    """Return every duty of a local day in tables that stay readable."""
    dues = {due.key: due for due in all_due(programme, filed, on)}
    groups: dict[tuple[str, tuple[str, ...]], list[Subject]] = {}
    kept: dict[str, list[str]] = {}
    for obligation, key in dues:
        kept.setdefault(key, []).append(obligation)
    large = _large_roles(programme)
    order = {id_: number for number, id_ in enumerate(programme.obligations)}
    for subject in programme.subjects:
        if subject.kind is SubjectKind.INCIDENT and _is_over(subject, dues.values(), on):
            continue
        for title, ids in _parts(subject, kept.get(subject.key, []), programme, large):
            groups.setdefault((title, ids), []).append(subject)
    return [
        _sheet(
            title,
            # What work depends on comes first: on a phone it is what is seen.
            sorted(
                (programme.obligations[id_] for id_ in ids),
                key=lambda each: (not each.against, order[each.id]),
            ),
            [each for each in programme.subjects if each in subjects],
            dues,
            on,
        )
        for title, (ids, subjects) in _joined(groups).items()
    ]


def _is_over(incident: Subject, dues: Iterable[Due], on: date) -> bool:
    """Tell whether everything that had to follow an incident was done."""
    return all(due.state(on) is State.DONE for due in dues if due.subject == incident)


def _large_roles(programme: Programme) -> dict[str, str]:
    """Return the obligations that belong to a role with many of them, with that role."""
    of_role: dict[str, list[str]] = {}
    for obligation in programme.obligations.values():
        if obligation.kind is SubjectKind.PERSON and len(obligation.applies.roles) == 1:
            (role,) = obligation.applies.roles
            of_role.setdefault(role, []).append(obligation.id)
    return {id_: role for role, ids in of_role.items() if len(ids) > LARGE_ROLE for id_ in ids}


def _parts(
    subject: Subject, ids: list[str], programme: Programme, large: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield in which tables a subject stands: with all people, with things of its kind, in a programme."""
    mine = [
        id_ for id_ in programme.obligations if id_ in ids and programme.obligations[id_].kind is subject.kind
    ]
    for role in sorted({large[id_] for id_ in mine if id_ in large}):
        yield f"Programme: {role}", tuple(id_ for id_ in mine if large.get(id_) == role)
    if rest := tuple(id_ for id_ in mine if id_ not in large):
        title = TITLES[subject.kind]
        yield (f"{title}: {subject.what}" if subject.what else title), rest


def _joined(
    groups: Mapping[tuple[str, tuple[str, ...]], list[Subject]],
) -> dict[str, tuple[set[str], list[Subject]]]:
    """Put tables of one title together, with the columns of all of them."""
    joined: dict[str, tuple[set[str], list[Subject]]] = {}
    for (title, ids), subjects in groups.items():
        columns, rows = joined.setdefault(title, (set(), []))
        columns.update(ids)
        rows += subjects
    return joined


def _sheet(
    title: str,
    obligations: Sequence[Obligation],
    subjects: Sequence[Subject],
    dues: Mapping[Key, Due],
    on: date,
) -> Sheet:
    columns = tuple(Column(each.id, each.short, each.what, each.force.name) for each in obligations)
    rows = tuple(
        Row(
            subject.key,
            full_name(subject),
            tuple(
                cell(due, on) if (due := dues.get((each.id, subject.key))) is not None else None
                for each in obligations
            ),
        )
        for subject in subjects
    )
    return Sheet(title, columns, rows)


def cell(due: Due, on: date) -> Cell:
    """Return how a due date is shown; a failed test reads as one to be repeated, for others read along."""
    look, short = _shown(due, on)
    obligation, subject = due.obligation, due.subject
    if look == "bad" and obligation.force is not Force.SHALL:
        look = "late"  # a recommendation that is late is no violation
    says = f"{subject.name}, {obligation.short}: {short} ({due.case.rule}, {obligation.force.name})"
    return Cell(obligation.id, subject.key, look, says, short)


def full_name(subject: Subject) -> str:
    """Return how a subject is called: a person, and of a respirator the facepiece."""
    return f"{subject.name}, {subject.part}" if subject.part else subject.name


def _shown(due: Due, on: date) -> tuple[Look, str]:
    last = due.last_day
    counted = _so_far(due)
    match due.state(on):
        case State.DONE:
            return "done", f"done {_day(due.last.on, on) if due.last else ''}".strip()
        case State.NEVER:
            return "bad", counted or "none on record"
        case State.FAILED:
            return "bad", "to be repeated"
        case State.OVERDUE if last is not None:
            return "bad", f"overdue {(on - last).days} d"
        case State.DUE:
            return "due", "due today"
    assert last is not None  # noqa: S101  # what is current has a day
    look: Look = "soon" if (last - on).days <= SOON else "fine"
    return look, f"{counted}, {_day(last, on)}" if counted else _day(last, on)


def _so_far(due: Due) -> str:
    """Say how far somebody has come who is not there yet: two of three, 312 of 1,000 h."""
    hours, passes = due.obligation.hours, due.obligation.passes
    if hours is not None and due.so_far:
        return f"{due.so_far:g} of {hours:g} h"
    return f"{due.so_far} of {passes}" if passes > 1 and due.last is None and due.so_far else ""


def _day(day: date, on: date) -> str:
    """Write a day as short as it is clear: with its year when that is another one."""
    year = "" if day.year == on.year else f" {day.year}"
    return f"{day.day} {MONTHS[day.month - 1]}{year}"


# --- as a table, as a calendar ------------------------------------------------------


def table(dues: Sequence[Due], on: date) -> str:
    """Write every duty on a line of its own, as spreadsheets sort and filter it."""
    heading = ("subject", "name", "obligation", "what", "rule", "force", "state", "due", "last done")
    lines = []
    for due in sorted(dues, key=lambda due: (due.subject.name, due.obligation.id)):
        obligation, subject = due.obligation, due.subject
        last = due.last.on.isoformat() if due.last else ""
        day = due.last_day.isoformat() if due.last_day else ""
        lines.append(
            (
                subject.key,
                full_name(subject),
                obligation.id,
                obligation.short,
                due.case.rule,
                obligation.force.name,
                WORDS[due.state(on)],
                day,
                last,
            )
        )
    return written([heading, *lines])


def calendar(dues: Sequence[Due], site: str, name: str, at: datetime) -> bytes:
    """Write due days as iCalendar; each keeps its name when it is written again."""
    found = Calendar()
    found.add("prodid", "-//hdmonitor//compliance//EN")
    found.add("version", "2.0")
    found.add("x-wr-calname", name)
    for due in dues:
        if due.last_day is None or due.case.every.is_daily:
            continue
        event = Event()
        event.add(
            "uid", f"{due.obligation.id}.{due.subject.key}.{due.last_day}@{site}.hdmonitor".replace("/", ".")
        )
        event.add("dtstamp", at)
        event.add("dtstart", due.last_day)
        event.add("summary", f"{due.subject.name}: {due.obligation.short}")
        event.add(
            "description", f"{due.obligation.what}. Last day ({due.case.rule}, {due.obligation.force.name})."
        )
        event.add("transp", "TRANSPARENT")
        found.add_component(event)
    return bytes(found.to_ical())
