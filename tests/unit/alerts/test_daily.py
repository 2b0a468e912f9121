"""The daily digest: one for each local day, whatever clocks and restarts do; and its words."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hdmonitor.alerts.daily import DAILY, Daily, Standing, text
from hdmonitor.catalogue import own_rules
from hdmonitor.events import ClockStepped
from hdmonitor.model import Reading
from hdmonitor.monitor import Monitor
from hdmonitor.scenario import Memory
from hdmonitor.site import load_site

SITE, _ = load_site(Path(__file__).parents[3] / "config" / "site.yaml")
OWN = own_rules()
NEW_YORK = "America/New_York"
HOUR = timedelta(hours=1)
SIX = Daily(time(6), ("manager-phone", "pharmacist-phone"))


def watching(at, *, zone=NEW_YORK, daily=SIX, memory=None, points=("ups.charge",)):
    site = replace(
        SITE,
        zone=zone,
        points={name: SITE.points[name] for name in points},
        devices={
            topic: replace(device, points=tuple(p for p in device.points if p.id in points))
            for topic, device in SITE.devices.items()
            if any(p.id in points for p in device.points)
        },
    )
    return Monitor(site, OWN, at, memory.restored() if memory else None, daily)


def told(outcome):
    return [(event.at, event.detail["day"]) for event in outcome.events if event.detail.get("about") == DAILY]


# --- when ---------------------------------------------------------------------


def test_it_is_owed_at_its_local_time_to_the_microsecond():
    six = datetime(2026, 3, 2, 11, tzinfo=UTC)
    monitor = watching(six - HOUR)

    assert told(monitor.handle([], six - timedelta(microseconds=1))) == []
    outcome = monitor.handle([], six)
    assert told(outcome) == [(six, "2026-03-02")]
    assert [notice.destination for notice in outcome.notices] == ["manager-phone", "pharmacist-phone"]
    assert told(monitor.handle([], six)) == []
    assert told(monitor.handle([], six + 20 * HOUR)) == []


def test_it_is_of_its_moment_however_late_it_is_looked_at():
    six = datetime(2026, 3, 2, 11, tzinfo=UTC)

    assert told(watching(six - HOUR).handle([], six + 5 * HOUR)) == [(six, "2026-03-02")]


def remembering(day):
    """What a journal knows in which `day` was the newest that had its digest."""
    return Memory({DAILY: day}, at=datetime(2026, 3, 2, 12, tzinfo=UTC))


def at_start(now, memory):
    return told(watching(now, memory=memory).handle([], now))


def test_the_first_one_ever_comes_in_its_time_not_at_the_start():
    six = datetime(2026, 3, 2, 11, tzinfo=UTC)
    late = watching(six + HOUR)

    assert told(watching(six).handle([], six)) == [(six, "2026-03-02")]
    assert told(late.handle([], six + HOUR)) == []
    assert told(late.handle([], six + 24 * HOUR)) == [(six + 24 * HOUR, "2026-03-03")]


def test_one_that_was_missed_is_told_at_the_start_and_only_the_newest():
    thursday = datetime(2026, 3, 5, 12, tzinfo=UTC)  # 07:00

    assert at_start(thursday, remembering("2026-03-02")) == [(thursday, "2026-03-05")]
    assert at_start(thursday, remembering("2026-03-04")) == [(thursday, "2026-03-05")]
    assert at_start(thursday, remembering("2026-03-05")) == []


def test_one_that_was_missed_the_day_before_is_told_at_the_start_and_that_of_the_day_in_time():
    early = datetime(2026, 3, 5, 10, tzinfo=UTC)  # 05:00
    again = watching(early, memory=remembering("2026-03-02"))

    assert told(again.handle([], early)) == [(early, "2026-03-04")]
    assert told(again.handle([], early + HOUR)) == [(early + HOUR, "2026-03-05")]
    assert at_start(early, remembering("2026-03-04")) == []


def test_a_restart_does_not_repeat_it():
    memory = Memory()
    six = datetime(2026, 3, 2, 11, tzinfo=UTC)
    outcome = watching(six).handle([], six)
    assert told(outcome) == [(six, "2026-03-02")]
    memory.take(outcome, six)

    assert at_start(six + HOUR, memory) == []


@pytest.mark.parametrize(
    ("at", "day", "moment"),
    [
        (time(2, 30), date(2026, 3, 8), "2026-03-08T07:30+00:00"),  # there is no 02:30: it is 03:30
        (time(1, 59), date(2026, 3, 8), "2026-03-08T06:59+00:00"),
        (time(3, 0), date(2026, 3, 8), "2026-03-08T07:00+00:00"),
        (time(1, 30), date(2026, 11, 1), "2026-11-01T05:30+00:00"),  # the first of two
        (time(6, 0), date(2026, 11, 1), "2026-11-01T11:00+00:00"),
        (time(6, 0), date(2026, 10, 31), "2026-10-31T10:00+00:00"),
    ],
)
def test_the_moment_where_clocks_change(at, day, moment):
    assert Daily(at, ()).moment(day, NEW_YORK).isoformat(timespec="minutes") == moment


CHANGES = [  # around the days on which clocks change, at midnight in some of them
    (NEW_YORK, "2026-03-05"),
    (NEW_YORK, "2026-10-29"),
    ("Europe/Berlin", "2026-03-26"),
    ("Europe/Berlin", "2026-10-22"),
    ("Australia/Lord_Howe", "2026-04-02"),
    ("Australia/Lord_Howe", "2026-10-01"),
    ("Africa/Cairo", "2026-04-21"),
    ("Africa/Cairo", "2026-10-27"),
    ("America/Santiago", "2026-04-02"),
    ("America/Santiago", "2026-09-03"),
    ("America/Nuuk", "2026-03-26"),
    ("America/Nuuk", "2026-10-22"),
    ("UTC", "2026-02-26"),
]


@pytest.mark.parametrize("at", [time(0), time(0, 30), time(1, 30), time(2, 30), time(6), time(23, 30)])
@pytest.mark.parametrize(("zone", "start"), CHANGES)
def test_there_is_exactly_one_for_each_local_day_through_every_change_of_clocks(zone, start, at):
    """Looked at in steps of any size, as a daemon that is idle, busy or restarted would."""
    first = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    steps = random.Random(f"{zone}{start}{at}")
    daily = Daily(at, ("manager-phone",))
    now, days = first, []
    memory = Memory({DAILY: (date.fromisoformat(start) - timedelta(days=1)).isoformat()}, at=first)
    monitor = watching(now, zone=zone, daily=daily, memory=memory)
    while now < first + timedelta(days=8):
        outcome = monitor.handle([], now)
        memory.take(outcome, now)
        days += [day for _, day in told(outcome)]
        now += steps.uniform(0, 3) * HOUR
        if steps.random() < 0.3:
            monitor = watching(now, zone=zone, daily=daily, memory=memory)

    last = date.fromisoformat(days[-1])
    expected = [(date.fromisoformat(start) + timedelta(days=n)).isoformat() for n in range(len(days))]
    assert days == expected
    assert last >= date.fromisoformat(start) + timedelta(days=6)


def test_a_clock_that_is_set_back_or_on_does_not_repeat_it():
    six = datetime(2026, 3, 2, 11, tzinfo=UTC)
    monitor = watching(six - HOUR)
    assert told(monitor.handle([], six)) == [(six, "2026-03-02")]

    back = monitor.handle([ClockStepped(-2 * HOUR)], six - 2 * HOUR)
    assert told(back) == []
    assert told(monitor.handle([], six + 2 * HOUR)) == []
    assert told(monitor.handle([], six + 24 * HOUR)) == [(six + 24 * HOUR, "2026-03-03")]


def test_a_clock_that_jumps_ahead_by_days_leaves_them_out():
    six = datetime(2026, 3, 2, 11, tzinfo=UTC)
    monitor = watching(six - HOUR)
    monitor.handle([], six)

    ahead = monitor.handle([ClockStepped(timedelta(days=3))], six + timedelta(days=3))

    assert told(ahead) == [(six + timedelta(days=3), "2026-03-05")]


def test_days_that_a_wrong_clock_told_do_not_silence_the_right_ones():
    early = datetime(2026, 3, 2, 10, tzinfo=UTC)
    monitor = watching(early, memory=remembering("2099-01-01"))

    assert told(monitor.handle([], early + HOUR)) == [(early + HOUR, "2026-03-02")]


def test_without_a_digest_nothing_is_told():
    noon = datetime(2026, 3, 2, 17, tzinfo=UTC)
    monitor = watching(noon, daily=None)

    assert told(monitor.handle([], noon + timedelta(days=40))) == []


# --- what ---------------------------------------------------------------------


NOTHING = Standing("Example Pharmacy", 18, (), (), (), (), ())


@pytest.mark.parametrize(
    ("standing", "title", "body"),
    [
        (
            NOTHING,
            "Example Pharmacy: 0 open, 0 to document",
            "No alarm open. 18 points heard. Nothing new in 24 h. SEE",
        ),
        (
            replace(
                NOTHING,
                open=("A12", "A15"),
                undocumented=("A9",),
                new=("A15",),
                blind=("Freezer 1",),
                batteries=("Cooler 17",),
            ),
            "Example Pharmacy: 2 open, 1 to document",
            "Open: A12 A15. Blind: Freezer 1. Battery low: Cooler 17. New in 24 h: A15. To document: A9. SEE",
        ),
        (
            replace(
                NOTHING,
                open=[f"A{n}" for n in range(1000, 1012)],
                undocumented=[f"A{n}" for n in range(900, 940)],
                new=[f"A{n}" for n in range(1005, 1012)],
                blind=["HD Fridge 1", "HD Fridge 2", "Freezer 1"],
            ),
            "Daily: 12 open, 40 to document",
            "Open: A1000 A1001 A1002 A1003 A1004 and 7 more. Blind: HD Fridge 1, HD Fridge 2 and 1 more. SEE",
        ),
    ],
)
def test_it_counts_everything_and_names_what_fits(standing, title, body):
    said = text(standing)

    assert (said.title, said.body) == (title, body.replace("SEE", "See: hdmonitor alarms list"))
    assert len(said.title) <= 40
    assert len(said.body) <= 150


def test_it_fits_whatever_things_are_called():
    long = "Refrigerator for investigational drugs behind the second door"
    said = text(replace(NOTHING, site=long * 3, open=["A1"], blind=[long] * 9, batteries=[long] * 9))

    assert len(said.title) <= 40
    assert len(said.body) <= 150
    assert said.body.endswith("See: hdmonitor alarms list")


def test_it_tells_what_the_monitor_knows():
    start = datetime(2026, 3, 2, 8, tzinfo=UTC)
    monitor = watching(start, points=("hd-fridge-1.temperature", "ups.charge"))
    for minute in range(0, 180, 2):
        at = start + minute * timedelta(minutes=1)
        monitor.handle([Reading("hd-fridge-1.temperature", 9.5, at, at)], at)

    outcome = monitor.handle([], start + 3 * HOUR)

    (notice, _) = outcome.notices
    assert notice.title == "Example Pharmacy: 3 open, 0 to document"
    assert notice.body.startswith("Open: A")
    assert "Blind: UPS." in notice.body
    assert "New in 24 h: A" in notice.body
