"""Readings, events and notices for tests of the journal, and short ways to write and read them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hdmonitor.events import About, Alarm, Event, Kind, Notice, Outcome
from hdmonitor.journal import Journal
from hdmonitor.model import Level, Priority, Reading

T = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)


def reading(value: float | None = 5.0, at: datetime = T, point: str = "fridge", **facts: object) -> Reading:
    return Reading(point, value, at, at)._replace(**facts)


def event(number: int, alarm: str | None = None, **detail: object) -> Event:
    return Event(number, T, Kind.MOVED, "fridge", detail, alarm)


def notice(number: int = 1, about: About = About.OPENED, to: str = "phone", **facts: object) -> Notice:
    owed = Notice(number, "A1", to, about, Priority.HIGH, False, "HD Fridge 2: 9.4 C", "Shut the door. A1", T)
    return replace(owed, **facts)


def write(journal: Journal, *readings: Reading) -> None:
    journal.commit(Outcome(readings=list(readings)), at=T)


def stored(journal: Journal) -> list[Reading]:
    with journal.reader() as reader:
        return [each.reading for each in reader.readings_after(0, 100_000)]


def count(journal: Journal, kind: str) -> int:
    with journal.reader() as reader:
        return reader.count(kind)


def verified(journal: Journal) -> list[str]:
    with journal.reader() as reader:
        return reader.verify()


ALARM = Alarm(
    id="A1",
    point="fridge",
    rule="659-1",
    version="2024",
    level=Level.ALARM,
    priority=Priority.HIGH,
    began_at=T,
    opened_at=T + 15 * 60 * SECOND,
    title="HD Fridge 2: 9.4 °C",
    active=True,
)
