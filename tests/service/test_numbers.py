"""The numbers of alarms as a journal holds them, and the event of each day."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from queue import Queue

import pytest

from hdmonitor.alarm_numbers import as_lines, of_day
from hdmonitor.catalogue import own_rules
from hdmonitor.clock import Clock
from hdmonitor.core import Core
from hdmonitor.events import Alarm, Event, Kind, Outcome
from hdmonitor.inbox import Tick
from hdmonitor.journal import Journal
from hdmonitor.model import Level, Priority
from hdmonitor.monitor import Monitor
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[2] / "config" / "site.yaml")
DAY = date(2026, 3, 8)  # the day on which clocks go forward in New York: 23 hours
MIDNIGHT = datetime(2026, 3, 8, 5, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path):
    journal = Journal.open(tmp_path / "journal.db")
    yield journal
    journal.close()


def opened(number, at, *, active=False):
    return Alarm(
        f"A{number}", "hd-fridge-1.temperature", "659-3", "1", Level.ALARM, Priority.HIGH, at, at, "", active
    )


def write(journal):
    """Two alarms of the day, one answered twice, one of the day after."""
    hour = timedelta(hours=1)
    alarms = [opened(1, MIDNIGHT), opened(2, MIDNIGHT + 22.9 * hour), opened(3, MIDNIGHT + 23 * hour)]
    answers = [
        Event(1, MIDNIGHT + hour / 6, Kind.ACKNOWLEDGED, "x", {"by": "lee"}, "A1"),
        Event(2, MIDNIGHT + hour, Kind.ACKNOWLEDGED, "x", {"by": "lee"}, "A1"),
        Event(3, MIDNIGHT + hour, Kind.ACK_EXPIRED, "x", {"by": "lee"}, "A2"),
    ]
    journal.commit(Outcome(alarms={each.id: each for each in alarms}, events=answers), at=MIDNIGHT)


def test_a_local_day_is_counted_from_midnight_to_midnight_with_its_first_answers(journal):
    write(journal)

    with journal.reader() as reader:
        found = of_day(reader, DAY, SITE.zone)

    assert found.total == 2
    assert found.until - found.since == timedelta(hours=23)
    assert (found.answers["night"].alarms, found.answers["night"].median_s) == (2, 600.0)
    lines = list(as_lines(found, SITE))
    assert "  night    23-07   2 alarms, 1 unanswered; median 10.0 min, longest 10.0 min" in lines
    assert "      2  HD Fridge 1 (hd-fridge-1.temperature), 659-3" in lines


class Standing(Clock):
    at = MIDNIGHT + timedelta(hours=20)

    def now(self):
        return self.at

    def step(self):
        return None


class Nowhere:
    def __getattr__(self, _):
        return lambda *_, **__: None


def test_each_day_is_written_down_once_through_restarts(journal):
    write(journal)
    clock = Standing()

    def ticks(hours):
        restored = journal.restore()
        monitor = Monitor(SITE, own_rules(), clock.at, restored)
        core = Core(
            journal, monitor, Queue(), clock=clock, link=Nowhere(), tell=lambda: None, copy=lambda: None
        )
        for _ in range(hours):
            clock.at += timedelta(hours=1)
            core.turn([Tick()])

    ticks(3)
    ticks(3)
    ticks(24)

    with journal.reader() as reader:
        told = [each.event for each in reader.events_after(0, 10_000) if each.event.kind is Kind.NUMBERS]
    assert [event.detail["day"] for event in told] == ["2026-03-07", "2026-03-08", "2026-03-09"]
    assert told[0].detail["top"] == []
    assert told[1].detail["top"][0] == {"alarms": 2, "point": "hd-fridge-1.temperature", "rule": "659-3"}
    assert {each["rule"] for each in told[1].detail["top"][1:]} == {"HDM-SILENCE"}  # nothing was ever heard
