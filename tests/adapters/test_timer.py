"""The timer, and what its library does when clocks change."""

import threading
from datetime import UTC, datetime, time
from queue import Empty, SimpleQueue
from zoneinfo import ZoneInfo

import pytest
from apscheduler.triggers.cron import CronTrigger
from servers import wait_until

from hdmonitor.adapters import timer
from hdmonitor.adapters.timer import Timer
from hdmonitor.inbox import Tick


def ended(error):
    raise AssertionError("the timer ended") from error


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    monkeypatch.setattr(timer, "BEAT_SECONDS", 0.05)


def test_it_ticks_until_it_is_left():
    ticks = SimpleQueue()
    with Timer(ticks.put, failed=ended):
        assert [ticks.get(timeout=10) for _ in range(3)] == [Tick(), Tick(), Tick()]
    while not ticks.empty():
        ticks.get()
    with pytest.raises(Empty):
        ticks.get(timeout=0.2)


def test_a_core_that_takes_nothing_does_not_keep_it_from_ending():
    full, taken = threading.Event(), threading.Event()

    def blocked(_):
        full.set()
        taken.wait(10)

    with Timer(blocked, failed=ended):
        full.wait(10)
    taken.set()


def test_whoever_ends_the_scheduler_behind_our_back_is_noticed():
    failures = []
    with Timer(lambda _: None, failed=failures.append) as running:
        wait_until(lambda: running._scheduler.running, 10)
        running._scheduler.shutdown(wait=False)
        wait_until(lambda: failures, 10)

    assert str(failures[0]) == "the timer has stopped"


def test_it_also_wakes_the_core_at_the_local_time_of_the_digest():
    jobs = Timer(
        lambda _: None, daily=time(6, 5), zone="America/New_York", failed=ended
    )._scheduler.get_jobs()

    assert [(str(job.trigger), str(job.trigger.timezone)) for job in jobs] == [
        ("interval[0:00:00.050000]", "UTC"),
        ("cron[hour='6', minute='5']", "America/New_York"),
    ]


def fires(at, day):
    """Return the UTC times at which a daily job in New York would run on a day and the next."""
    trigger = CronTrigger(hour=at.hour, minute=at.minute, timezone="America/New_York")
    moment = datetime(*day, tzinfo=ZoneInfo("America/New_York"))
    found, before = [], None
    while len(found) < 3:
        before = trigger.get_next_fire_time(before, before or moment)
        found.append(before.astimezone(UTC).strftime("%d %H:%M"))
    return found


def test_on_the_autumn_night_the_scheduler_would_run_a_job_twice():
    """Why a digest is a row that is due, and the scheduler only a bell."""
    assert fires(time(1, 30), (2026, 11, 1)) == ["01 05:30", "01 06:30", "02 06:30"]


def test_on_the_spring_night_it_would_run_a_job_at_another_hour():
    assert fires(time(2, 30), (2026, 3, 8)) == ["08 07:30", "09 06:30", "10 06:30"]
