"""Numbers for the quality of alarms, on hand-made days."""

from datetime import UTC, datetime, timedelta

import pytest

from hdmonitor.alerts.numbers import Answers, Frequent, as_json, numbers, shift_of
from hdmonitor.events import Alarm
from hdmonitor.model import Level, Priority

ZONE = "America/New_York"
START = datetime(2026, 3, 2, 5, tzinfo=UTC)  # midnight in New York
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def alarm(number, minutes, point="fridge", priority=Priority.HIGH, *, active=False):
    at = START + minutes * MINUTE
    return Alarm(f"A{number}", point, "659-3", "1", Level.ALARM, priority, at, at, "", active)


def counted(alarms, answered=None, days=1):
    return numbers(alarms, answered or {}, START, START + days * DAY, ZONE)


def test_alarms_are_counted_by_priority_and_day_from_the_start_up_to_the_end():
    alarms = [
        alarm(1, -1), alarm(2, 0), alarm(3, 5, priority=Priority.CRITICAL), alarm(4, 2879), alarm(5, 2880),
    ]  # fmt: skip

    found = counted(alarms, days=2)

    assert found.opened == {
        Priority.LOW: 0, Priority.MEDIUM: 0, Priority.HIGH: 2, Priority.CRITICAL: 1,
    }  # fmt: skip
    assert found.per_day[Priority.HIGH] == 1.0
    assert found.per_day[Priority.CRITICAL] == 0.5
    assert found.total == 3


def test_the_time_to_a_human_is_told_by_the_shift_in_which_the_alarm_opened():
    alarms = [alarm(1, 6 * 60 + 59), alarm(2, 7 * 60), alarm(3, 8 * 60), alarm(4, 14 * 60), alarm(5, 15 * 60)]
    alarms.append(alarm(6, 9 * 60, priority=Priority.LOW))  # nobody is called
    answered = {"A1": START + 7 * 60 * MINUTE, "A2": START + 430 * MINUTE, "A3": START + 500 * MINUTE}

    assert counted(alarms, answered).answers == {
        "day": Answers(3, 1, 900.0, 1200.0),
        "evening": Answers(1, 1, None, None),
        "night": Answers(1, 0, 60.0, 60.0),
    }


@pytest.mark.parametrize(
    ("hour", "shift"),
    [(0, "night"), (6, "night"), (7, "day"), (14, "day"), (15, "evening"), (22, "evening"), (23, "night")],
)
def test_a_shift_begins_with_its_local_hour(hour, shift):
    assert shift_of(START + timedelta(hours=hour), ZONE) == shift


def test_an_alarm_is_stale_that_has_stood_for_more_than_a_day():
    alarms = [alarm(1, -1, active=True), alarm(2, 0, active=True), alarm(3, -500), alarm(4, 3, active=True)]

    assert counted(alarms).stale == ("A1",)


def test_three_times_within_an_hour_is_chattering():
    chatters = [alarm(n, minutes, "door") for n, minutes in enumerate((0, 30, 60))]
    slow = [alarm(n, minutes, "fridge") for n, minutes in enumerate((0, 30, 61), 10)]

    assert counted([*chatters, *slow]).chattering == (Frequent("door", "659-3", 3),)


def test_more_than_ten_in_ten_minutes_is_a_flood():
    ten = [alarm(n, 1, f"p{n}") for n in range(10)]
    eleven = [*ten, alarm(99, 9)]

    assert counted(ten).flood_share == 0
    assert counted(eleven).flood_share == 1 / 144
    assert counted([*ten, alarm(99, 10)]).flood_share == 0


def test_the_ten_most_frequent_come_first():
    alarms = [alarm(n, n, f"p{n % 12:02}") for n in range(60)] + [alarm(99, 99, "p11")]

    top = counted(alarms).top

    assert len(top) == 10
    assert top[:2] == (Frequent("p11", "659-3", 6), Frequent("p00", "659-3", 5))


def test_nothing_is_no_number():
    found = counted([])

    assert (found.total, found.stale, found.chattering, found.flood_share, found.top) == (0, (), (), 0, ())
    assert as_json(found)["answers"]["day"] == {
        "alarms": 0, "unanswered": 0, "median_s": None, "longest_s": None,
    }  # fmt: skip
