"""When something is due, from what was done; and how that stands on a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from hdmonitor.completions import Completion, Result
from hdmonitor.compliance.dates import A_DAY, Calendar, Every, Unit, later
from hdmonitor.compliance.obligation import Against, Case, Obligation, Programme, Subject
from hdmonitor.model import Force

Key = tuple[str, str]  # obligation and subject
# Of the Joint Commission's environment of care: days by months. They move no date of USP or a board.
WINDOWS = {36: 45, 12: 30, 6: 20, 3: 10}


class State(StrEnum):
    """How an obligation stands for a subject on a day."""

    DONE = "done"  # once, and done
    CURRENT = "current"
    DUE = "due"  # today is the last day
    OVERDUE = "overdue"
    NEVER = "never"  # nothing on record, and it had to be before
    FAILED = "failed"


BAD = frozenset({State.OVERDUE, State.NEVER, State.FAILED})


@dataclass(frozen=True, slots=True)
class Due:
    """Until when (inclusive) an obligation has to be done for a subject, and by which rule."""

    obligation: Obligation
    subject: Subject
    case: Case
    day: date | None  # None: never again
    last: Completion | None = None  # by which it counts
    failed: Completion | None = None  # since then
    so_far: int = 0  # passes in a row, or hours, that do not suffice yet
    window_ends: date | None = None  # where an accreditor gives a window

    @property
    def key(self) -> Key:
        """Return what names it."""
        return self.obligation.id, self.subject.key

    @property
    def last_day(self) -> date | None:
        """Return the last day that is not too late."""
        return self.window_ends or self.day

    def state(self, on: date) -> State:
        """Tell how it stands on a local day."""
        if self.failed is not None:
            return State.FAILED
        if self.last is None and self.obligation.before and not self.case.every.is_daily:
            return State.NEVER
        if self.last_day is None:
            return State.DONE
        if on > self.last_day:
            return State.OVERDUE
        return State.DUE if on == self.last_day else State.CURRENT

    def since(self, on: date) -> date | None:
        """Return the first day on which it stands against work, None when on `on` it does not."""
        match self.state(on):
            case State.OVERDUE:
                return self.last_day + A_DAY if self.last_day else None
            case State.NEVER:
                return self.subject.start
            case State.FAILED:
                return self.failed.on if self.failed else None
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody or something is not to be relied on, as a sentence with its rule and force."""

    subject: Subject
    obligation: Obligation
    rule: str
    force: Force
    state: State
    against: frozenset[Against]
    since: date
    text: str


def counted(completions: Iterable[Completion]) -> list[Completion]:
    """Return what counts, in the order of its days: corrected and withdrawn entries left out."""
    all_ = list(completions)
    corrected = {each.corrects for each in all_}
    kept = [each for each in all_ if each.number not in corrected and each.result is not Result.VOID]
    return sorted(kept, key=lambda each: (each.on, each.run, each.number))


def by_key(completions: Iterable[Completion]) -> dict[Key, list[Completion]]:
    """Sort completions by what they are about."""
    found: dict[Key, list[Completion]] = defaultdict(list)
    for each in completions:
        found[each.obligation, each.subject].append(each)
    return found


@dataclass(slots=True)
class _Count:
    """What counts, while it is read in the order of its days."""

    obligation: Obligation
    last: Completion | None = None
    failed: Completion | None = None
    so_far: float = 0
    passed: list[date] = field(default_factory=list)

    def take(self, each: Completion) -> None:
        if each.result is Result.FAIL:
            self.failed, self.so_far = each, 0
        elif each.result is Result.PASS:
            hours = self.obligation.hours
            self.so_far += 1 if hours is None else float(each.values.get("hours", 0))
            # A failure starts the count of three again; who has once had them needs one.
            needed = hours or (1 if self.last else self.obligation.passes)
            if self.so_far >= needed:
                self.last, self.failed, self.so_far = each, None, 0
                self.passed.append(each.on)


def due_of(
    programme: Programme,
    obligation: Obligation,
    subject: Subject,
    case: Case,
    completions: Sequence[Completion],
) -> Due:
    """Return when an obligation is due for a subject; `completions` are those about both."""
    count = _Count(obligation)
    for each in counted(completions):
        count.take(each)
    day = _day(programme.calendar, obligation, subject, case.every, count)
    if count.failed is not None:
        day = min(count.failed.on, day or count.failed.on)
    window = _window(day, case.every) if programme.accreditor_windows and obligation.windows else None
    return Due(obligation, subject, case, day, count.last, count.failed, int(count.so_far), window)


def _day(
    calendar: Calendar, obligation: Obligation, subject: Subject, every: Every, count: _Count
) -> date | None:
    if every.is_daily:
        return calendar.next_day(every.unit, count.last.on + A_DAY if count.last else subject.start)
    if obligation.anchored and every.unit is not Unit.ONCE:
        return _anchored(subject.start, every, count.passed)
    if count.last is None:
        return subject.start if obligation.before else later(subject.start, obligation.first or every)
    return None if every.unit is Unit.ONCE else later(count.last.on, every)


def _anchored(start: date, every: Every, passed: Iterable[date]) -> date:
    """Return the first day of a schedule from `start` that nothing fulfils.

    What is done in its own period fulfils it; what comes too late does no more than that.
    """
    number = 1
    for day in passed:
        if day > later(start, every, number):
            while later(start, every, number) <= day:
                number += 1
        elif number == 1 or day > later(start, every, number - 1):
            number += 1
    return later(start, every, number)


def _window(day: date | None, every: Every) -> date | None:
    if day is None:
        return None
    if every == Every(Unit.DAYS, 7):  # once in each calendar week
        return day + timedelta(days=6 - day.weekday())
    if every == Every(Unit.MONTHS, 1):  # once in each calendar month
        return later(day.replace(day=1), every) - A_DAY
    days = WINDOWS.get(every.count) if every.unit is Unit.MONTHS else None
    return day + timedelta(days=days) if days else None


def all_due(
    programme: Programme,
    completions: Mapping[Key, Sequence[Completion]],
    on: date | None = None,
    *,
    against_work: bool = False,
) -> list[Due]:
    """Return everything that is kept; with `on`, as far as it was done by that day and for who was there.

    With `against_work`, only what may stand against work.
    """
    found = []
    for obligation, subject, case in programme.duties():
        if against_work and not obligation.against:
            continue
        if on is not None and not (subject.start <= on and (subject.end is None or on <= subject.end)):
            continue
        done = completions.get((obligation.id, subject.key), ())
        known = done if on is None else [each for each in done if each.on <= on]
        found.append(due_of(programme, obligation, subject, case, known))
    return found


def standing_against(
    programme: Programme, completions: Mapping[Key, Sequence[Completion]], on: date
) -> list[Reason]:
    """Return what stands against work on a local day, by rule; nothing does not mean that all is well.

    What was filed about the obligations of `Programme.bars` is enough.
    """
    dues = all_due(programme, completions, on, against_work=True)
    return [reason for due in dues if (reason := reason_of(due, on)) is not None]


def reason_of(due: Due, on: date) -> Reason | None:
    """Return why a due date stands against work on a day, None when it does not."""
    since, obligation = due.since(on), due.obligation
    if since is None or not obligation.against:
        return None
    return Reason(
        due.subject,
        obligation,
        due.case.rule,
        obligation.force,
        due.state(on),
        obligation.against,
        since,
        f"{due.subject.name}: {said(due, on)} ({due.case.rule}, {obligation.force.name})",
    )


def said(due: Due, on: date) -> str:
    """Say in plain words how something stands on a day; never why it failed."""
    short = due.obligation.short
    match due.state(on):
        case State.DONE:
            return f"{short} done on {due.last.on if due.last else ''}"
        case State.NEVER:
            return f"no {short} on record"
        case State.FAILED:
            return f"{short} has to be repeated since {due.since(on)}"
        case State.OVERDUE:
            return f"{short} overdue since {due.since(on)}"
        case State.DUE:
            return f"{short} due today"
        case _:
            return f"{short} due {due.last_day}"
