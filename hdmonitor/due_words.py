"""What people are told of what is due: the person about themselves, others never about a result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hdmonitor.alerts import fitting
from hdmonitor.alerts.wording import Text
from hdmonitor.compliance.due import Due, State
from hdmonitor.compliance.obligation import SubjectKind
from hdmonitor.compliance.reminders import Told

A_DAY = timedelta(days=1)
LISTED = 6
SHORTEST_NAME = 6  # characters that still tell one from the next
WHERE = "See: hdmonitor compliance status"
OF_PEOPLE = (SubjectKind.PERSON, SubjectKind.FACEPIECE)


def text(told: Sequence[Told], reader: str, on: date) -> Text:
    """Return the message of a local day to the person `reader`: in full when it is about one thing."""
    if len(told) == 1:
        (one,) = told
        own = one.due.subject.kind in OF_PEOPLE and one.due.subject.id == reader
        return _own(one.due, one.day, on) if own else _other(one.due, one.day, on)
    late = sum(each.day < on for each in told)
    first = _day(min(each.day for each in told), on)
    title = f"{len(told)} due, {late} overdue" if late else f"{len(told)} due, the first {first}"
    shown = [_item(each, reader, on) for each in sorted(told, key=lambda each: each.day)[:LISTED]]
    return Text(title, fitting.body(WHERE, _fitting_items(shown, len(told))))


def _fitting_items(items: list[str], count: int) -> list[tuple[int, str]]:
    """Return as many items as fit, and how many more there are."""
    while len(items) > 1:
        more = f" and {count - len(items)} more" if count > len(items) else ""
        if len(line := f"{'; '.join(items)}{more}.") <= fitting.BODY - len(WHERE) - 1:
            return [(0, line)]
        items = items[:-1]
    return [(0, f"{items[0]} and {count - 1} more.")]


def _item(told: Told, reader: str, on: date) -> str:
    subject, short = told.due.subject, told.due.obligation.short
    who = "" if subject.id == reader and subject.kind in OF_PEOPLE else f"{subject.name}: "
    return f"{who}{short} {_day(told.day, on)}"


def _own(due: Due, day: date, on: date) -> Text:
    state, short = due.state(on), due.obligation.short
    if state is State.FAILED:
        title = f"Your {short} has to be repeated"
    elif state is State.NEVER:
        title = f"Your {short} is not on record"
    elif on > day:
        title = f"Your {short} is overdue"
    else:
        title = f"Your {short} ends {_day(day, on)}"
    if len(title) > fitting.TITLE:
        title = short
    return Text(title, _body(due, day, on, "Book with your supervisor."))


def _other(due: Due, day: date, on: date) -> Text:
    name, short = fitting.plain(due.subject.name), due.obligation.short
    title = f"{name}: {short} {'overdue' if on > day else f'due {_day(day, on)}'}"
    if len(title) <= fitting.TITLE:
        return Text(title, _body(due, day, on, ""))
    # What it is about stays whole; the name, where it is cut, stands in the body.
    room = fitting.TITLE - len(f": {short}") >= SHORTEST_NAME
    title = fitting.title(name, (f"{{name}}: {short}",)) if room else short
    return Text(title, _body(due, day, on, "", "" if name in title else f"{name}."))


def _body(due: Due, day: date, on: date, how: str, who: str = "") -> str:
    """Say how long, what to do, what follows, by which rule."""
    obligation = due.obligation
    late = on > day or due.state(on) in (State.NEVER, State.FAILED)
    left = (day - on).days
    when = f"Since {_date(day + A_DAY, on)}." if on > day else _left(left) if left else "Today."
    from_then = "Until then" if late else f"From {_date(day + A_DAY, on)}"
    then = f"{from_then} {obligation.consequence}" if obligation.consequence else ""
    end = f"({due.case.rule}, {obligation.force.name})."
    return fitting.body(end, ((0, who), (0, when), (1, how), (0, then)))


def _left(days: int) -> str:
    return "1 day left." if days == 1 else f"{days} days left."


def _day(day: date, on: date) -> str:
    """Write a day as people say it, the same in every locale: "Fri 12 Mar", and another year than this."""
    weekday = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day.weekday()]
    return f"{weekday} {_date(day, on)}"


def _date(day: date, on: date) -> str:
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{day.day} {months[day.month - 1]}{'' if day.year == on.year else f' {day.year}'}"
